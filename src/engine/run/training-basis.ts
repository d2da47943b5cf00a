import type { TrainingBasis } from '../training/trainer-state.ts';
import type { LoadedRun } from './loaded-run.ts';

/** Gives what the numbers of a run's training depend on. */
export function trainingBasis({ experiment, data }: Pick<LoadedRun, 'experiment' | 'data'>): TrainingBasis {
  return {
    training: experiment.training,
    data: experiment.data,
    dataHash: data.dataHash,
    trainSize: data.train.length,
    isEvaluatedBefore: experiment.evaluation.before,
    evaluatedSentences: data.validation.length,
  };
}
