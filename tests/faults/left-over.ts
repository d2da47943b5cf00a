/** What a round must not leave behind: half made files under the store's folder, processes, and the dead nobody collects. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOurZombie, readProcess } from './process-table.ts';

/**
 * The names of what is not whole yet: checkpoints (`.unfinished-checkpoint-N`; `.replaced-checkpoint-N` while one takes
 * another's place), their weights (`.PID.unfinished`), copies of the store (`.unfinished-PID`), a store made anew
 * (`.rebuilding-PID`), texts (`.PID.tmp`), downloads (`.incomplete`).
 */
const HALF_MADE = /\.(unfinished-.+|replaced-.+|\d+\.unfinished|rebuilding-\d+.*|\d+\.tmp|incomplete)$/;
const PATIENCE_MS = 1_000;

/** Gives back the paths of half made files and folders, from `directory` on. */
export function halfMade(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => HALF_MADE.test(path));
}

export interface Stray {
  readonly pid: number;
  /** Its command line. */
  readonly words: string;
}

/**
 * Gives back the processes of a round that are still there after a moment: those whose arguments, environment
 * or working directory name its folder, and of those known by number also the dead whose living parent has not collected them.
 */
export async function strayProcesses(directory: string, known: readonly number[]): Promise<Stray[]> {
  for (const startMs = performance.now(); ; await sleep(20)) {
    const found = readdirSync('/proc')
      .flatMap((name) => (/^\d+$/.test(name) && Number(name) !== process.pid ? [Number(name)] : []))
      .flatMap((pid) => {
        const words = describe(pid, directory, known);
        return words === null ? [] : [{ pid, words }];
      });
    if (found.length === 0 || performance.now() - startMs > PATIENCE_MS) return found;
  }
}

function describe(pid: number, directory: string, known: readonly number[]): string | null {
  const command = readProcess(pid, 'cmdline');
  if ([command, readProcess(pid, 'environ'), workingDirectory(pid)].some((text) => text.includes(directory))) {
    return command;
  }
  return known.includes(pid) && isOurZombie(pid, known) ? 'a zombie' : null;
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ''; // gone, or another user's
  }
}
