/** A run of another process told line by line from the store, until it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type AppErrorCode, CancelledError, EXIT_CODES, RunFailedError, StoreError } from '../../errors.ts';
import { PAUSED_PHASE } from '../../runner/paused-runs.ts';
import { reconcileRuns } from '../../runner/reconcile-runs.ts';
import { withTrueStates } from '../../runner/true-states.ts';
import type { RunRecord } from '../../store/rows.ts';
import { isUnfinished } from '../../store/run-state.ts';
import type { Store } from '../../store/store.ts';
import { beforeAndAfter } from '../../ui/state/comparability.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { formatDuration } from '../../ui/text/format.ts';
import { beforeAfterLines } from '../before-after.ts';
import { withStore } from '../store-option.ts';
import { loss, MISSING, percent } from '../text.ts';
import type { World } from '../world.ts';

const INTERVAL_MS = 500;
/** Between two lines about the steps. */
const STEPS_MS = 5_000;
/** Lines of the diary that are caught up with at most. */
const CATCH_UP = 1_000;

/**
 * Tells of the run until it ends.
 *
 * @throws {AppError} that tells why it did not complete, with the exit code that the run itself had
 */
export async function followRun(id: string, storeFolder: string | undefined, world: World): Promise<void> {
  await withStore(world, storeFolder, async (store) => {
    const teller = new Teller(store, id, world);
    for (;;) {
      reconcile(store);
      const found = store.findRun(id);
      const [run = found] = withTrueStates([found], store, world.now());
      teller.tell(run);
      if (!isUnfinished(run.state)) return teller.end(run);
      await sleep(INTERVAL_MS);
    }
  });
}

/** What cannot be recorded is shown all the same. */
function reconcile(store: Store): void {
  try {
    reconcileRuns(store);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

class Teller {
  readonly #store: Store;
  readonly #id: string;
  readonly #world: World;
  #lastSeq = 0;
  #toldStep = -1;
  #toldAt = Number.NEGATIVE_INFINITY;
  #toldPause = false;

  constructor(store: Store, id: string, world: World) {
    this.#store = store;
    this.#id = id;
    this.#world = world;
  }

  tell(run: RunRecord): void {
    const { output } = this.#world;
    for (const { seq, type, text } of this.#store.events(this.#id, CATCH_UP)) {
      if (seq <= this.#lastSeq) continue;
      this.#lastSeq = seq;
      output.line(`${type.padEnd(10)}  ${visibleText(text)}`);
    }
    const isPaused = run.phase === PAUSED_PHASE;
    if (isPaused && !this.#toldPause)
      output.line(`${'paused'.padEnd(10)}  the disk is full; the run goes on when there is room`);
    this.#toldPause = isPaused;
    if (run.step === this.#toldStep || performance.now() - this.#toldAt < STEPS_MS) return;
    this.#toldStep = run.step;
    this.#toldAt = performance.now();
    if (run.totalSteps !== null) output.line(`${'step'.padEnd(10)}  ${stepsText(run)}`);
  }

  end(run: RunRecord): void {
    const { output } = this.#world;
    const { before, after } = beforeAndAfter(this.#store.evaluations(run.id));
    const table = beforeAfterLines(before, after, output);
    if (table.length > 0) output.line();
    for (const line of table) output.line(line);
    const error = errorOf(run);
    if (error !== null) throw error;
  }
}

function stepsText({ step, totalSteps, loss: value, etaSeconds }: RunRecord): string {
  const done = `${step}/${totalSteps ?? '?'}${totalSteps === null ? '' : `, ${percent(step, totalSteps)}`}`;
  const rest = etaSeconds === null ? '' : `, ${formatDuration(etaSeconds)} left`;
  return `${done}, loss ${value === null ? MISSING : loss(value)}${rest}`;
}

/** The error that the run's own command ended with, as far as the store tells. */
function errorOf({ id, state, endReason, endHint, exitCode, signal }: RunRecord): AppError | null {
  if (state === 'completed') return null;
  const message = endReason ?? `Run ${id} is ${state}.`;
  const options = { hint: endHint ?? undefined };
  if (state === 'stopped') return new CancelledError(message, options);
  const codes = Object.keys(EXIT_CODES) as AppErrorCode[];
  const code = signal === null ? codes.find((each) => EXIT_CODES[each] === exitCode) : undefined;
  return code === undefined ? new RunFailedError(message, options) : new AppError(code, message, options);
}
