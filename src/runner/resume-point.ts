/** Finds the checkpoint that a training goes on from. */
import { basename, dirname, join, resolve } from 'node:path';
import { exists } from '../engine/files/file-kind.ts';
import { findNewestSoundCheckpoint, listCheckpoints } from '../engine/training/checkpoint.ts';
import { ModelError, StoreError } from '../errors.ts';
import type { RunRecord } from '../store/rows.ts';
import { isResumable, isUnfinished } from '../store/run-state.ts';
import type { Store } from '../store/store.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { isAlive } from './process-identity.ts';
import { isRunnerAlive } from './reconcile-runs.ts';

export interface FoundCheckpoint {
  readonly path: string;
  /** What speaks against newer ones, or for a gap in the run's series. */
  readonly warnings: readonly string[];
}

/**
 * Gives back the run that a user means, if it can be taken up again; one whose runner is dead is marked interrupted first.
 *
 * @throws {StoreError} when it goes on, is complete, is unknown, or has no checkpoint
 */
export async function requireResumable(store: Store, typed: string): Promise<RunRecord> {
  const found = store.findRun(typed);
  const isDead = !isUnfinished(found.state) || !isRunnerAlive(found);
  // A power cut, or damage to SQLite's log, takes the newest rows; the journal has them.
  if (isDead) store.catchUp(found.id, parseEnvelope);
  if (isDead) store.markInterrupted(found.id, found.runner);
  const run = store.findRun(found.id);
  // Taken for interrupted by somebody who could not see its runner: that takes it back at its next heartbeat.
  const isMistaken = run.state === 'interrupted' && run.runner !== null && isAlive(run.runner) === true;
  if (isUnfinished(run.state) || isMistaken) {
    throw new StoreError(`Run ${run.id} is ${isMistaken ? 'running' : run.state}: there is nothing to resume.`, {
      hint: `bleubird attach ${run.id} shows it.`,
    });
  }
  if (!isResumable(run.state)) {
    throw new StoreError(`Run ${run.id} is ${run.state}: all its steps are done.`, {
      hint: `To train its model further, start an experiment with "model: run:${run.id}".`,
    });
  }
  if ((await listCheckpoints(checkpointsOf(run.directory))).length === 0) throw withoutCheckpoint(run.id);
  return run;
}

/**
 * Gives back the newest sound checkpoint of a run of which every step before it is stored.
 *
 * A trainer that outlived its runner may have saved later, after steps that nobody recorded: those are made again, unless
 * there is no other checkpoint.
 *
 * @throws {StoreError} when there is none
 */
export async function findRunCheckpoint(store: Store, { id, directory }: RunRecord): Promise<FoundCheckpoint> {
  const storedStep = store.metricSeries(id, 'loss', 4).at(-1)?.step ?? 0;
  const recorded = await findNewestSoundCheckpoint(checkpointsOf(directory), storedStep + 1);
  if (recorded.path !== null) return { path: recorded.path, warnings: recorded.problems };
  const newest = await findNewestSoundCheckpoint(checkpointsOf(directory));
  if (newest.path === null) throw withoutCheckpoint(id, newest.problems);
  const gap = `Steps after ${storedStep} up to ${basename(newest.path)} were not recorded: the runner was gone by then.`;
  return { path: newest.path, warnings: [...newest.problems, gap] };
}

/** The folder of a repository into which `hub_strategy: checkpoint` pushes the newest checkpoint. */
const PUSHED_FOLDER = 'last-checkpoint';

/**
 * Gives back the checkpoint that a folder means: itself, the one that was pushed along with a model, or the newest sound one
 * of the folder of a run.
 *
 * @throws {ModelError} when there is none
 */
export async function findCheckpointIn(folder: string): Promise<FoundCheckpoint> {
  const path = resolve(folder);
  const hint = `Give a folder checkpoint-N, the folder of a run that has one, or a fetched repository with ${PUSHED_FOLDER}.`;
  if (!exists(path)) throw new ModelError(`The folder ${path} to resume from does not exist.`, { hint });
  // Of a damaged one the trainer takes the newest before it, and says so.
  for (const checkpoint of [path, join(path, PUSHED_FOLDER)]) {
    const isWhole = ['trainer_state.json', 'config.json'].every((name) => exists(join(checkpoint, name)));
    if (isWhole) return { path: checkpoint, warnings: [] };
  }
  const within = exists(join(path, 'checkpoints')) ? join(path, 'checkpoints') : path;
  const found = await findNewestSoundCheckpoint(within);
  if (found.path !== null) return { path: found.path, warnings: found.problems };
  throw new ModelError([`There is no sound checkpoint in ${path}.`, ...found.problems].join(' '), { hint });
}

/** Gives back the id of the run that a checkpoint lies in, null where its place does not tell. */
export function runOfCheckpoint(checkpoint: string): string | null {
  const folder = dirname(checkpoint);
  if (basename(folder) !== 'checkpoints' || basename(dirname(dirname(folder))) !== 'runs') return null;
  return basename(dirname(folder));
}

function checkpointsOf(runDirectory: string): string {
  return join(runDirectory, 'checkpoints');
}

function withoutCheckpoint(id: string, problems: readonly string[] = []): StoreError {
  const what = problems.length === 0 ? `Run ${id} has no checkpoint` : `Run ${id} has no sound checkpoint`;
  return new StoreError([`${what} to go on from.`, ...problems].join(' '), {
    hint: 'Run its experiment again; with save_strategy "epoch" or "steps" a run saves on its way.',
  });
}
