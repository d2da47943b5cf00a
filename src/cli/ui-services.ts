/** What the UI asks of the world, answered by the store, the runner and the experiment files. */
import { resolve } from 'node:path';
import { checkValues } from '../engine/config/check-values.ts';
import { experimentFromValues } from '../engine/config/experiment-from-values.ts';
import { formatExperiment } from '../engine/config/format-experiment.ts';
import { StoreError } from '../errors.ts';
import { deleteRun } from '../runner/delete-run.ts';
import { lookUpModel } from '../runner/obtain-model.ts';
import { withPauses } from '../runner/paused-runs.ts';
import { reconcileRuns } from '../runner/reconcile-runs.ts';
import { requireResumable } from '../runner/resume-point.ts';
import { resumeDetachedRunner, startDetachedRunner } from '../runner/start-detached-runner.ts';
import { stopRun } from '../runner/stop-run.ts';
import { withTrueStates } from '../runner/true-states.ts';
import type { RunSummary } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { UiServices } from '../ui/services.ts';
import { listPresets } from './presets.ts';
import { writeNewFile } from './write-new-file.ts';

export interface UiServicesOptions {
  /** Gives the store, open for writing; asked each time, since a repair may put another in its place. */
  store(): Store;
  /** Relative paths of a form start here. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The program that a new run is started with. */
  readonly binPath: string;
  now(): number;
}

/** Looking whether runners live costs a few reads of /proc: once a second, also where timers come a little early. */
const RECONCILE_INTERVAL_MS = 900;
/** While the store cannot be written; then each try may read a whole journal in vain. */
const RETRY_INTERVAL_MS = 10_000;

/** Joins the UI to the world. */
export function createUiServices({ store, cwd, env, binPath, now }: UiServicesOptions): UiServices {
  let reconciledAt = Number.NEGATIVE_INFINITY;
  let canRecord = true;
  const reconcile = () => {
    const time = performance.now(); // the clock on the wall may be set back by hours
    if (time - reconciledAt < (canRecord ? RECONCILE_INTERVAL_MS : RETRY_INTERVAL_MS)) return;
    reconciledAt = time;
    try {
      reconcileRuns(store());
      canRecord = true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      canRecord = false; // what is shown is true all the same
    }
  };
  const asTheyAre = <Run extends RunSummary>(runs: readonly Run[]) =>
    canRecord ? withPauses(runs, store().directory, now()) : withTrueStates(runs, store(), now());
  return {
    listRuns() {
      reconcile();
      return asTheyAre(store().listRuns());
    },
    readRun(id) {
      reconcile();
      const run = store().readRun(id);
      return run === null ? null : (asTheyAre([run])[0] ?? null);
    },
    parameters: (id) => store().parameters(id),
    metricSeries: (id, metric, maxPoints) => store().metricSeries(id, metric, maxPoints),
    evaluations: (id) => store().evaluations(id),
    translations: (id) => store().translations(id),
    samples: (id, limit) => store().samples(id, limit),
    checkpoints: (id) => store().checkpoints(id),
    events: (id, limit) => store().events(id, limit),
    async testRuns(ids, signal) {
      const { testGain, testRuns } = await import('./significance.ts');
      const [first, ...others] = ids.map((id) => store().translations(id));
      if (first === undefined) return null;
      return others.length === 0 ? testGain(first, signal) : testRuns([first, ...others], signal);
    },
    presets: () => listPresets(cwd),
    checkExperiment: (values) => checkValues(values),
    writeExperiment(values, fileName, overwrites) {
      const path = resolve(cwd, /\.ya?ml$/.test(fileName) ? fileName : `${fileName}.yaml`);
      const text = formatExperiment(experimentFromValues(values, { directory: cwd }));
      return { path, isWritten: writeNewFile(path, text, overwrites) };
    },
    async startRun(values) {
      const experiment = experimentFromValues(values, { directory: cwd });
      // Looked up here too, so that a missing model is told by the form and leaves no failed run behind; the run itself warns.
      await lookUpModel(experiment.model, { store: store(), env, onWarning: () => {} });
      const { runId } = await startDetachedRunner({ experiment, storeDirectory: store().directory, binPath, env });
      return runId;
    },
    async resumeRun(id) {
      await requireResumable(store(), id);
      await resumeDetachedRunner({ runId: id, storeDirectory: store().directory, binPath, env });
    },
    async deleteRun(id) {
      await deleteRun(store(), id);
    },
    async stopRun(id) {
      await stopRun(store(), id);
    },
    now,
  };
}
