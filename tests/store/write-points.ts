/**
 * Run as a process of its own: writes metric events into the store argv[2] under the id argv[3], argv[4] points each, until
 * argv[5] events are written (0: without end), and prints the number of each event once the store has taken it.
 */
import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/open-store.ts';
import { metrics, newRun } from './run-events.ts';

const [directory = '', id = '', points = '1', events = '0'] = process.argv.slice(2);
const store = openStore(directory);
const writer = store.createRun(newRun({ id }));
for (let seq = 1; events === '0' || seq <= Number(events); seq++) {
  const values = Object.fromEntries(Array.from({ length: Number(points) }, (_, index) => [`metric-${index}`, seq]));
  writer.record({ v: 1, seq, time: Date.now(), event: metrics(seq, values) });
  writeSync(1, `${seq}\n`);
}
store.close();
