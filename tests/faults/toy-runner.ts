/**
 * Run as a process of its own: `toy-runner.ts STORE RUN [resume]`, a runner whose trainer is the toy. For each metrics
 * event that it is told of, and so is in the store, it says the step on stdout before anything else happens.
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Envelope } from '../../src/engine/run/protocol.ts';
import { resumeRun } from '../../src/runner/resume-run.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { openStore } from '../../src/store/open-store.ts';
import { scripted } from '../runner/scripted.ts';

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
      for (const { metric, step } of event.points) if (metric === 'loss') say(`ack ${step}`);
    if (event.type === 'ready') say(`trainer ${event.pid}`);
  },
};
const outcome =
  how === 'resume'
    ? await resumeRun({ ...options, run: runId })
    : await runExperiment({ ...options, ...scripted('toy'), ...options, runId });
say(`end ${outcome.state}`);
store.close();

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
