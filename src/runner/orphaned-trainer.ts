/** Waits for a trainer that outlives its runner for a moment: it still saves, in the folder where the next one will. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import type { RunRecord } from '../store/rows.ts';
import { isAlive } from './process-identity.ts';

/** It ends within 2 s, unless the disk holds it fast. */
const PATIENCE_MS = 20_000;

/** @throws {StoreError} when it has not ended within the patience, milliseconds */
export async function waitForOrphanedTrainer(
  run: Pick<RunRecord, 'id' | 'runner' | 'trainerPid'>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (trainerLivesOn(run)) {
    if (performance.now() > end) {
      throw new StoreError(`The trainer of run ${run.id}, process ${run.trainerPid}, is still at work.`, {
        hint: `Wait until it has saved, or end it with: kill ${run.trainerPid}`,
      });
    }
    await sleep(100);
  }
}

/**
 * Says whether the trainer of a run lives although its runner is dead. Of a trainer only its process number is known; whether
 * that is still this run's, and not by now another's, its command line says (on Linux).
 */
export function trainerLivesOn({ id, runner, trainerPid }: Pick<RunRecord, 'id' | 'runner' | 'trainerPid'>): boolean {
  if (runner === null || trainerPid === null) return false;
  if (isAlive({ ...runner, pid: trainerPid, processStart: null }) !== true) return false;
  const words = commandLine(trainerPid);
  return words.some((word) => /trainer\.[jt]s$/.test(word)) && words.some((word) => basename(word) === id);
}

/** Gives the words that a process was started with. */
function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // gone in the meantime, or a system without /proc
  }
}
