/**
 * The regression of the fixture `trainer.json` as a model: loss = mean of (x · weight + bias − y)², where an example's one
 * source piece names its row. Small enough that every number of a training can be compared with transformers' Trainer.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Example } from '../../../src/engine/data/example.ts';
import type { ModelGradients } from '../../../src/engine/model/model-gradients.ts';
import type { GradientOptions } from '../../../src/engine/model/seq2seq-model.ts';
import type { TrainableModel } from '../../../src/engine/training/training-loop.ts';

export interface Row {
  readonly x: number[];
  readonly y: number;
}

export class LineModel implements TrainableModel {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Rows and dropout seed of each loss computed. */
  readonly calls: { rows: number[]; dropoutSeed: number | undefined }[] = [];
  readonly #rows: readonly Row[];

  constructor(rows: readonly Row[], start: { weight: number[]; bias: number[] }) {
    this.#rows = rows;
    const variable = (values: number[], shape: number[]) => tf.tidy(() => tf.variable(tf.tensor(values, shape)));
    this.parameters = new Map([
      ['weight', variable(start.weight, [2, 1])],
      ['bias', variable(start.bias, [1])],
    ]);
  }

  get examples(): Example[] {
    return this.#rows.map((_, row) => ({ sourceIds: [row], targetIds: [0] }));
  }

  isDecayed(name: string): boolean {
    return !name.includes('bias');
  }

  addGradients({ source }: Batch, gradients: ModelGradients, { dropoutSeed, weight }: GradientOptions): tf.Scalar {
    const rows = [...source.ids];
    this.calls.push({ rows, dropoutSeed });
    const x = rows.map((row) => this.#rows[row]?.x ?? []);
    const y = rows.map((row) => [this.#rows[row]?.y ?? Number.NaN]);
    return tf.tidy(() => {
      const inputs = tf.tensor2d(x);
      const guess = tf.add(tf.matMul(inputs, this.#parameter('weight')), this.#parameter('bias'));
      const errors = tf.sub<tf.Tensor2D>(guess, tf.tensor2d(y));
      const gradGuess = tf.mul<tf.Tensor2D>(errors, (2 * weight) / rows.length);
      gradients.of(this.#parameter('weight')).add(tf.matMul(inputs, gradGuess, true, false));
      gradients.of(this.#parameter('bias')).add(tf.sum(gradGuess, 0));
      return tf.mul<tf.Scalar>(tf.mean(tf.square(errors)), weight);
    });
  }

  values(name: string): ArrayLike<number> {
    return this.#parameter(name).dataSync();
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }

  #parameter(name: string): tf.Variable<tf.Rank.R2> {
    const parameter = this.parameters.get(name);
    if (parameter === undefined) throw new RangeError(name);
    return parameter as tf.Variable<tf.Rank.R2>;
  }
}
