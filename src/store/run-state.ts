/** The states of a run, and what each allows. */

/**
 * pending: made, trainer not ready yet. running: the trainer works. stopped: a user ended it and it saved.
 * failed: the trainer died or could not go on. interrupted: its runner is gone without a word.
 */
export const RUN_STATES = ['pending', 'running', 'completed', 'stopped', 'failed', 'interrupted'] as const;

export type RunState = (typeof RUN_STATES)[number];

/** Says whether a run in this state goes on, or is about to. */
export function isUnfinished(state: RunState): boolean {
  return state === 'pending' || state === 'running';
}

/** Says whether a run in this state can be taken up again. */
export function isResumable(state: RunState): boolean {
  return state === 'interrupted' || state === 'failed' || state === 'stopped';
}
