/**
 * A lock between processes: a file that names its holder and is touched while it is held. Node has no flock, so Python's
 * locks and these do not see each other; a file in the cache stays whole anyway, since each side renames a finished one
 * into its place.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '../../errors.ts';
import { errorCode } from '../files/system-error.ts';

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called once when somebody else holds the lock and this one waits. */
  onWait?(): void;
}

const TOUCH_MS = 2_000;
/** A holder that has not touched its lock for so long is gone, or stopped for good. */
const STALE_MS = 30_000;
const LOOK_MS = 100;

/**
 * Does `work` while holding the lock, waiting for it as long as its holder lives.
 *
 * @throws {CancelledError} when `signal` ends the waiting; what `work` throws
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await acquire(path, options);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(path: string, { signal, onWait }: LockOptions): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  let hasWaited = false;
  const isStill = watchForTouches();
  while (!(await create(path, mine))) {
    const holder = await readHolder(path);
    if (holder !== null && (isStill(holder) || isDeadHere(holder.text))) {
      await removeStale(path, holder.text);
      continue;
    }
    if (!hasWaited) onWait?.();
    hasWaited = true;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {
      throw new CancelledError();
    });
  }
  // A lock that somebody took for stale is theirs: touching it fails or does no harm.
  const touching = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), TOUCH_MS);
  touching.unref();
  return async () => {
    clearInterval(touching);
    const holder = await readHolder(path);
    if (holder?.text === mine) await rm(path, { force: true });
  };
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o664);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

interface Holder {
  readonly text: string;
  /** When it last touched its lock, by the clock of its own machine. */
  readonly touched: number;
}

/** Who holds the lock; null when it has just been released. */
async function readHolder(path: string): Promise<Holder | null> {
  try {
    const [text, { mtimeMs }] = [await readFile(path, 'utf8'), await stat(path)];
    return { text, touched: mtimeMs };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Gives back a function that says whether a holder, looked at again and again, has not touched its lock for `STALE_MS`. That
 * is seen by watching alone: clocks are set, and two machines do not agree on the time.
 */
function watchForTouches(): (holder: Holder) => boolean {
  let last: Holder | null = null;
  let since = 0;
  return (holder) => {
    if (last?.text !== holder.text || last.touched !== holder.touched) since = performance.now();
    last = holder;
    return performance.now() - since > STALE_MS;
  };
}

/** Whether the holder was a process of this machine that is no more. */
function isDeadHere(text: string): boolean {
  const found = /^\{"pid":(\d+),"host":("[^"]*")/.exec(text);
  if (found === null || found[2] !== JSON.stringify(hostname())) return false;
  try {
    process.kill(Number(found[1]), 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}

/** Takes a dead holder's file away. Two may see it at once: who moved a live lock away instead puts it back. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) === text) await rm(aside, { force: true });
  else await rename(aside, path);
}
