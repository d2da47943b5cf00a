/**
 * How many points a second come from a trainer over IPC into the store, and what that costs the trainer. Run it with Node 24:
 *   npx node experiments/bench/ipc.ts [--points 100] [--seconds 10] [--rounds 3] [--store FOLDER]
 * A trainer whose steps are pure work of about 2 ms each reports so many points a step through the real channel, supervisor,
 * runner, journal and store. The same steps without a point are the measure: of their time on the wall, of the trainer's
 * processor time. A second process slows the first even so, by the caches and the clock they share: so there are also rounds
 * in which a silent trainer works beside a runner that stores as many points of its own. Rounds alternate; the figures are
 * medians.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { scripted } from '../../tests/runner/scripted.ts';
import { completed, envelopes, newRun } from '../../tests/store/run-events.ts';

const STEP_MS = 2;
/** A trainer sends what it has gathered this often. */
const STORE_EVERY_MS = 100;

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
  const beside: Figures[] = [];
  const talking: Figures[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    silent.push(await measure(0));
    beside.push(await measure(0, storePoints));
    talking.push(await measure(points));
  }
  const [plain, shared, loaded] = [silent, beside, talking].map((all) => ({
    ms: median(all.map(({ ms }) => ms)),
    reportingMs: median(all.map(({ reportingMs }) => reportingMs)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
    allMs: median(all.map(({ allMs }) => allMs)),
  })) as [Figures, Figures, Figures];
  const perSecond = (ms: number) => Math.round((points * steps * 1000) / ms).toLocaleString('en');
  const slower = (all: Figures, than: Figures) => {
    const [wall, processor] = (['ms', 'cpuMs'] as const).map((name) => 100 * (all[name] / than[name] - 1));
    return `${wall?.toFixed(2)} % of its time, ${processor?.toFixed(2)} % of its processor time`;
  };
  say(`${(points * steps).toLocaleString('en')} points in ${steps} steps: ${perSecond(loaded.ms)} points/s offered`);
  say(
    `in the store ${(loaded.allMs - loaded.ms).toFixed(0)} ms after the last step: ${perSecond(loaded.allMs)} points/s`,
  );
  say(`the trainer spends ${((100 * loaded.reportingMs) / loaded.ms).toFixed(2)} % of its time in reporting`);
  say(`the trainer is slower by ${slower(loaded, plain)}`);
  say(`the silent one beside a store that is written: by ${slower(shared, plain)}`);
  say(`so reporting itself costs ${slower(loaded, shared)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(pointsPerStep: number, meanwhile = (_store: Store) => () => {}): Promise<Figures> {
  const store = openStore(folder);
  const end = meanwhile(store);
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
  end();
  if (state !== 'completed') throw new Error(`The run is ${state}: ${store.readRun(runId)?.endReason}`);
  const stored = pointsPerStep === 0 ? 0 : store.metricSeries(runId, 'metric_0').length;
  if (pointsPerStep > 0 && stored !== steps) throw new Error(`${stored} of ${steps} steps are in the store.`);
  store.close();
  return { ...figures, allMs };
}

/** Stores points of its own, as many a second as a trainer that reports, until it is told to end. */
function storePoints(store: Store): () => void {
  const writer = store.createRun(newRun());
  const number = envelopes();
  const rows = Math.round(STORE_EVERY_MS / STEP_MS);
  let step = 0;
  const timer = setInterval(() => {
    const table = Array.from({ length: rows * points }, (_, index) => ({
      metric: `metric_${index % points}`,
      step: step + Math.floor(index / points),
      value: 1 / (index + 1),
    }));
    step += rows;
    writer.record(number({ type: 'metrics', points: table }));
  }, STORE_EVERY_MS);
  return () => {
    clearInterval(timer);
    writer.finish(completed);
  };
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
