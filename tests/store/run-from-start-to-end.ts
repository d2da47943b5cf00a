/** Run as a process of its own: `run-from-start-to-end.ts FOLDER` makes a run, records an event, deletes it, and says each on stderr. */
import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/open-store.ts';
import { completed, envelopes, metrics, newRun } from './run-events.ts';

const store = openStore(process.argv[2] ?? '');
const say = (line: string) => writeSync(2, `${line}\n`);
say('creates');
const writer = store.createRun(newRun({ id: 'r' }));
say('created');
writer.record(envelopes()(metrics(1, { loss: 1 })));
say('recorded');
writer.finish(completed);
say('deletes');
store.deleteRun('r');
say('deleted');
