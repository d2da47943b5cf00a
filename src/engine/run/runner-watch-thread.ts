/** The thread of `runner-watch.ts`. A runner that is merely slow, or stopped, is still the parent: its trainer lives on. */
import { workerData } from 'node:worker_threads';
import type { WatchOrder } from './runner-watch.ts';

const { runnerPid, graceMs, lookEveryMs, end } = workerData as WatchOrder;

const timer = setInterval(() => {
  if (process.ppid === runnerPid) return; // an orphan gets another parent at once
  clearInterval(timer);
  Atomics.store(new BigInt64Array(end), 0, process.hrtime.bigint() + BigInt(graceMs) * 1_000_000n);
  // Not `exit`: that waits for the main thread, which may be in a kernel.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs);
}, lookEveryMs);
