/**
 * Shows runs as they are where their store does not say so: when it cannot be written, nobody can record that a runner is
 * dead, or that it waits for room on the disk.
 */
import { StoreError } from '../errors.ts';
import { interruption } from '../store/mark-run.ts';
import type { RunRecord, RunSummary } from '../store/rows.ts';
import { isUnfinished } from '../store/run-state.ts';
import type { Store } from '../store/store.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { withPauses } from './paused-runs.ts';
import { deadRuns } from './reconcile-runs.ts';

/** What a dead run is shown with. */
type End = Pick<RunSummary, 'state' | 'endedAt' | 'phase' | 'etaSeconds'> &
  Pick<RunRecord, 'endReason' | 'endHint' | 'exitCode' | 'signal' | 'stderrTail'>;

/**
 * Gives back the runs as they are: those of dead runners as their journal says that they ended, otherwise interrupted;
 * those that wait for room with the phase `paused-for-disk-space`.
 *
 * @throws {StoreError} when the store cannot be read
 */
export function withTrueStates<Run extends RunSummary>(runs: readonly Run[], store: Store, now: number): Run[] {
  const ends = new Map(deadRuns(store, now).map((run) => [run.id, endOf(store, run)]));
  const shown = runs.map((run) => {
    const end = isUnfinished(run.state) ? ends.get(run.id) : undefined;
    return end === undefined ? run : withEnd(run, end);
  });
  return withPauses(shown, store.directory, now);
}

function endOf(store: Store, { id, heartbeatAt, createdAt }: RunRecord): End {
  const common = { phase: null, etaSeconds: null };
  const end = endInJournal(store, id);
  if (end === null) {
    const { reason: endReason, hint: endHint } = interruption(id);
    const none = { exitCode: null, signal: null, stderrTail: null };
    return { ...common, ...none, state: 'interrupted', endedAt: heartbeatAt ?? createdAt, endReason, endHint };
  }
  const { at: endedAt, reason: endReason, hint: endHint, ...rest } = end;
  return { ...common, ...rest, endedAt, endReason, endHint };
}

function endInJournal(store: Store, id: string): ReturnType<Store['endInJournal']> {
  try {
    return store.endInJournal(id, parseEnvelope);
  } catch (error) {
    if (error instanceof StoreError) return null; // a journal that cannot be read tells of no end
    throw error;
  }
}

/** A summary gets no more fields than it has. */
function withEnd<Run extends RunSummary>(run: Run, { state, endedAt, phase, etaSeconds, ...details }: End): Run {
  return { ...run, state, endedAt, phase, etaSeconds, ...('endReason' in run ? details : {}) };
}
