/** Cures what `examineStore` finds: a damaged file, runs that lack what their journals hold, folders copied in, leftovers. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../errors.ts';
import { isEmptyOrGone, newestSetAside, setAside } from '../store/database-care.ts';
import { openStore } from '../store/open-store.ts';
import { rebuildStore } from '../store/rebuild-store.ts';
import { withStoreErrors } from '../store/sqlite-error.ts';
import { assertNoRunGoesOn } from './assert-no-run-goes-on.ts';
import { withCareLock } from './care-lock.ts';
import { examineStore, type Finding } from './examine-store.ts';
import { waitForOrphanedTrainer } from './orphaned-trainer.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { reconcileRuns } from './reconcile-runs.ts';

export interface Repair {
  /** What was done, a line each; none for a sound store. */
  readonly done: readonly string[];
  /** What is found now. */
  readonly left: readonly Finding[];
}

/**
 * Cures what can be cured, one repair at a time.
 *
 * @throws {StoreError} while a run is being written or another process looks after the store, and when the store can be
 *   neither read nor written
 */
export async function repairStore(directory: string, now: () => number): Promise<Repair> {
  return await withCareLock(directory, 'repair', () => repair(directory, now));
}

async function repair(directory: string, now: () => number): Promise<Repair> {
  assertNoRunGoesOn(directory, now());
  const path = join(directory, 'bleubird.sqlite');
  const done: string[] = [];
  const uncured: Finding[] = [];
  const { findings } = await examineStore(directory, now());
  if (findings.some(({ cure }) => cure === 'rebuild-store')) done.push(...rebuild(path, now));
  const rest = done.length > 0 ? (await examineStore(directory, now())).findings : findings;
  if (existsSync(path)) {
    const store = openStore(directory, { now });
    try {
      for (const finding of rest) {
        try {
          done.push(...cure(finding, (id) => store.rebuildRun(id, parseEnvelope)));
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          const message = `it could not be made anew: ${error.message}`;
          uncured.push({ ...finding, severity: 'problem', message });
        }
      }
      const ended = reconcileRuns(store);
      if (ended > 0 && done.length > 0) done.push(`${ended} of them have no runner: they are interrupted`);
    } finally {
      store.close();
    }
  }
  const left = (await examineStore(directory, now())).findings;
  // What a run has left over is seen once the store knows the run.
  const leftOver = left.filter((finding) => finding.cure === 'remove' || finding.cure === 'put-back');
  await waitForTrainers(directory, leftOver);
  for (const finding of leftOver) done.push(...cure(finding, () => {}));
  return { done, left: [...uncured, ...left.filter((finding) => !leftOver.includes(finding))] };
}

/** A trainer whose runner was killed just now may still be saving where something seems to be left over. */
async function waitForTrainers(directory: string, leftOver: readonly Finding[]): Promise<void> {
  const ids = new Set(leftOver.flatMap(({ run }) => run ?? []));
  if (ids.size === 0) return;
  const store = openStore(directory, { readOnly: true });
  try {
    for (const id of ids) {
      const run = store.readRun(id);
      if (run !== null) await waitForOrphanedTrainer(run);
    }
  } finally {
    store.close();
  }
}

function rebuild(path: string, now: () => number): string[] {
  return withStoreErrors(path, () => {
    const damaged = setAside(path, now());
    const old = damaged !== null && !isEmptyOrGone(damaged) ? damaged : newestSetAside(path);
    const runs = rebuildStore(path, old, parseEnvelope, now);
    const lost = runs.filter(({ from }) => from === 'nowhere').map(({ id }) => id);
    const unusable = runs.flatMap(({ id, trouble }) => (trouble === null ? [] : [`${id} (${trouble})`]));
    return [
      ...(damaged === null ? [] : [`the damaged file is now ${damaged}`]),
      ...(old === null || old === damaged
        ? []
        : [`the file was empty or gone: read ${old}, set aside before, as well`]),
      `a new store was made with ${runCount(runs.length - lost.length)}: ${countSources(runs)}`,
      ...(unusable.length === 0 ? [] : [`the journal could not be used of ${unusable.join(', ')}`]),
      ...(lost.length === 0 ? [] : [`nothing could be read of ${lost.join(', ')}`]),
    ];
  });
}

function runCount(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`;
}

function countSources(runs: ReturnType<typeof rebuildStore>): string {
  const count = (from: string) => runs.filter((run) => run.from === from).length;
  return `${count('journal')} from their journals, ${count('store')} from the damaged file, ${count('both')} from both`;
}

function cure({ run, path, cure: what }: Finding, rebuildRun: (id: string) => void): string[] {
  if (what === 'remove' && path !== undefined) {
    rmSync(path, { recursive: true, force: true });
    return [`removed ${path}`];
  }
  if (what === 'put-back' && path !== undefined) {
    const own = join(dirname(path), basename(path).replace('.replaced-', ''));
    renameSync(path, own);
    return [`put back ${own}`];
  }
  if (run === null || (what !== 'rebuild-run' && what !== 'adopt')) return [];
  rebuildRun(run);
  return [what === 'adopt' ? `run ${run} was taken in` : `run ${run} was made anew from its journal`];
}
