/**
 * Sees to it that no trainer outlives its runner for long. The main thread is in a kernel for seconds at a time and hears of
 * nothing there; so a thread of its own looks whether the runner is still this process's parent, and ends the process a
 * moment after it is not. That may be at any point: what is saved by then stands, what is half saved has no checkpoint's name.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * How long a trainer without a runner has to save. Of the 2 s that are promised the rest is for noticing, and for the system to
 * take the memory back: of a full-size model 2 GB and more, a tenth of a second where nothing else runs.
 */
const GRACE_MS = 1_500;
const LOOK_EVERY_MS = 50;

/** What the watching thread is given. */
export interface WatchOrder {
  readonly runnerPid: number;
  readonly graceMs: number;
  readonly lookEveryMs: number;
  /** One BigInt64: when the process ends, in nanoseconds of the system's monotonic clock; 0 while the runner lives. */
  readonly end: SharedArrayBuffer;
}

/**
 * Starts to watch the runner, the parent of this process. The thread keeps no process alive.
 * @returns a function that tells how many milliseconds are left: Infinity while the runner lives
 */
export function watchRunner(runnerPid: number): () => number {
  const end = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const workerData: WatchOrder = { runnerPid, graceMs: GRACE_MS, lookEveryMs: LOOK_EVERY_MS, end };
  const thread = fileURLToPath(new URL(`runner-watch-thread${extname(import.meta.url)}`, import.meta.url));
  new Worker(thread, { workerData, execArgv: [] }).unref();
  const endNs = new BigInt64Array(end);
  return () => {
    const at = Atomics.load(endNs, 0);
    return at === 0n ? Number.POSITIVE_INFINITY : Number(at - process.hrtime.bigint()) / 1e6;
  };
}
