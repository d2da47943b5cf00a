/** Goes on with a run that was interrupted, stopped or failed, in this process: the same run, from its newest checkpoint. */
import { join } from 'node:path';
import { clearUnfinished } from '../engine/training/checkpoint.ts';
import type { Store } from '../store/store.ts';
import { assertNotRepaired } from './care-lock.ts';
import { requireRoomForOne } from './disk-space.ts';
import { waitForOrphanedTrainer } from './orphaned-trainer.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { identityOf } from './process-identity.ts';
import { requirePush } from './push-of-run.ts';
import { findRunCheckpoint, requireResumable } from './resume-point.ts';
import { conductRun, lookUpNeededModel, type RunOptions, type RunOutcome } from './run-experiment.ts';
import { storedExperiment } from './stored-experiment.ts';

export interface ResumeRunOptions extends RunOptions {
  /** Open for writing; stays open. */
  readonly store: Store;
  /** As a user names a run. */
  readonly run: string;
}

/**
 * Goes on with the run to its end and gives back how it ended.
 *
 * @throws {StoreError} when the run goes on, is complete, or has no checkpoint, or the disk no room for one; {ModelError} when its untouched model is
 *   still to be scored and is nowhere: then nothing has changed
 */
export async function resumeRun(options: ResumeRunOptions): Promise<RunOutcome> {
  const { store, env = process.env, stop } = options;
  const run = await requireResumable(store, options.run);
  const experiment = storedExperiment(run);
  requirePush(experiment.training, env);
  await waitForOrphanedTrainer(run);
  await requireResumable(store, run.id); // while that was waited for, another may have taken it up, and be saving
  assertNotRepaired(store);
  await clearUnfinished(join(run.directory, 'checkpoints'));
  // A trainer that outlived its runner has put its last events into the journal.
  if (store.catchUp(run.id, parseEnvelope)) store.markInterrupted(run.id, run.runner);
  const { path, warnings: problems } = await findRunCheckpoint(store, run);
  const hasBefore = store.evaluations(run.id).some(({ stage }) => stage === 'before');
  const resume = { checkpoint: path, hasBefore };
  const warnings = [...problems];
  const onWarning = (message: string) => warnings.push(message);
  const modelHere = await lookUpNeededModel({ experiment, resume, store, env, stop, onWarning });
  await requireRoomForOne(store.directory, path);
  assertNotRepaired(store); // before the journal tells of anything
  const writer = store.resumeRun(run.id, identityOf(), () => assertNotRepaired(store));
  return await conductRun(writer, { ...options, experiment, modelHere, resume, warnings });
}
