/**
 * How long a run is made anew from its journal, and how long that locks the store for other writers. Run it with Node 24:
 *   npx node experiments/bench/rebuild.ts [--points 1000000] [--rounds 3]
 * A second connection, in a thread of its own, tries to write every 2 ms all the while; its longest wait is the lock.
 */
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { PROTOCOL_VERSION } from '../../src/engine/run/protocol.ts';
import { metricTableOf } from '../../src/engine/run/wire.ts';
import { parseEnvelope } from '../../src/runner/parse-envelope.ts';
import { journalLine, journalPath } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import { newRun } from '../../tests/store/run-events.ts';

const METRICS = ['loss', 'learning_rate', 'grad_norm', 'epoch', 'samples_per_second'];
const STEPS_OF_A_LINE = 20;
const TRY_EVERY_MS = 2;

const { values } = parseArgs({
  options: { points: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
});
const say = (text: string) => process.stdout.write(`${text}\n`);

if (isMainThread) await measure();
else await write(workerData);

async function measure(): Promise<void> {
  say(`${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.versions.node}`);
  const folder = mkdtempSync(join(tmpdir(), 'bleubird-rebuild-'));
  const store = openStore(folder);
  try {
    store.createRun(newRun({ id: 'long' }));
    writeJournal(journalPath(store.runDirectory('long')), Number(values.points) / METRICS.length);
    store.markInterrupted('long');
    for (let round = 0; round < Number(values.rounds); round++) {
      const writer = new Worker(new URL(import.meta.url), { workerData: join(folder, 'bleubird.sqlite') });
      await once(writer, 'message'); // it writes
      const startMs = performance.now();
      store.rebuildRun('long', parseEnvelope);
      const tookMs = performance.now() - startMs;
      writer.postMessage('end');
      const [longestMs] = await once(writer, 'message');
      const points = METRICS.reduce((sum, metric) => sum + store.metricSeries('long', metric).length, 0);
      say(
        `${points.toLocaleString('en')} points anew in ${tookMs.toFixed(0)} ms; longest wait of another writer ${longestMs.toFixed(0)} ms`,
      );
    }
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeJournal(path: string, steps: number): void {
  for (let first = 1, seq = 1; first <= steps; first += STEPS_OF_A_LINE, seq++) {
    const those = Array.from({ length: Math.min(STEPS_OF_A_LINE, steps - first + 1) }, (_, index) => first + index);
    const table = metricTableOf(
      METRICS,
      those,
      those.flatMap((step) => METRICS.map((_, index) => step / (index + 1))),
    );
    appendFileSync(
      path,
      journalLine({ type: 'event', at: seq, envelope: { v: PROTOCOL_VERSION, seq, time: seq, event: table } }),
    );
  }
}

/** Writes into the store until it is told to end, then tells its longest wait. */
async function write(path: string): Promise<void> {
  const database = new Database(path, { timeout: 60_000 });
  database.exec('CREATE TABLE IF NOT EXISTS beats (time REAL)');
  const beat = database.prepare('INSERT INTO beats VALUES (?)');
  let isEnded = false;
  let longestMs = 0;
  parentPort?.once('message', () => {
    isEnded = true;
  });
  parentPort?.postMessage('writing');
  while (!isEnded) {
    const startMs = performance.now();
    beat.run(startMs);
    longestMs = Math.max(longestMs, performance.now() - startMs);
    await sleep(TRY_EVERY_MS);
  }
  database.close();
  parentPort?.postMessage(longestMs);
}
