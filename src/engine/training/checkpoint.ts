/**
 * Checkpoints of a training: `checkpoint-<step>/` with the model in Hugging Face's layout, the optimizer and the trainer's
 * state. One is written under a temporary name, flushed to the disk and renamed, so that under its final name it is always
 * whole: a crash, a kill or a full disk leaves the older ones and nothing half. One of the same step is set aside meanwhile,
 * and is put back where the new one did not come to its place.
 */
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError, RunFailedError } from '../../errors.ts';
import { flush } from '../files/flush.ts';
import { errorCode, errorText } from '../files/system-error.ts';
import { type ModelFiles, saveModelDirectory } from '../model/model-directory.ts';
import { type WeightTensor, writeSafetensors } from '../model/safetensors.ts';
import type { AdamWState } from './adamw.ts';
import { checksumProblem, writeChecksums } from './checksums.ts';
import { divergence } from './divergence.ts';
import type { TrainerState } from './trainer-state.ts';

export interface CheckpointContents {
  readonly weights: Map<string, WeightTensor>;
  /** What lies beside the weights: config.json and the tokenizer. */
  readonly files: ModelFiles;
  readonly optimizer: AdamWState;
  readonly trainerState: TrainerState;
}

export interface Checkpoint {
  readonly step: number;
  readonly path: string;
}

export interface RemovedCheckpoints {
  readonly removed: readonly Checkpoint[];
  /** About those that should have been removed and could not be. */
  readonly problems: readonly string[];
}

/** What was saved, and what was removed to keep the limit. */
export interface SavedCheckpoint extends Checkpoint, RemovedCheckpoints {
  readonly sizeBytes: number;
}

const FINAL_NAME = /^checkpoint-(\d+)$/;
const TEMPORARY_PREFIX = '.unfinished-checkpoint-';
/** A whole checkpoint, while a new one of its step takes its name. */
const REPLACED_NAME = /^\.replaced-(checkpoint-(\d+))$/;
/** The file written last; together with config and weights it makes a checkpoint complete. */
const STATE_FILE = 'trainer_state.json';

/**
 * Writes a checkpoint, then removes the oldest ones above `saveTotalLimit` (null keeps all), never the new one and never
 * the one of `bestStep`: with both to keep, a limit of 1 is one of 2, as in transformers.
 *
 * @param directory  the run's `checkpoints` folder; made when absent. Belongs to one trainer at a time: what a dead one
 *                   left unfinished there is removed
 * @throws {RunFailedError} when it cannot be written, or a weight is not finite; the older checkpoints stay
 */
export async function saveCheckpoint(
  directory: string,
  contents: CheckpointContents,
  saveTotalLimit: number | null,
  bestStep: number | null = null,
): Promise<SavedCheckpoint> {
  const step = contents.trainerState.global_step;
  assertFinite(contents.weights, step);
  const path = checkpointPath(directory, step);
  let sizeBytes: number;
  try {
    sizeBytes = await write(directory, contents).catch((error: unknown) => {
      if (!wasTakenAway(error)) throw error;
      return write(directory, contents); // a second time it is no accident
    });
  } catch (cause) {
    throw await saveFailure(path, directory, cause);
  }
  return { step, path, sizeBytes, ...(await rotate(directory, step, saveTotalLimit, bestStep)) };
}

/** @returns the size of the checkpoint in bytes @throws what the system says; then nothing of it is left */
async function write(directory: string, contents: CheckpointContents): Promise<number> {
  const step = contents.trainerState.global_step;
  const temporary = join(directory, `${TEMPORARY_PREFIX}${step}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await clearUnfinished(directory);
    await mkdir(temporary, { mode: 0o700 });
    await writeContents(temporary, contents);
    const sizeBytes = await flushDirectory(temporary);
    await giveName(directory, step);
    return sizeBytes;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {}); // the first error tells more than this one
    throw error;
  }
}

/** Says whether a user deleted or moved away the folder, as that of the run, while it was written. */
function wasTakenAway(error: unknown): boolean {
  const cause = error instanceof ModelError ? error.cause : error;
  return errorCode(cause) === 'ENOENT';
}

/**
 * Gives the checkpoint of a step, written under its temporary name, its own. The same step may have been saved before: by a
 * run that is being repeated, or before the evaluation due at it. That one is set aside first, and goes once the new one is
 * in its place: a kill at any point leaves one of the two, and `clearUnfinished` does the rest.
 */
async function giveName(directory: string, step: number): Promise<void> {
  const [path, replaced] = [checkpointPath(directory, step), replacedPath(directory, step)];
  await rename(path, replaced).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
  try {
    await rename(join(directory, `${TEMPORARY_PREFIX}${step}`), path);
  } catch (error) {
    await rename(replaced, path).catch(() => {}); // the first error tells more; the next start tries again
    throw error;
  }
  await flush(directory);
  await removeReplaced(directory, step).catch(() => {}); // takes up space only, until the next save
}

/** Renamed first: what is set aside under that name is whole. */
async function removeReplaced(directory: string, step: number): Promise<void> {
  const doomed = join(directory, `${TEMPORARY_PREFIX}${step}-replaced`);
  await rename(replacedPath(directory, step), doomed).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
  await rm(doomed, { recursive: true, force: true });
}

function replacedPath(directory: string, step: number): string {
  return join(directory, `.replaced-checkpoint-${step}`);
}

/** Gives the folder of the checkpoint of a step. */
export function checkpointPath(directory: string, step: number): string {
  return join(directory, `checkpoint-${step}`);
}

/**
 * Gives the complete checkpoints of a `checkpoints` folder, oldest first; none when the folder is absent. What is no folder,
 * or cannot be read, is left out. One that was to be replaced when its trainer was killed is among them, by the name that
 * it has then.
 */
export async function listCheckpoints(directory: string): Promise<Checkpoint[]> {
  const found = await lookThrough(directory);
  return found.flatMap(({ step, path, problem }) => (problem === null ? [{ step, path }] : []));
}

interface FoundFolder extends Checkpoint {
  /** Why it cannot be looked into; null when it can, and is complete. */
  readonly problem: string | null;
}

/** Gives what has the name of a checkpoint, oldest first, without folders that are not complete. */
async function lookThrough(directory: string): Promise<FoundFolder[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  });
  const found: FoundFolder[] = [];
  for (const name of names) {
    const step = FINAL_NAME.exec(name)?.[1] ?? stepWithoutName(name, names);
    if (step === undefined) continue;
    const folder = { step: Number(step), path: join(directory, name) };
    try {
      const files = await readdir(folder.path);
      const isComplete = ['config.json', 'model.safetensors', STATE_FILE].every((file) => files.includes(file));
      if (isComplete) found.push({ ...folder, problem: null });
    } catch (error) {
      // What somebody else has put there, or has taken away meanwhile, must not end a training.
      const problem = errorCode(error) === 'ENOTDIR' ? 'it is no folder' : reasonOf(error);
      if (errorCode(error) !== 'ENOENT') found.push({ ...folder, problem });
    }
  }
  return found.sort((a, b) => a.step - b.step);
}

/** Gives the step of a checkpoint that was set aside, where no other has its name. */
function stepWithoutName(name: string, names: readonly string[]): string | undefined {
  const [, finalName, step] = REPLACED_NAME.exec(name) ?? [];
  return finalName === undefined || names.includes(finalName) ? undefined : step;
}

/** Gives the folders of checkpoints after a step, complete or not, oldest first; a file of that name is none. */
export async function listFoldersAfter(directory: string, step: number): Promise<Checkpoint[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []); // absent until the first save
  const folders = entries
    .filter((entry) => !entry.isFile())
    .map(({ name }) => ({ step: Number(FINAL_NAME.exec(name)?.[1] ?? -1), path: join(directory, name) }));
  return folders.filter((folder) => folder.step > step).sort((a, b) => a.step - b.step);
}

/** Gives the path of the newest complete checkpoint of a `checkpoints` folder, null when there is none. */
export async function findNewestCheckpoint(directory: string): Promise<string | null> {
  return (await listCheckpoints(directory)).at(-1)?.path ?? null;
}

export interface SoundCheckpoint {
  /** Null when there is none. */
  readonly path: string | null;
  /** Newer ones that are damaged or cannot be read, and how. */
  readonly problems: readonly string[];
}

/** Gives the newest checkpoint of a `checkpoints` folder whose files are those that were written, before `beforeStep`. */
export async function findNewestSoundCheckpoint(
  directory: string,
  beforeStep = Number.POSITIVE_INFINITY,
): Promise<SoundCheckpoint> {
  const problems: string[] = [];
  for (const { path, step, problem: unread } of (await lookThrough(directory)).reverse()) {
    if (step >= beforeStep) continue;
    if (unread !== null) {
      problems.push(`${path} is passed over: ${unread}.`);
      continue;
    }
    const problem = await checksumProblem(path);
    if (problem === null) return { path, problems };
    problems.push(`The checkpoint ${path} is damaged: ${problem}.`);
  }
  return { path: null, problems };
}

/**
 * Puts back a checkpoint that a trainer that is dead had set aside for another, and removes what it left half written or
 * half removed in a `checkpoints` folder, as far as that is possible.
 */
export async function clearUnfinished(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []); // absent until the first save, which tells of anything else
  for (const name of names) {
    const step = REPLACED_NAME.exec(name)?.[2];
    if (step === undefined) continue;
    // One that cannot be put back stays under its name and counts by that.
    if (stepWithoutName(name, names) === undefined) await removeReplaced(directory, Number(step)).catch(() => {});
    else await rename(join(directory, name), checkpointPath(directory, Number(step))).catch(() => {});
  }
  for (const name of names) {
    // One that stays takes up space and is in the way of nothing: it is tried again with the next save.
    if (name.startsWith(TEMPORARY_PREFIX)) await rm(join(directory, name), { recursive: true }).catch(() => {});
  }
}

/** Removes checkpoints of a `checkpoints` folder, as far as that is possible. */
export async function removeCheckpoints(
  directory: string,
  checkpoints: readonly Checkpoint[],
): Promise<RemovedCheckpoints> {
  const removed: Checkpoint[] = [];
  const problems: string[] = [];
  for (const checkpoint of checkpoints) {
    try {
      // Renamed first: one that is half removed, by a trainer killed here, must not pass for a checkpoint.
      const doomed = join(directory, `${TEMPORARY_PREFIX}${checkpoint.step}`);
      await rename(checkpoint.path, doomed);
      await rm(doomed, { recursive: true });
      removed.push(checkpoint);
    } catch (error) {
      problems.push(`The old checkpoint ${checkpoint.path} could not be removed: ${reasonOf(error)}`);
    }
  }
  return { removed, problems };
}

/** A model that diverged must not push out a good one. */
function assertFinite(weights: CheckpointContents['weights'], step: number): void {
  for (const [name, { data }] of weights) {
    const bad = data.find((value) => !Number.isFinite(value));
    if (bad === undefined) continue;
    throw divergence(`by step ${step}: ${name} holds ${bad}. The step is not saved`);
  }
}

async function writeContents(destination: string, contents: CheckpointContents): Promise<void> {
  const { weights, files, optimizer, trainerState } = contents;
  await saveModelDirectory({ weights, files, destination });
  await writeSafetensors(join(destination, 'optimizer.safetensors'), optimizer.tensors, {
    format: 'adamw',
    step: String(optimizer.step),
  });
  await writeFile(join(destination, STATE_FILE), `${JSON.stringify(trainerState, null, 2)}\n`, { mode: 0o600 });
  await writeChecksums(destination);
}

/** Flushes each file and the folder itself. @returns the size of all files */
async function flushDirectory(directory: string): Promise<number> {
  let sizeBytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      sizeBytes += await flushDirectory(path);
    } else {
      sizeBytes += (await stat(path)).size;
      await flush(path);
    }
  }
  await flush(directory);
  return sizeBytes;
}

async function rotate(
  directory: string,
  newestStep: number,
  limit: number | null,
  bestStep: number | null,
): Promise<RemovedCheckpoints> {
  if (limit === null) return { removed: [], problems: [] };
  let checkpoints: readonly Checkpoint[];
  try {
    checkpoints = await listCheckpoints(directory);
  } catch (error) {
    return { removed: [], problems: [`Old checkpoints in ${directory} could not be looked for: ${reasonOf(error)}`] };
  }
  const others = checkpoints.filter(({ step }) => step !== newestStep && step !== bestStep);
  const kept = checkpoints.length - others.length;
  return await removeCheckpoints(directory, others.slice(0, Math.max(0, others.length + kept - Math.max(kept, limit))));
}

async function saveFailure(path: string, directory: string, cause: unknown): Promise<RunFailedError> {
  const older = await findNewestCheckpoint(directory).catch(() => null);
  const kept = older === null ? 'There is no older checkpoint.' : `The older checkpoint stays: ${older}`;
  return new RunFailedError(`Checkpoint ${path} could not be written: ${reasonOf(cause)}. ${kept}`, {
    hint: isDiskFull(cause)
      ? 'Free disk space, or keep fewer checkpoints with training.save_total_limit.'
      : 'Check that the folder can be written to.',
    cause,
  });
}

/** Says whether something could not be written for want of room: full disks hide as the cause of whoever was writing. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (/^(ENOSPC|EDQUOT)$/.test(errorCode(cause) ?? '')) return true;
  }
  return false;
}

function reasonOf(error: unknown): string {
  return isDiskFull(error) ? 'no space left on the disk' : errorText(error);
}
