/** How late timers ring in this process: what a busy machine adds to every time that the campaign measures. */
const EVERY_MS = 20;

/** Starts to measure. @returns a function that gives the longest delay so far, milliseconds; the timer holds no process */
export function measureLateness(): () => number {
  let dueMs = performance.now() + EVERY_MS;
  let latestMs = 0;
  setInterval(() => {
    const nowMs = performance.now();
    latestMs = Math.max(latestMs, nowMs - dueMs);
    dueMs = nowMs + EVERY_MS;
  }, EVERY_MS).unref();
  return () => latestMs;
}
