/**
 * One at a time looks after a store as a whole: a lock file in its folder names the process that does. Only repair and
 * vacuum take it; who reads, or writes a run, goes on, but no run begins during a repair. The lock of a dead process is taken over.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../engine/files/system-error.ts';
import { StoreError } from '../errors.ts';
import { withStoreErrors } from '../store/sqlite-error.ts';
import type { Store } from '../store/store.ts';
import { identityOf, isAlive, placeOf } from './process-identity.ts';

const LOCK_NAME = 'bleubird.sqlite.lock';

export type StoreCare = 'repair' | 'vacuum';

const holderOf = z.object({
  pid: z.number().int(),
  processStart: z.string().nullable(),
  bootId: z.string().nullable(),
  pidNamespace: z.string().nullable(),
  hostname: z.string(),
  care: z.enum(['repair', 'vacuum']),
});
type Holder = z.infer<typeof holderOf>;

/**
 * Does `work` on the store in `directory` while no other process repairs or shrinks it. A folder that is not there has
 * nothing to guard.
 *
 * @throws {StoreError} naming the process that does so now; what `work` throws
 */
export async function withCareLock<T>(directory: string, care: StoreCare, work: () => T | Promise<T>): Promise<T> {
  if (!existsSync(directory)) return await work();
  const path = join(directory, LOCK_NAME);
  const mine = JSON.stringify({ ...identityOf(), care, id: randomUUID() });
  withStoreErrors(directory, () => acquire(path, mine, directory));
  try {
    return await work();
  } finally {
    if (readLock(path) === mine) rmSync(path, { force: true });
  }
}

/**
 * Keeps a run from beginning in a store that is being repaired, which may put another file in its place, or was since it
 * was opened. A repair looks for journals under its lock; called once the journal of the run is there, one of the two sees
 * the other.
 *
 * @throws {StoreError}
 */
export function assertNotRepaired(store: Store): void {
  const path = join(store.directory, LOCK_NAME);
  const text = readLock(path);
  const holder = text === null ? null : parseHolder(text);
  if (holder?.care === 'repair' && isAlive(holder) !== false) throw heldLock(holder, path, store.directory);
  if (!store.isReplaced()) return;
  throw new StoreError(`The store ${store.directory} was repaired in this moment: nothing was done.`, {
    hint: 'Try again.',
  });
}

function acquire(path: string, mine: string, directory: string): void {
  while (!create(path, mine)) {
    const text = readLock(path);
    if (text === null) continue; // released in this moment
    const holder = parseHolder(text);
    if (holder === null || isAlive(holder) !== false) throw heldLock(holder, path, directory);
    removeStale(path, text);
  }
}

/** Puts the lock there with its text or not at all: a file that others see half written would name nobody. */
function create(path: string, text: string): boolean {
  const whole = temporaryName(path);
  try {
    writeFileSync(whole, text, { flag: 'wx', mode: 0o600 });
    try {
      linkSync(whole, path);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EEXIST') return false;
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
      return createWithoutLink(path, text);
    }
    return true;
  } finally {
    rmSync(whole, { force: true });
  }
}

/** As `halfMadeFiles` knows it, for when the process is killed here. */
function temporaryName(path: string): string {
  return `${path}.unfinished-${process.pid}-${randomUUID()}`;
}

/** For file systems without hard links, such as exFAT. */
function createWithoutLink(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Gives the text of the lock, null when there is none. */
function readLock(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function parseHolder(text: string): Holder | null {
  try {
    return holderOf.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // cut off by a power cut, or none of ours: then nobody can say whose it is
  }
}

/** Takes a dead holder's file away. Two may see it at once: who moved a live lock away instead puts it back. */
function removeStale(path: string, text: string): void {
  const aside = temporaryName(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (readLock(aside) === text) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function heldLock(holder: Holder | null, path: string, directory: string): StoreError {
  if (holder === null) {
    return new StoreError(`The store ${directory} is locked by ${path}, which names no process.`, {
      hint: `When no other \`bleubird store repair\` or \`vacuum\` is at work, remove ${path}.`,
    });
  }
  const { pid, care } = holder;
  const isHere = isAlive(holder) !== null;
  const doing = care === 'repair' ? 'repaired' : 'shrunk by a vacuum';
  const where = isHere ? '' : ` ${placeOf(holder)}`;
  return new StoreError(`The store ${directory} is being ${doing} by process ${pid}${where}: nothing was done.`, {
    hint: isHere
      ? 'Wait until that has ended, then try again.'
      : `Wait until that has ended, then try again; when there is no such process any more there, remove ${path}.`,
  });
}
