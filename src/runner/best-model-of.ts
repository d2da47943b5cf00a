import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFile } from '../engine/files/file-kind.ts';
import { readTrainerState, type StoredTraining } from '../engine/training/trainer-state.ts';

export interface BestModelOf {
  /** Of the checkpoint that holds it. */
  readonly step: number;
  /** Whether the training is to end with it: `load_best_model_at_end`. */
  readonly isWanted: boolean;
}

/** Tells which model of a training is the best so far, as a checkpoint's folder knows it; null where none is kept track of. */
export function bestModelOf(checkpoint: string): BestModelOf | null {
  const stored = storedTrainingOf(checkpoint);
  const step = stored?.state.bestCheckpoint ?? null;
  return step === null ? null : { step, isWanted: stored?.basis.training.load_best_model_at_end === true };
}

/** What a checkpoint's folder tells of its training; null where it is none of ours. */
export function storedTrainingOf(checkpoint: string): StoredTraining | null {
  const path = join(checkpoint, 'trainer_state.json');
  if (!isFile(path)) return null; // a pipe would be waited for
  try {
    return readTrainerState(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null; // another program's: a model without a history
  }
}
