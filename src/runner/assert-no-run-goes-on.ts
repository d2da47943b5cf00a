/** Keeps a store as it is while a run is written into it. The journals tell, since the store may not. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StoreError } from '../errors.ts';
import { journalPath } from '../store/journal.ts';
import { openStore } from '../store/open-store.ts';
import { summarizeJournal } from '../store/read-journal.ts';
import { recordedRuns } from '../store/recorded-runs.ts';
import type { RunnerIdentity } from '../store/rows.ts';
import { withStoreErrors } from '../store/sqlite-error.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { isAlive } from './process-identity.ts';
import { SILENCE_OF_ANOTHER_HOST_MS } from './silence.ts';

/**
 * @param now  milliseconds since 1970
 * @throws {StoreError} naming a run that is being written; on another host a run is, until it was silent for five minutes
 */
export function assertNoRunGoesOn(directory: string, now: number): void {
  const path = resolve(directory);
  for (const id of withStoreErrors(path, () => recordedRuns(join(path, 'runs')))) {
    const journal = journalPath(join(path, 'runs', id));
    const runner = writerOf(journal);
    if (runner === null) continue;
    const isRunnerAlive = isAlive(runner);
    if (isRunnerAlive === true) {
      throw new StoreError(`Run ${id} is being written by process ${runner.pid}: the store is left as it is.`, {
        hint: `bleubird stop ${id} ends it, saved.`,
      });
    }
    if (isRunnerAlive === null && now - lastSign(journal, path, id) < SILENCE_OF_ANOTHER_HOST_MS) {
      throw new StoreError(`Run ${id} is being written on the host ${runner.hostname}: the store is left as it is.`, {
        hint: `bleubird stop ${id} there ends it, saved; a run that was killed there counts as ended after five silent minutes.`,
      });
    }
  }
}

/** Gives back who has not ended a journal yet. One that cannot be read is no reason to leave the other runs as they are. */
function writerOf(path: string): RunnerIdentity | null {
  return orNull(() => {
    const { isEnded, runner } = withStoreErrors(path, () => summarizeJournal(path, parseEnvelope));
    return isEnded ? null : runner;
  });
}

/** Gives back when a run was last heard of, milliseconds since 1970: between its events only its heartbeat tells. */
function lastSign(journal: string, directory: string, id: string): number {
  const written = withStoreErrors(journal, () => statSync(journal).mtimeMs);
  const heartbeat = orNull(() => {
    const store = openStore(directory, { readOnly: true });
    try {
      return store.readRun(id)?.heartbeatAt ?? null;
    } finally {
      store.close();
    }
  });
  return Math.max(written, heartbeat ?? 0);
}

function orNull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}
