import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { composedCrossEntropy } from '../../../../src/engine/model/ops/composed/cross-entropy.ts';
import { crossEntropy } from '../../../../src/engine/model/ops/cross-entropy.ts';
import { ParameterGradient } from '../../../../src/engine/model/ops/parameter-gradient.ts';
import { type Rows, rowsOf, type Tape } from '../../../../src/engine/model/ops/tape.ts';
import { devices, openInFloat32 } from './devices.ts';
import { expectClose, expectGradientsOfFiniteDifferences, gradientsOf, randomTensor } from './finite-differences.ts';

const LABELS = Int32Array.of(2, 6, 0, 6, 1);
const SIZE = 3;
const VOCABULARY = 7;

const run =
  (bias: tf.Tensor1D, labelSmoothing: number, weight: number) =>
  (tape: Tape | null, rows: Rows[], parameters: tf.Tensor[]): tf.Scalar => {
    const [hidden, head] = [rows[0] as Rows, parameters[0] as tf.Tensor2D];
    return crossEntropy(tape, hidden, { head, bias }, LABELS, { labelSmoothing, weight });
  };

describe.each(devices)('crossEntropy on %s', (device) => {
  beforeAll(() => openInFloat32(device));

  const inputs = (): [tf.Tensor2D, tf.Tensor2D] => [
    tf.mul(3, randomTensor([LABELS.length, SIZE], 1)),
    randomTensor([VOCABULARY, SIZE], 2) as tf.Tensor2D,
  ];
  const bias = (): tf.Tensor1D => randomTensor([VOCABULARY], 3) as tf.Tensor1D;

  describe.each([0, 0.1])('with label smoothing %f', (labelSmoothing) => {
    it('is its weight times the mean over the labels', () => {
      const [hidden, head] = inputs();
      const expected = slowLoss(hidden, head, bias(), labelSmoothing);
      const found = [1, 0.25].map((weight) => run(bias(), labelSmoothing, weight)(null, [rowsOf(hidden)], [head]));
      expect(found[0]?.dataSync()[0]).toBeCloseTo(expected, 5);
      expect(found[1]?.dataSync()[0]).toBeCloseTo(expected / 4, 5);
    });

    it.each([1, 0.25])('has the gradients of finite differences, times %f', (weight) => {
      const [hidden, head] = inputs();
      expectGradientsOfFiniteDifferences(run(bias(), labelSmoothing, weight), { rows: [hidden], parameters: [head] });
    });

    it.each([1, 2, 3, 5, 100])('is the same in blocks of %i rows, with its gradients', (blockRows) => {
      const [hidden, head] = inputs();
      const expected = gradientsOf(run(bias(), labelSmoothing, 0.5), { rows: [hidden], parameters: [head] });
      const gradHead = new ParameterGradient(head.shape);
      const options = { labelSmoothing, weight: 0.5, gradHead };
      const { crossEntropy: inBlocks } = composedCrossEntropy(() => blockRows);
      const { loss, gradHidden } = inBlocks(hidden, head, bias(), LABELS, options);
      expect(loss.dataSync()[0]).toBeCloseTo(slowLoss(hidden, head, bias(), labelSmoothing) / 2, 5);
      expectClose(gradHidden?.dataSync() ?? [], expected[0] ?? [], 1e-5, 'hidden');
      expectClose(gradHead.sum.dataSync(), expected[1] ?? [], 1e-5, 'head');
      gradHead.dispose();
    });
  });

  it('stays finite where the probability of a label is too small for a float', () => {
    const output = { head: tf.tensor2d([[0], [200]]), bias: tf.tensor1d([0, 0]) };
    const options = { labelSmoothing: 0, weight: 1 };
    const loss = crossEntropy(null, rowsOf(tf.tensor2d([[1]])), output, Int32Array.of(0), options);
    expect(loss.dataSync()[0]).toBeCloseTo(200, 4);
  });

  it('refuses a batch without a label, and a label outside the vocabulary', () => {
    const output = { head: tf.zeros([3, 1]) as tf.Tensor2D, bias: tf.zeros([3]) as tf.Tensor1D };
    const of = (labels: number[]) => (): unknown =>
      crossEntropy(null, rowsOf(tf.zeros([labels.length, 1])), output, Int32Array.from(labels), {
        labelSmoothing: 0,
        weight: 1,
      });
    expect(of([])).toThrow(new RangeError('the batch has no label: there is no loss to compute'));
    expect(of([3, 0])).toThrow(new RangeError('label 3 is outside the vocabulary of 3 pieces'));
    expect(of([-1, 0])).toThrow(new RangeError('label -1 is outside the vocabulary of 3 pieces'));
  });
});

/** torch.nn.CrossEntropyLoss and transformers' LabelSmoother by their formulas, in float64. */
function slowLoss(hidden: tf.Tensor2D, head: tf.Tensor2D, bias: tf.Tensor1D, labelSmoothing: number): number {
  const [rows, weights, biases] = [hidden.arraySync(), head.arraySync(), bias.arraySync()];
  const losses = rows.map((row, place) => {
    const logits = weights.map((w, v) => w.reduce((sum, x, i) => sum + x * (row[i] ?? 0), biases[v] ?? 0));
    const normalizer = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const nll = normalizer - (logits[LABELS[place] ?? -1] ?? Number.NaN);
    const uniform = logits.reduce((sum, logit) => sum + normalizer - logit, 0) / VOCABULARY;
    return (1 - labelSmoothing) * nll + labelSmoothing * uniform;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
