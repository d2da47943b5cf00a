import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../../src/engine/backend/open-backend.ts';
import { crossEntropy } from '../../../../src/engine/model/ops/cross-entropy.ts';
import { expectClose, expectGradientsOfFiniteDifferences, randomTensor } from './finite-differences.ts';

const LABELS = Int32Array.of(2, -100, 6, 0, -100, 6, 1);
const SIZE = 3;
const VOCABULARY = 7;

describe.each(['wasm', 'cpu'] as const)('crossEntropy on %s', (device) => {
  beforeAll(() => openBackend(device));

  const inputs = (): [tf.Tensor2D, tf.Tensor2D] => [
    tf.mul(3, randomTensor([LABELS.length, SIZE], 1)),
    randomTensor([VOCABULARY, SIZE], 2) as tf.Tensor2D,
  ];
  const bias = (): tf.Tensor1D => randomTensor([VOCABULARY], 3) as tf.Tensor1D;
  const cases = [0, 0.1].flatMap((labelSmoothing) =>
    [1, 2, 5, 100].map((blockRows) => ({ labelSmoothing, blockRows })),
  );

  it.each(cases)(
    'is the mean over the labels that count: $labelSmoothing smoothing, blocks of $blockRows',
    (options) => {
      const [hidden, head] = inputs();
      const found = crossEntropy(hidden, head, bias(), LABELS, options).dataSync()[0];
      expect(found).toBeCloseTo(slowLoss(hidden, head, bias(), options.labelSmoothing), 5);
    },
  );

  it.each(cases)(
    'has the gradients of finite differences: $labelSmoothing smoothing, blocks of $blockRows',
    (options) => {
      const fixedBias = bias();
      const operation = (...[hidden, head]: tf.Tensor[]): tf.Tensor =>
        crossEntropy(hidden as tf.Tensor2D, head as tf.Tensor2D, fixedBias, LABELS, options);
      expectGradientsOfFiniteDifferences(operation, inputs());
    },
  );

  it('scales its gradients with what comes after it', () => {
    const [hidden, head] = inputs();
    const loss = (x: tf.Tensor): tf.Tensor =>
      crossEntropy(x as tf.Tensor2D, head, bias(), LABELS, { labelSmoothing: 0 });
    const plain = tf.grad(loss)(hidden);
    const quarter = tf.grad((x) => tf.mul(loss(x), 0.25))(hidden);
    expectClose(quarter.dataSync(), tf.mul(plain, 0.25).dataSync(), 1e-6, 'a quarter');
  });

  it('stays finite where the probability of a label is too small for a float', () => {
    const hidden = tf.tensor2d([[1]]);
    const head = tf.tensor2d([[0], [200]]);
    const loss = crossEntropy(hidden, head, tf.tensor1d([0, 0]), Int32Array.of(0), { labelSmoothing: 0 });
    expect(loss.dataSync()[0]).toBeCloseTo(200, 4);
  });

  it('refuses a batch in which no label counts, and a label outside the vocabulary', () => {
    const run = (labels: number[]): unknown =>
      crossEntropy(tf.zeros([2, 1]), tf.zeros([3, 1]), tf.zeros([3]), Int32Array.from(labels), { labelSmoothing: 0 });
    expect(() => run([-100, -100])).toThrow(
      new RangeError('the batch has no label but -100: there is no loss to compute'),
    );
    expect(() => run([3, 0])).toThrow(new RangeError('label 3 is outside the vocabulary of 3 pieces'));
    expect(() => run([-1, 0])).toThrow(new RangeError('label -1 is outside the vocabulary of 3 pieces'));
  });
});

/** torch.nn.CrossEntropyLoss and transformers' LabelSmoother by their formulas, in float64. */
function slowLoss(hidden: tf.Tensor2D, head: tf.Tensor2D, bias: tf.Tensor1D, labelSmoothing: number): number {
  const [rows, weights, biases] = [hidden.arraySync(), head.arraySync(), bias.arraySync()];
  const losses = rows.flatMap((row, place) => {
    const label = LABELS[place] ?? -100;
    if (label === -100) return [];
    const logits = weights.map((w, v) => w.reduce((sum, x, i) => sum + x * (row[i] ?? 0), biases[v] ?? 0));
    const normalizer = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const nll = normalizer - (logits[label] ?? Number.NaN);
    const uniform = logits.reduce((sum, logit) => sum + normalizer - logit, 0) / VOCABULARY;
    return [(1 - labelSmoothing) * nll + labelSmoothing * uniform];
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
