/**
 * Run as a process of its own, with failing-disk.c before it: does what the scene argv[2] asks for in the folder argv[3] and
 * prints what the writer was told of failures, a line each.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepInJournal } from '../../src/engine/run/keep-in-journal.ts';
import { journalPath } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import { completed, envelopes, metrics, newRun } from './run-events.ts';

const [, , scene = '', folder = ''] = process.argv;
const { BLEUBIRD_FLUSH_FAULT: flushFault = '', BLEUBIRD_WRITE_FAULT: writeFault = '' } = process.env;
const store = openStore(folder);
const writer = store.createRun(newRun({ id: 'r' }));
const number = envelopes();
const event = (step: number) => number(metrics(step, { loss: step }));
const SURELY_FLUSHED_MS = 250;

const scenes: Record<string, () => Promise<void>> = {
  'a flush fails once': async () => {
    writer.record(event(1));
    await sleep(SURELY_FLUSHED_MS);
    writeFileSync(flushFault, '');
    writer.record(event(2));
    await sleep(SURELY_FLUSHED_MS);
    rmSync(flushFault);
    writer.record(event(3));
    writer.finish(completed);
  },
  'flushes fail for a while': async () => {
    writeFileSync(flushFault, '');
    writer.record(event(1));
    await sleep(SURELY_FLUSHED_MS);
    const second = event(2);
    attempt(() => writer.record(second));
    attempt(() => writer.finish(completed));
    rmSync(flushFault);
    writer.record(second);
    writer.finish(completed);
  },
  'the last flush fails': async () => {
    writer.record(event(1));
    writeFileSync(flushFault, '');
    attempt(() => writer.finish(completed));
    rmSync(flushFault);
    writer.finish(completed);
  },
  'half a line is written': async () => {
    writer.record(event(1));
    const second = event(2);
    writeFileSync(writeFault, '');
    attempt(() => writer.record(second));
    rmSync(writeFault);
    writer.record(second);
    writer.finish(completed);
  },
  'a trainer without a runner': async () => {
    writer.record(event(1));
    store.close();
    const keep = keepInJournal({ path: journalPath(writer.directory), lastSeq: 0 }, Date.now, tell);
    writeFileSync(flushFault, '');
    keep([event(2), event(3)]);
    rmSync(flushFault);
    keep([event(4)]);
    writeFileSync(writeFault, '');
    keep([event(5), event(6)]);
    rmSync(writeFault);
    keep([event(7)]);
  },
};

await scenes[scene]?.();
if (scene !== 'a trainer without a runner') store.close();

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    tell(error);
  }
}

function tell(error: unknown): void {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  process.stdout.write(`${cause instanceof Error && 'code' in cause ? cause.code : String(cause)}\n`);
}
