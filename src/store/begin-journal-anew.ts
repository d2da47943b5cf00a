/** Begins the journal of a run that is taken up again, where that was lost or is not its own. */
import type { Experiment } from '../engine/config/experiment.ts';
import { whoseJournal } from './foreign-journal.ts';
import { type Journal, journalPath } from './journal.ts';
import type { RunRecord } from './rows.ts';
import { setJournalAside } from './set-journal-aside.ts';

/**
 * Writes the making of the run as the store knows it, unless the journal begins with that: without it nothing that follows
 * could be used to make the run anew. What came in between, only the store has.
 *
 * @returns what was done, for the diary; null for nothing @throws the file system's error
 */
export function beginJournalAnew(journal: Journal, run: RunRecord): string | null {
  const path = journalPath(run.directory);
  const whose = whoseJournal(path, run.createdAt);
  if (whose === 'its own') return null;
  const aside = whose === 'of another run' ? setJournalAside(path) : null;
  const { id, runner, versions, gitCommit, gitDirty, lockfileHash, resumedFrom, parentRun } = run;
  const experiment = run.experiment as Experiment; // as which it was stored
  const origin = { ...(resumedFrom === null ? {} : { resumedFrom }), ...(parentRun === null ? {} : { parentRun }) };
  const facts = { id, experiment, runner, versions, gitCommit, gitDirty, lockfileHash, ...origin };
  journal.append({ type: 'created', at: run.createdAt, run: facts });
  const what = aside === null ? 'it had no journal' : `its journal was that of another run, and is now ${aside}`;
  return `${what}: a new one begins here, and what was before, only the store has`;
}
