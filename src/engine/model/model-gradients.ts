import type * as tf from '@tensorflow/tfjs-core';
import { ParameterGradient } from './ops/parameter-gradient.ts';

/** The gradients of a model's parameters. Made as they are first needed; their memory stays from step to step. */
export class ModelGradients {
  readonly #names: ReadonlyMap<tf.Tensor, string>;
  readonly #gradients = new Map<string, ParameterGradient>();

  /** @param parameters  by name; they stay the model's */
  constructor(parameters: ReadonlyMap<string, tf.Variable>) {
    this.#names = new Map([...parameters].map(([name, parameter]) => [parameter, name]));
  }

  /** Returns the gradient of a parameter, to be added to. @throws {RangeError} when it is none of the model's */
  of(parameter: tf.Tensor): ParameterGradient {
    const name = this.#names.get(parameter);
    if (name === undefined) throw new RangeError(`a tensor of shape [${parameter.shape}] is no parameter of the model`);
    const gradient = this.#gradients.get(name) ?? new ParameterGradient(parameter.shape);
    this.#gradients.set(name, gradient);
    return gradient;
  }

  /** Returns the sums by name, of those parameters that have got any gradient since `clear`. They stay owned here. */
  sums(): Map<string, tf.Tensor> {
    const given = [...this.#gradients].filter(([, { isEmpty }]) => !isEmpty);
    return new Map(given.map(([name, { sum }]) => [name, sum]));
  }

  /** Forgets all sums, for the next step. */
  clear(): void {
    for (const gradient of this.#gradients.values()) gradient.clear();
  }

  dispose(): void {
    for (const gradient of this.#gradients.values()) gradient.dispose();
    this.#gradients.clear();
  }
}
