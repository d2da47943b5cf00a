/** Turns what SQLite and the file system say into a StoreError that says what to do; the only place that knows their codes. */
import Database from 'better-sqlite3';
import { StoreError } from '../errors.ts';

const FULL: ReadonlySet<string> = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT']);
const ANOTHER_STORE = 'Choose a folder you can write to with --store DIR or BLEUBIRD_STORE.';

/**
 * Runs `work` and translates what it throws about the file `path`.
 * @throws {StoreError} for errors of SQLite and of the file system; anything else as it is
 */
export function withStoreErrors<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/** Gives back a StoreError for an error of SQLite or the file system, and any other value unchanged. */
export function toStoreError(error: unknown, path: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (!(error instanceof Database.SqliteError) && !('syscall' in error)) return error;
  const said = `${error.message} (${code})`;
  const { message, hint } = explain(code, path, said);
  return new StoreError(message, { hint, cause: error });
}

/** The damaged-file error, also used by the check at opening. `said` are SQLite's words. */
export function damagedStore(path: string, said: string, cause?: unknown): StoreError {
  return new StoreError(`The store file ${path} is damaged: SQLite says "${said}".`, {
    hint: 'Nothing was changed. `bleubird store repair` sets it aside and makes a new one of all that can be read and of the journals of the runs.',
    cause,
  });
}

/** The error for a store file that is gone or empty although there are runs, or a damaged one was set aside. */
export function lostStore(path: string, runs: number, setAside: string | null): StoreError {
  const traces = [
    ...(runs === 0 ? [] : [runs === 1 ? '1 run beside it has a journal' : `${runs} runs beside it have journals`]),
    ...(setAside === null ? [] : [`${setAside} was set aside`]),
  ];
  return new StoreError(`The store file ${path} is empty or gone, but ${traces.join(', and ')}.`, {
    hint: 'Nothing was changed. `bleubird store repair` makes it anew from what there is; or put back a copy of it. To begin an empty store, move that away.',
  });
}

/** Says whether something could not be written for want of room, as far as an error and its causes tell. */
export function isDiskFull(error: unknown): boolean {
  return codesOf(error).some((code) => FULL.has(code));
}

/** Says whether another program holds a lock for longer than was waited. */
export function isLocked(error: unknown): boolean {
  return codesOf(error).some((code) => /^SQLITE_(BUSY|LOCKED)/.test(code));
}

/** Of an error and its causes. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause) codes.push(String(cause.code));
  return codes;
}

/** Says whether an error is of what was read of a run, so that others can still be written: not of the database or its disk. */
export function isOfOneRun(error: unknown): boolean {
  if (isDiskFull(error)) return false;
  if (error instanceof Database.SqliteError) return /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(error.code);
  return error instanceof StoreError || (error instanceof Error && 'syscall' in error);
}

function explain(code: string, path: string, said: string): { message: string; hint: string } {
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    const { message, hint = '' } = damagedStore(path, said);
    return { message, hint };
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return {
      message: `The store ${path} stays locked by another program: ${said}.`,
      hint: 'Close programs that hold it open for writing, such as an sqlite3 shell or a backup.',
    };
  }
  if (FULL.has(code)) {
    return {
      message: `The disk of the store ${path} is full: ${said}.`,
      hint: 'Free some space, for example old checkpoints in runs/, then start again.',
    };
  }
  if (/^(SQLITE_READONLY|SQLITE_PERM|SQLITE_AUTH|EACCES$|EPERM$|EROFS$)/.test(code)) {
    return { message: `The store ${path} cannot be written: ${said}.`, hint: ANOTHER_STORE };
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return { message: `The store ${path} cannot be opened: ${said}.`, hint: ANOTHER_STORE };
  }
  if (code === 'SQLITE_PROTOCOL' || code.startsWith('SQLITE_IOERR')) {
    return {
      message: `The store ${path} cannot be read or written: ${said}.`,
      hint: 'Check the disk; on a network file system put the store on a local disk with --store DIR.',
    };
  }
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return {
      message: `The store ${path} refused a row: ${said}.`,
      hint: 'This is a fault of bleubird: please report it.',
    };
  }
  return { message: `The store ${path} failed: ${said}.`, hint: ANOTHER_STORE };
}
