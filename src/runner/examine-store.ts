/**
 * What `bleubird store check` says and `bleubird store repair` cures. A problem is something that was lost or is wrong; a
 * note tells of what has no ill effect now.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { checksumProblem } from '../engine/training/checksums.ts';
import { StoreError } from '../errors.ts';
import {
  databaseFaults,
  type HalfMadeFile,
  halfMadeFiles,
  isEmptyOrGone,
  newestSetAside,
} from '../store/database-care.ts';
import { isOfAnotherRun } from '../store/foreign-journal.ts';
import { journalPath } from '../store/journal.ts';
import { openStore } from '../store/open-store.ts';
import { type JournalSummary, summarizeJournal } from '../store/read-journal.ts';
import { folderNames, recordedRuns } from '../store/recorded-runs.ts';
import type { RunRecord } from '../store/rows.ts';
import { assertRunId } from '../store/run-id.ts';
import { isUnfinished } from '../store/run-state.ts';
import { toStoreError, withStoreErrors } from '../store/sqlite-error.ts';
import type { Store } from '../store/store.ts';
import { isAbandoned } from './abandoned-folder.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { isAlive } from './process-identity.ts';
import { isRunnerAlive } from './reconcile-runs.ts';

export interface Finding {
  readonly severity: 'problem' | 'note';
  /** Null for what concerns the store as a whole. */
  readonly run: string | null;
  readonly message: string;
  /** What repair does about it. */
  readonly cure: 'rebuild-store' | 'rebuild-run' | 'adopt' | 'remove' | 'put-back' | 'none';
  /** Of the file or folder that is left over. */
  readonly path?: string;
}

export interface Examination {
  readonly path: string;
  readonly runs: number;
  readonly findings: readonly Finding[];
}

const TEMPORARY = /^\.unfinished-/;
const SET_ASIDE = /^\.replaced-(checkpoint-\d+)$/;

/**
 * Looks at the store's file, each run, its journal, its checkpoints, and what is left over. Changes nothing.
 *
 * @param now  milliseconds since 1970
 */
export async function examineStore(directory: string, now = Date.now()): Promise<Examination> {
  const path = join(directory, 'bleubird.sqlite');
  const findings: Finding[] = [];
  const faults = fileFaults(path, directory);
  for (const message of faults) findings.push({ severity: 'problem', run: null, message, cure: 'rebuild-store' });
  if (faults.length > 0) return { path, runs: 0, findings };
  if (!existsSync(path)) return { path, runs: 0, findings };
  findings.push(...halfMadeFiles(path).map(examineHalfMade));
  const store = openStore(directory, { readOnly: true });
  try {
    const runs = store.listRuns().flatMap(({ id }) => store.readRun(id) ?? []);
    for (const run of runs)
      findings.push(...(await examineApart(run.id, path, () => examineRun(store, path, run, now))));
    const known = new Set(runs.map(({ id }) => id));
    for (const id of folderNames(join(store.directory, 'runs'))) {
      if (!known.has(id)) findings.push(...(await examineApart(id, path, () => examineFolder(store, id, now))));
    }
    return { path: join(store.directory, 'bleubird.sqlite'), runs: runs.length, findings };
  } finally {
    store.close();
  }
}

/** A file that is being made is nobody else's to remove. What has our own number is left by one that had it before. */
function examineHalfMade({ path, pid }: HalfMadeFile): Finding {
  const maker = { pid, processStart: null, bootId: null, pidNamespace: null, hostname: hostname() };
  if (pid !== process.pid && isAlive(maker) !== false) {
    const message = `process ${pid} is making ${path}, or another has its number now`;
    return { severity: 'note', run: null, message, cure: 'none' };
  }
  return { severity: 'problem', run: null, message: `left over: ${path}`, cure: 'remove', path };
}

/** Says what is wrong with the file itself: damaged, or gone with runs beside it. @throws {StoreError} as opening does */
function fileFaults(path: string, directory: string): string[] {
  return withStoreErrors(path, () => {
    if (existsSync(path)) {
      const faults = databaseFaults(path);
      if (faults.length > 0) return faults.map((said) => `the file is damaged: ${said}`);
    }
    const setAside = isEmptyOrGone(path) ? newestSetAside(path) : null;
    if (setAside !== null) return [`the file is empty or gone, and ${setAside} was set aside`];
    try {
      openStore(directory, { readOnly: true }).close();
      return [];
    } catch (error) {
      const isLost = recordedRuns(join(directory, 'runs')).length > 0 && error instanceof StoreError;
      if (isLost && error.message.includes('is empty or gone')) return ['the file is empty or gone'];
      throw error;
    }
  });
}

/** A run that cannot be examined hides nothing of the others. */
async function examineApart(
  run: string,
  path: string,
  examine: () => Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await examine();
  } catch (error) {
    const told = toStoreError(error, path);
    if (!(told instanceof StoreError)) throw error;
    return [{ severity: 'problem', run, message: `it cannot be examined: ${told.message}`, cure: 'none' }];
  }
}

async function examineRun(store: Store, path: string, run: RunRecord, now: number): Promise<Finding[]> {
  const { id } = run;
  if (isUnfinished(run.state) && isRunnerAlive(run, now)) {
    return [{ severity: 'note', run: id, message: 'it is being written: not compared', cure: 'none' }];
  }
  return [...examineJournal(store, path, run), ...(await examineCheckpoints(store, run)), ...examineUnfinished(run)];
}

function examineJournal(store: Store, path: string, { id, directory, createdAt }: RunRecord): Finding[] {
  const note = (message: string): Finding => ({ severity: 'note', run: id, message, cure: 'none' });
  const problem = (message: string): Finding => ({ severity: 'problem', run: id, message, cure: 'rebuild-run' });
  if (!existsSync(journalPath(directory))) return [note('it has no journal: a lost store could not give it back')];
  const journal = withStoreErrors(path, () => summarizeJournal(journalPath(directory), parseEnvelope));
  const lastSeq = store.lastSeq(id);
  if (journal.createdAt === null) return [note('its journal does not begin with the run')];
  if (isOfAnotherRun(journal, createdAt)) {
    return [note(`its journal is that of another run, ${journal.id}: a lost store could not give it back`)];
  }
  if (journal.lastSeq > lastSeq) {
    return [problem(`${journal.lastSeq - lastSeq} events of its journal are not in the store`)];
  }
  const findings: Finding[] = [];
  if (journal.damagedLines > 0) findings.push(note(`${journal.damagedLines} lines of its journal are damaged`));
  else if (journal.missingEvents > 0)
    findings.push(note(`${journal.missingEvents} events are missing from its journal`));
  if (journal.lastSeq < lastSeq) findings.push(note(`its journal ends ${lastSeq - journal.lastSeq} events early`));
  if (findings.length > 0) return findings;
  return store.missingFromStore(id, parseEnvelope).map(problem);
}

/** @returns also notes about folders nobody recorded, such as the last of a trainer that outlived its runner */
async function examineCheckpoints(store: Store, { id, directory }: RunRecord): Promise<Finding[]> {
  const findings: Finding[] = [];
  const rows = store.checkpoints(id).filter(({ removedAt }) => removedAt === null);
  const names = folderNames(join(directory, 'checkpoints'));
  for (const { step, path } of rows) {
    if (names.includes(`.replaced-checkpoint-${step}`) && !existsSync(path)) continue; // which is told of itself
    const problem = existsSync(path) ? await checksumProblem(path) : 'its folder is gone';
    if (problem === null) continue;
    findings.push({ severity: 'note', run: id, message: `checkpoint ${step} is unsound: ${problem}`, cure: 'none' });
  }
  const known = new Set(rows.map(({ step }) => `checkpoint-${step}`));
  for (const name of names) {
    if (known.has(name) || TEMPORARY.test(name) || SET_ASIDE.test(name)) continue;
    findings.push({ severity: 'note', run: id, message: `${name} was saved but not recorded`, cure: 'none' });
  }
  return findings;
}

/** What a trainer that was killed as it saved has left. */
function examineUnfinished({ id, directory }: RunRecord): Finding[] {
  const checkpoints = join(directory, 'checkpoints');
  const names = folderNames(checkpoints);
  return names.flatMap((name): Finding[] => {
    const path = join(checkpoints, name);
    const ownName = SET_ASIDE.exec(name)?.[1];
    if (ownName === undefined && !TEMPORARY.test(name)) return [];
    if (ownName === undefined || names.includes(ownName)) {
      return [{ severity: 'problem', run: id, message: `left over: ${path}`, cure: 'remove', path }];
    }
    const message = `${ownName} is set aside for another that was not finished: ${path}`;
    return [{ severity: 'problem', run: id, message, cure: 'put-back', path }];
  });
}

/** A folder in runs/ that no row knows: copied in, never begun, or left by a trainer that outlived its run. */
function examineFolder(store: Store, id: string, now: number): Finding[] {
  const directory = store.runDirectory(id);
  const path = journalPath(directory);
  const journal = existsSync(path) ? summarizeJournal(path, parseEnvelope) : null;
  if (canAdopt(id, journal)) {
    return [
      { severity: 'problem', run: id, message: 'its folder is here and the store does not know it', cure: 'adopt' },
    ];
  }
  // A damaged line may have been the making of the run.
  if ((journal?.damagedLines ?? 0) === 0 && isAbandoned(directory, now)) {
    const message = `a folder without a run, left over: ${directory}`;
    return [{ severity: 'note', run: id, message, cure: 'remove', path: directory }];
  }
  return [{ severity: 'note', run: id, message: 'a folder without a run that could be read from it', cure: 'none' }];
}

function canAdopt(id: string, journal: JournalSummary | null): boolean {
  try {
    assertRunId(id);
  } catch {
    return false;
  }
  return journal !== null && journal.createdAt !== null;
}
