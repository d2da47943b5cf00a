/** Whose a run is: of the runner that made it or took it up last, and of nobody else's who takes himself for that still. */
import type { Database } from 'better-sqlite3';
import { StoreError } from '../errors.ts';
import type { RunnerIdentity } from './rows.ts';

/** The error of a runner whose run another has taken up; nothing of its own is wanted any more. */
export class LostRunError extends StoreError {}

/**
 * Gives back a function that throws unless the run is there and is `runner`'s: a runner that was taken for dead, since it
 * slept for long or could not be seen, may find that another has taken the run up: then it throws LostRunError.
 *
 * @param runner  null for a run that belongs to nobody in particular
 * @param path    of the database file, for messages
 */
export function prepareOwnership(
  database: Database,
  run: { readonly id: string; readonly number: number },
  runner: RunnerIdentity | null,
  path: string,
): () => void {
  const find = database.prepare(FIND);
  return () => {
    const found = find.get({ ...(runner ?? NOBODY), number: run.number });
    if (found === undefined) throw goneRun(run.id, path);
    const { isTheirs, hostname } = found as Found;
    if (runner !== null && isTheirs === 0) {
      throw new LostRunError(`Run ${run.id} was taken up by another runner, on the host ${hostname}.`, {
        hint: 'It goes on there. This one seemed dead: it gave no sign of life for long, or could not be seen from there.',
      });
    }
  };
}

/** Says whether the run is this runner's, or nobody's for null. */
export function isRunOf(database: Database, number: number, runner: RunnerIdentity | null): boolean {
  const found = database.prepare(FIND).get({ ...(runner ?? NOBODY), number });
  return found !== undefined && (found as Found).isTheirs === 1;
}

interface Found {
  readonly isTheirs: number;
  readonly hostname: string | null;
}

const FIND = `
  SELECT runner_pid IS @pid AND runner_process_start IS @processStart AND runner_boot_id IS @bootId
    AND runner_pid_namespace IS @pidNamespace AND runner_hostname IS @hostname AS isTheirs, runner_hostname AS hostname
  FROM run_details WHERE run = @number`;

const NOBODY: Record<keyof RunnerIdentity, null> = {
  pid: null,
  processStart: null,
  bootId: null,
  pidNamespace: null,
  hostname: null,
};

/** The error for a run whose rows are gone. */
export function goneRun(id: string, path: string): StoreError {
  return new StoreError(`Run ${id} is no longer in the store ${path}.`, {
    hint: 'Was it deleted while it was running?',
  });
}
