/** What a command sees of the world outside, handed to it so that nothing reads globals on the side. */
import type { Output } from './output.ts';

export interface World {
  readonly env: NodeJS.ProcessEnv;
  /** Working directory; relative paths of arguments start here. */
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly output: Output;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls the listener for Ctrl-C and its like instead of ending the process. @returns what undoes it */
  onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Calls the listener for SIGUSR2, which asks a runner for a checkpoint. @returns what undoes it */
  onSaveWish(listener: () => void): () => void;
}

/** Tells whether a full-screen UI can be shown at all. */
export function hasTerminal({ stdin, stdout, env }: World): boolean {
  return Boolean(stdin.isTTY && stdout.isTTY) && env.TERM !== 'dumb';
}

/** Tells whether a person sits at the terminal, so that a run opens the UI without being asked. */
export function isInteractive(world: World): boolean {
  return hasTerminal(world) && !isContinuousIntegration(world.env);
}

function isContinuousIntegration({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && CI !== '' && CI !== '0' && CI !== 'false';
}
