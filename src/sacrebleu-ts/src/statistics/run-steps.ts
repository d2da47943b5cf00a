/** Runs work that comes in steps: at once, or giving way to the event loop. */

/** What of an AbortSignal is used, so that the package needs no platform's types. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
}

export interface StepOptions {
  /** Called with the share done, 0 to 1, now and then and at the end. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: StopSignal;
}

declare function setTimeout(callback: () => void, milliseconds: number): unknown;

/** How long work holds the event loop. */
const STEP_MS = 20;

/** Rows added in about as long as it takes to start a worker. */
const WORKER_ROWS = 5_000_000;

/** Whether so many rows to add are worth a worker thread. */
export function isWorthAWorker(rows: number): boolean {
  return rows >= WORKER_ROWS;
}

/** Does all steps now. */
export function runToEnd<Result>(steps: Generator<number, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Does the steps in turns of some 20 ms. @throws the signal's reason once it is aborted */
export async function runInSteps<Result>(
  steps: Generator<number, Result>,
  { onProgress = () => {}, signal }: StepOptions,
): Promise<Result> {
  let turnEnds = Date.now() + STEP_MS;
  for (;;) {
    if (signal?.aborted) throw signal.reason ?? new Error('The resampling was stopped.');
    const step = steps.next();
    if (step.done) {
      onProgress(1);
      return step.value;
    }
    if (Date.now() < turnEnds) continue;
    onProgress(step.value);
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    turnEnds = Date.now() + STEP_MS;
  }
}
