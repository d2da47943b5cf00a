/** The runner of the soak, a process of its own: `soak-runner.ts STORE RUN`. It tells its run as a detached runner does. */
import { fileURLToPath } from 'node:url';
import { Narrator } from '../../src/cli/headless/narrator.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { openStore } from '../../src/store/open-store.ts';
import { scripted } from '../../tests/runner/scripted.ts';

const [directory = '', runId = ''] = process.argv.slice(2);
const narrator = new Narrator(100, Date.now);
const stop = new AbortController();
process.on('SIGINT', () => stop.abort());
const store = openStore(directory);
await runExperiment({
  ...scripted('soak'),
  store,
  runId,
  stop: stop.signal,
  trainerPath: fileURLToPath(new URL('soak-trainer.ts', import.meta.url)),
  onEvent: ({ event }) => {
    for (const { text } of narrator.linesFor(event)) process.stdout.write(`${text}\n`);
  },
});
store.close();
