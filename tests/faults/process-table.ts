/** What the system's table of processes says of one that the campaign started. */
import { readFileSync } from 'node:fs';

/** Gives back the text of a file of /proc, empty for a process that is gone, or another user's. */
export function readProcess(pid: number, file: 'cmdline' | 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/**
 * Says whether a process has ended without its parent having collected it. An orphan is left to the system, which may take
 * its time: only parents that are ours count.
 */
export function isOurZombie(pid: number, ours: readonly number[]): boolean {
  const [, state, parent] = /\) (\w) (\d+)/.exec(readProcess(pid, 'stat')) ?? [];
  return state === 'Z' && [...ours, process.pid].includes(Number(parent));
}
