/**
 * Run as a process of its own: `toy-runner.ts STORE RUN [resume]`, a runner whose trainer is the toy. For each metrics
 * event that it is told of, and so is in the store, it says step and time on stdout before anything else happens; after
 * each flush of its journal, how much of it is on the disk now.
 */
import fs, { type fdatasync, fstatSync, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Envelope } from '../../src/engine/run/protocol.ts';
import { resumeRun } from '../../src/runner/resume-run.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { openStore } from '../../src/store/open-store.ts';
import { scripted } from '../runner/scripted.ts';

tellOfFlushes();
const [directory = '', runId = '', how] = process.argv.slice(2);
const stop = new AbortController();
process.on('SIGINT', () => stop.abort());
const store = openStore(directory);
const options = {
  store,
  stop: stop.signal,
  trainerPath: fileURLToPath(new URL('toy-trainer.ts', import.meta.url)),
  onEvent: ({ event }: Envelope) => {
    if (event.type === 'metrics')
      for (const { metric, step } of event.points) if (metric === 'loss') say(`ack ${step} ${Date.now()}`);
    if (event.type === 'ready') say(`trainer ${event.pid}`);
  },
};
const outcome =
  how === 'resume'
    ? await resumeRun({ ...options, run: runId })
    : await runExperiment({ ...options, ...scripted('toy'), ...options, runId });
say(`end ${outcome.state}`);
store.close();

/** Only the journal is flushed this way in a runner. What was written when a flush began is on the disk when it is done. */
function tellOfFlushes(): void {
  const { fdatasync: flush, fdatasyncSync: flushNow } = fs;
  const reportingFlush = (file: number, done: Parameters<typeof fdatasync>[1]) => {
    const { size } = fstatSync(file);
    flush(file, (error) => {
      if (error === null) say(`flushed ${size}`);
      done(error);
    });
  };
  fs.fdatasync = Object.assign(reportingFlush, { __promisify__: flush.__promisify__ });
  fs.fdatasyncSync = (file) => {
    const { size } = fstatSync(file);
    flushNow(file);
    say(`flushed ${size}`);
  };
  syncBuiltinESMExports();
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
