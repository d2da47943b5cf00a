/**
 * How many points a second come from a trainer over IPC into the store, and what that costs the trainer. Run it with Node 24:
 *   npx node experiments/bench/ipc.ts [--points 100] [--seconds 10] [--rounds 3] [--store FOLDER]
 * A trainer whose steps are pure work of about 2 ms each reports so many points a step through the real channel, supervisor,
 * runner, journal and store. The same steps without a point are the measure: of their time on the wall, of the trainer's
 * processor time. Rounds with and without alternate; the figures are medians.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { openStore } from '../../src/store/open-store.ts';
import { scripted } from '../../tests/runner/scripted.ts';

const STEP_MS = 2;

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    store: { type: 'string', default: tmpdir() },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const points = Number(values.points);
const steps = Math.round((Number(values.seconds) * 1000) / STEP_MS);

interface Figures {
  /** Of the trainer's loop. */
  readonly ms: number;
  /** Of that in reporting. */
  readonly reportingMs: number;
  readonly cpuMs: number;
  /** Until the last point was in the store. */
  readonly allMs: number;
}

say(`${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.versions.node}`);
const workBytes = calibrate();
const folder = mkdtempSync(join(values.store, 'bleubird-ipc-'));
try {
  const silent: Figures[] = [];
  const talking: Figures[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    silent.push(await measure(0));
    talking.push(await measure(points));
  }
  const [plain, loaded] = [silent, talking].map((all) => ({
    ms: median(all.map(({ ms }) => ms)),
    reportingMs: median(all.map(({ reportingMs }) => reportingMs)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
    allMs: median(all.map(({ allMs }) => allMs)),
  })) as [Figures, Figures];
  const perSecond = (ms: number) => Math.round((points * steps * 1000) / ms).toLocaleString('en');
  const slower = (name: 'ms' | 'cpuMs') => `${(100 * (loaded[name] / plain[name] - 1)).toFixed(2)} %`;
  say(`${(points * steps).toLocaleString('en')} points in ${steps} steps: ${perSecond(loaded.ms)} points/s offered`);
  say(
    `in the store ${(loaded.allMs - loaded.ms).toFixed(0)} ms after the last step: ${perSecond(loaded.allMs)} points/s`,
  );
  say(`the trainer spends ${((100 * loaded.reportingMs) / loaded.ms).toFixed(2)} % of its time in reporting`);
  say(`the trainer is slower by ${slower('ms')} of its time, by ${slower('cpuMs')} of its processor time`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(pointsPerStep: number): Promise<Figures> {
  const store = openStore(folder);
  let figures = { ms: 0, reportingMs: 0, cpuMs: 0 };
  let startedAt = 0;
  const { state, runId } = await runExperiment({
    ...scripted('ipc'),
    store,
    stop: new AbortController().signal,
    trainerPath: fileURLToPath(new URL('ipc-trainer.ts', import.meta.url)),
    env: {
      ...process.env,
      IPC_POINTS: String(pointsPerStep),
      IPC_STEPS: String(steps),
      IPC_WORK_BYTES: String(workBytes),
    },
    onEvent: ({ event }) => {
      if (event.type === 'plan') startedAt = performance.now();
      if (event.type === 'warning') figures = JSON.parse(event.message);
    },
  });
  const allMs = performance.now() - startedAt;
  if (state !== 'completed') throw new Error(`The run is ${state}: ${store.readRun(runId)?.endReason}`);
  const stored = pointsPerStep === 0 ? 0 : store.metricSeries(runId, 'metric_0').length;
  if (pointsPerStep > 0 && stored !== steps) throw new Error(`${stored} of ${steps} steps are in the store.`);
  store.close();
  return { ...figures, allMs };
}

/** Gives how many bytes are hashed in `STEP_MS`. */
function calibrate(): number {
  const sizeBytes = 1 << 20;
  const buffer = Buffer.alloc(sizeBytes, 'work');
  const rounds = 500;
  const startMs = performance.now();
  for (let round = 0; round < rounds; round++) hash('sha256', buffer);
  return Math.round((sizeBytes * rounds * STEP_MS) / (performance.now() - startMs));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
