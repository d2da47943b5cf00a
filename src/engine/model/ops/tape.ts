/**
 * What a forward pass leaves behind so that its backward pass can run: one entry for each operation, walked in reverse.
 * Small on purpose: it knows neither the operations nor their arithmetic, only when each tensor is no longer needed.
 * Where no gradient is wanted there is no tape: operations take `null` in its place.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ModelGradients } from '../model-gradients.ts';
import { fusedOps } from './current-ops.ts';
import type { ParameterGradient } from './parameter-gradient.ts';

/** The rows between two operations, and once the backward pass has come so far, the gradient of the loss by them. */
export interface Rows {
  readonly value: tf.Tensor2D;
  gradient: tf.Tensor2D | null;
}

/** Returns the rows of a tensor, which from now on belongs to them. */
export function rowsOf(value: tf.Tensor2D): Rows {
  return { value, gradient: null };
}

interface Entry {
  readonly output: Rows;
  readonly saved: readonly (tf.Tensor | null)[];
  readonly backward: (gradOutput: tf.Tensor2D) => void;
}

/** Used inside a `tf.tidy`, which cleans up after an error; without one, `backward` leaves nothing behind either. */
export class Tape {
  readonly #gradients: ModelGradients;
  readonly #entries: Entry[] = [];
  readonly #assertWanted: () => void;

  /**
   * @param gradients     what the backward pass adds to
   * @param assertWanted  called between two operations; what it throws ends the pass
   */
  constructor(gradients: ModelGradients, assertWanted: () => void = () => {}) {
    this.#gradients = gradients;
    this.#assertWanted = assertWanted;
  }

  /** Where the gradient of one of the model's parameters is summed. */
  gradientOf(parameter: tf.Tensor): ParameterGradient {
    return this.#gradients.of(parameter);
  }

  /**
   * Remembers an operation that gave `output`.
   *
   * @param saved     tensors of its own that `backward` needs; the tape disposes them
   * @param backward  gives its inputs their gradients, by `addGradient` or `gradientOf`
   */
  record(output: Rows, saved: readonly (tf.Tensor | null)[], backward: (gradOutput: tf.Tensor2D) => void): void {
    this.#entries.push({ output, saved, backward });
    this.#assertWanted();
  }

  /** Runs the backward pass once, disposing of each operation's tensors as soon as nothing needs them. */
  backward(): void {
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      const { output, saved, backward } = entry;
      if (output.gradient !== null) backward(output.gradient);
      for (const tensor of [output.value, output.gradient, ...saved]) tensor?.dispose();
      this.#assertWanted();
    }
  }
}

/** Adds a contribution to the gradient of rows, which takes it over. */
export function addGradient(rows: Rows, contribution: tf.Tensor2D): void {
  const { gradient } = rows;
  rows.gradient = gradient === null ? contribution : fusedOps().add(gradient, contribution);
  if (gradient !== null) tf.dispose([gradient, contribution]);
}

/**
 * Runs a part of a model that nothing after it reads `input` of. Without a tape, `input` and all that was made on the way
 * are disposed; with one, their backward disposes them.
 */
export function stage(tape: Tape | null, input: Rows, run: () => Rows): Rows {
  if (tape !== null) return run();
  const output = tf.tidy(() => run().value);
  input.value.dispose();
  return rowsOf(output);
}
