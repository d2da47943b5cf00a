/**
 * Gives memory back while the screens are open. V8 lets the heap of a program that makes little garbage grow for hours
 * before it looks, and keeps what it has: 390 MB after 26 minutes, of which 37 were in use and 140 were left by one
 * collection (`experiments/bench/soak.ts`). A training on the same machine has better uses for them.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A collection takes some 100 ms. */
const EVERY_MS = 60_000;
/** Of V8's kinds of collection the one that gives pages back to the system. */
const THOROUGH = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;

/** Collects once a minute until what it gives back is called. */
export function collectGarbage(): () => void {
  // The function that Node shows with the flag of its command line; a new context has it as soon as the flag is set.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return () => {};
  const timer = setInterval(() => collect(THOROUGH), EVERY_MS).unref();
  return () => clearInterval(timer);
}
