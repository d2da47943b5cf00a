/**
 * Shows runs that wait for room on a full disk. Their runners cannot write that into the store: what tells is that a run
 * goes on without a sign of life, and that the disk has no room.
 */
import { statfsSync } from 'node:fs';
import type { RunSummary } from '../store/rows.ts';

/** Runners beat every second. */
const SILENCE_MS = 3_000;
/** Less than a store needs for its next page and log. */
const NO_ROOM_BYTES = 1 << 20;

/** The phase of a run that waits, as a trainer names it whose checkpoint has no room. */
export const PAUSED_PHASE = 'paused-for-disk-space';

/** Gives back the runs as they are, those that wait with the phase `paused-for-disk-space`. `directory` is the store's. */
export function withPauses<Run extends RunSummary>(runs: readonly Run[], directory: string, now: number): Run[] {
  const isSilent = ({ state, heartbeatAt, createdAt }: RunSummary) =>
    state === 'running' && now - (heartbeatAt ?? createdAt) > SILENCE_MS;
  if (!runs.some(isSilent) || !isFull(directory)) return [...runs];
  return runs.map((run) => (isSilent(run) ? { ...run, phase: PAUSED_PHASE, etaSeconds: null } : run));
}

function isFull(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < NO_ROOM_BYTES;
  } catch {
    return false; // a system that does not say
  }
}
