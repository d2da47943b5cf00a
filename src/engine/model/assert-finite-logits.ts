import { ModelError } from '../../errors.ts';

/** @throws {ModelError} when a number made of a decoder row's logits is not finite */
export function assertFinite(value: number, row: number): void {
  if (Number.isFinite(value)) return;
  throw new ModelError(`The model's logits are not finite numbers (decoder row ${row}, ${value}).`, {
    hint: 'Its weights are damaged or its training diverged: use an earlier checkpoint, or train with a lower learning_rate.',
  });
}
