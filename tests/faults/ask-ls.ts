/**
 * What a user sees who asks `bleubird ls` again and again. It is the command itself, but in this process: one of its own
 * for each look would keep the machine so busy that the looks came late.
 */
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Output } from '../../src/cli/output.ts';
import { buildProgram } from '../../src/cli/program.ts';
import type { World } from '../../src/cli/world.ts';
import { AppError } from '../../src/errors.ts';

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 10_000;

/** A state and when it was seen. */
export interface Seen {
  /** `damaged` where the answer was that the store has to be repaired, `none` where the run was not listed. */
  readonly state: string;
  /** Since the moment that the clock was started at, milliseconds. */
  readonly afterMs: number;
}

/**
 * Asks until the run is told to have ended, or for 10 s.
 *
 * @param sinceMs  what `performance.now()` was when the run lost its process
 */
export async function askUntilEnded(directory: string, run: string, sinceMs: number): Promise<Seen> {
  for (;;) {
    const state = await askLs(directory, run);
    const afterMs = performance.now() - sinceMs;
    if ((state !== 'running' && state !== 'pending') || afterMs > PATIENCE_MS) return { state, afterMs };
    await sleep(LOOK_EVERY_MS);
  }
}

/** Gives back the state that `bleubird ls --json` tells. @throws whatever it fails with, but for a store to be repaired */
export async function askLs(directory: string, run: string): Promise<string> {
  const said = new PassThrough();
  let text = '';
  said.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  // Neither is a terminal; of a stream for writing the command uses no more than this has.
  const stdout = said as unknown as NodeJS.WriteStream;
  const stderr = new PassThrough().resume() as unknown as NodeJS.WriteStream;
  const env = {};
  const world: World = {
    ...{ env, stdout, cwd: directory, stdin: process.stdin, output: new Output({ stdout, stderr, env }) },
    ...{ now: Date.now, onInterrupt: () => () => {}, onSaveWish: () => () => {} },
  };
  try {
    await buildProgram(world).parseAsync(['ls', '--json', '--store', directory], { from: 'user' });
  } catch (error) {
    if (error instanceof AppError && /store repair/.test(error.hint ?? '')) return 'damaged';
    throw error;
  }
  await new Promise((resolve) => said.once('end', resolve).end());
  const runs = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  return runs.find(({ id }) => id === run)?.state ?? 'none';
}
