/** Runs the command that this process was started for: on its streams, heeding its signals, ending it with an exit code. */
import { CommanderError } from 'commander';
import { ConfigError } from '../errors.ts';
import { Output } from './output.ts';
import { buildProgram } from './program.ts';
import { reportError } from './report-error.ts';
import type { World } from './world.ts';

/** Runs the command of this process and ends the process with its exit code. */
export async function runProgram(): Promise<void> {
  const { env, stdin, stdout, stderr } = process;
  const output = new Output({ stdout, stderr, env });
  output.onStdoutClosed((failure) => {
    if (failure !== null) output.note(`error: the output cannot be written: ${failure.message}`);
    process.exit(failure === null ? 0 : 1);
  });
  const world: World = { env, cwd: process.cwd(), stdin, stdout, output, now: Date.now, onInterrupt, onSaveWish };
  onSaveWish(() => {}); // one that comes when no run takes it, between its end and ours, must not kill us
  const exitCode = await run(process.argv.slice(2), world);
  await output.flush();
  // Backends keep threads that would hold the process open.
  process.exit(exitCode);
}

/**
 * A polite kill (SIGTERM) and a closed terminal (SIGHUP) count as Ctrl-C: a run saves what it has. Where no stream is a
 * terminal, as in the background or under nohup, a terminal that closes is none of ours, and SIGHUP changes nothing.
 * (Whether SIGHUP was ignored when the program began cannot be asked: Node resets what nohup sets before our code runs.)
 */
function onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void {
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  const onHangUp = hasTerminal ? listener : () => {};
  const listeners = [
    ['SIGINT', listener],
    ['SIGTERM', listener],
    ['SIGHUP', onHangUp],
  ] as const;
  for (const [signal, heard] of listeners) process.on(signal, heard);
  return () => {
    for (const [signal, heard] of listeners) process.off(signal, heard);
  };
}

function onSaveWish(listener: () => void): () => void {
  process.on('SIGUSR2', listener);
  return () => void process.off('SIGUSR2', listener);
}

async function run(args: readonly string[], world: World): Promise<number> {
  try {
    await buildProgram(world).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said its words by now: help, the version, or what is wrong with the arguments.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : new ConfigError('').exitCode;
    return reportError(error, world.output);
  }
}
