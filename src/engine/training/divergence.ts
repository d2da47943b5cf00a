import { RunFailedError } from '../../errors.ts';

/** The error of a training whose numbers are no longer finite: `what` says which, and where it was found. */
export function divergence(what: string, cause?: unknown): RunFailedError {
  return new RunFailedError(`Training diverged ${what}. Checkpoints saved before it stay.`, {
    hint: 'Lower training.learning_rate, raise training.warmup_steps, or lower training.max_grad_norm (1 is usual).',
    cause,
  });
}
