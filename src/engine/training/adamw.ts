/**
 * AdamW with decoupled weight decay, in float32, as torch.optim.AdamW computes it (`_single_tensor_adamw`, torch 2.13).
 * Weight decay falls on the parameters the model names (`isDecayed`), as the two parameter groups of Trainer.
 * A parameter without a gradient is left alone, as torch leaves one whose `grad` is None.
 */
import * as tf from '@tensorflow/tfjs-core';
import { fusedOps } from '../model/ops/current-ops.ts';

export interface AdamWConfig {
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  readonly weight_decay: number;
}

/** Running means of one parameter's gradient and of its square, each shaped like the parameter. */
interface Moments {
  readonly mean: tf.Variable;
  readonly square: tf.Variable;
}

/** The state of an optimizer as plain numbers, for a checkpoint. */
export interface AdamWState {
  /** Steps made; decides the bias correction. */
  readonly step: number;
  /** `exp_avg.<parameter>` and `exp_avg_sq.<parameter>`, torch's names for the two moments. */
  readonly tensors: Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

export class AdamW {
  readonly #parameters: ReadonlyMap<string, tf.Variable>;
  readonly #isDecayed: (name: string) => boolean;
  readonly #config: AdamWConfig;
  readonly #moments = new Map<string, Moments>();
  #step = 0;

  /** Moments start at zero and belong to the optimizer; the parameters stay the model's. */
  constructor(
    model: { readonly parameters: ReadonlyMap<string, tf.Variable>; isDecayed(name: string): boolean },
    config: AdamWConfig,
  ) {
    this.#parameters = model.parameters;
    this.#isDecayed = (name) => model.isDecayed(name);
    this.#config = config;
    for (const [name, parameter] of model.parameters) this.#moments.set(name, zeroMoments(parameter.shape));
  }

  /**
   * Moves every parameter that has a gradient by one step.
   *
   * @param gradients      by parameter name, shaped like the parameter; stay the caller's
   * @param learningRate   of this step
   * @param gradientScale  every gradient is multiplied by it first: clipping
   * @throws {RangeError} when a gradient belongs to no parameter
   */
  step(gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number, gradientScale = 1): void {
    const parameters = [...gradients].map(([name, gradient]) => {
      const value = this.#parameters.get(name);
      const moments = this.#moments.get(name);
      if (value === undefined || moments === undefined) throw new RangeError(`No parameter is named ${name}.`);
      return { value, gradient, ...moments, isDecayed: this.#isDecayed(name) };
    });
    this.#step += 1;
    const { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: epsilon, weight_decay } = this.#config;
    fusedOps().adamwStep(parameters, {
      gradientScale,
      beta1,
      beta2,
      epsilon,
      stepSize: learningRate / (1 - beta1 ** this.#step),
      squareCorrection: Math.sqrt(1 - beta2 ** this.#step),
      decay: learningRate * weight_decay,
    });
  }

  /** Copies the state out of the backend. */
  async exportState(): Promise<AdamWState> {
    const tensors: AdamWState['tensors'] = new Map();
    for (const [name, { mean, square }] of this.#moments) {
      tensors.set(`exp_avg.${name}`, { shape: mean.shape, data: await copyOf(mean) });
      tensors.set(`exp_avg_sq.${name}`, { shape: square.shape, data: await copyOf(square) });
    }
    return { step: this.#step, tensors };
  }

  /** Continues from an exported state. @throws {RangeError} when a moment is missing or misshaped */
  importState(state: AdamWState): void {
    for (const [name, { mean, square }] of this.#moments) {
      assignFrom(state, `exp_avg.${name}`, mean);
      assignFrom(state, `exp_avg_sq.${name}`, square);
    }
    this.#step = state.step;
  }

  dispose(): void {
    for (const { mean, square } of this.#moments.values()) {
      mean.dispose();
      square.dispose();
    }
    this.#moments.clear();
  }
}

function zeroMoments(shape: number[]): Moments {
  return tf.tidy(() => ({ mean: tf.variable(tf.zeros(shape), false), square: tf.variable(tf.zeros(shape), false) }));
}

/** Backends may hand out their live memory, which the next step overwrites. */
async function copyOf(tensor: tf.Tensor): Promise<Float32Array> {
  return Float32Array.from(await tensor.data());
}

function assignFrom(state: AdamWState, name: string, variable: tf.Variable): void {
  const stored = state.tensors.get(name);
  if (stored === undefined) throw new RangeError(`The optimizer state lacks ${name}.`);
  if (stored.shape.join() !== variable.shape.join()) {
    throw new RangeError(`${name} has shape [${stored.shape}] in the optimizer state, [${variable.shape}] here.`);
  }
  tf.tidy(() => variable.assign(tf.tensor(stored.data, variable.shape, 'float32')));
}
