/**
 * Hands the program over to the Node that `npm ci` brings along, where the one it was started with is too old, as behind a
 * link in the PATH. Kept free of new syntax and other imports, so that an old Node can run it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const HANDED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Null where it is not there, as in an installed package. */
export function findOwnNode(): string | null {
  const path = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
  return existsSync(path) ? path : null;
}

/**
 * Runs a script with the same terminal; signals sent to this process reach it too.
 *
 * @returns its exit code, 128 and the signal's number where one has ended it, as a shell has it
 */
export function runWithNode(node: string, script: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [script, ...args], { stdio: 'inherit' });
    for (const signal of HANDED_ON) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
