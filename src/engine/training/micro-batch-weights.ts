/**
 * What the mean losses of a step's micro-batches count, in the gradient and in the loss that is told.
 *
 * Trainer of the course divides each by `gradient_accumulation_steps`, also in an epoch's last, incomplete group. Trainer of
 * transformers 5 divides by all target pieces of the step, which its label smoothing heeds; Marian's own loss does not, and
 * stays a sum of means.
 */
import type { TrainingConfig } from '../config/experiment.ts';
import type { Example } from '../data/example.ts';

type WeightConfig = Pick<TrainingConfig, 'gradient_accumulation_steps' | 'label_smoothing_factor' | 'compatibility'>;

/** Gives one weight for each micro-batch of a step. */
export function microBatchWeights(config: WeightConfig, microBatches: readonly (readonly Example[])[]): number[] {
  if (config.compatibility === 'transformers-4') return microBatches.map(() => 1 / config.gradient_accumulation_steps);
  if (config.label_smoothing_factor === 0) return microBatches.map(() => 1);
  const pieces = microBatches.map((examples) => examples.reduce((sum, { targetIds }) => sum + targetIds.length, 0));
  const allPieces = pieces.reduce((sum, count) => sum + count, 0);
  return pieces.map((count) => count / allPieces);
}
