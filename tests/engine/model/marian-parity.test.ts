import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { MarianModel } from '../../../src/engine/model/marian/marian-model.ts';
import type { WeightTensor } from '../../../src/engine/model/safetensors.ts';
import { expectedTensors, FIXTURES, fixtureBatch, loadFixture, lossAndGradients } from './marian-fixtures.ts';
import { expectClose } from './ops/finite-differences.ts';

/** Keys' biases change no probability: their gradient is 0 but for rounding, in PyTorch as here. */
const GRADIENT_FLOOR = 1e-2;

describe.each(['wasm', 'cpu'] as const)('Marian on %s computes what transformers computes', (device) => {
  describe.each(FIXTURES)('%s', (fixture) => {
    const batch = fixtureBatch(fixture);
    let model: MarianModel;
    let expected: (name: string) => WeightTensor;

    beforeAll(async () => {
      await openBackend(device);
      model = await loadFixture(fixture);
      expected = await expectedTensors(fixture);
    });
    afterAll(() => model.dispose());

    const greatestDifference = (found: tf.Tensor, name: string): number => {
      const reference = expected(name);
      expect(found.size).toBe(reference.data.length);
      return found
        .dataSync<'float32'>()
        .reduce((worst, x, i) => Math.max(worst, Math.abs(x - (reference.data[i] ?? Number.NaN))), 0);
    };

    it('the encoder states, to 1e-4', () => {
      expect(greatestDifference(model.encode(batch), 'encoder_states')).toBeLessThan(1e-4);
    });

    it('the teacher-forced logits, to 1e-4', () => {
      expect(greatestDifference(model.logits(batch), 'logits')).toBeLessThan(1e-4);
    });

    it.each(['', 'smoothed_'])('the %sloss, to 1e-5, and every gradient, to 1e-3 of its greatest', (prefix) => {
      const labelSmoothing = prefix === '' ? 0 : batch.labelSmoothing;
      const { loss, gradients } = lossAndGradients(model, () => model.loss(batch, { labelSmoothing }));
      expect(loss).toBeCloseTo(expected(`${prefix}loss`).data[0] ?? Number.NaN, 5);
      expect([...gradients.keys()]).toEqual([...model.parameters.keys()]);
      for (const [name, gradient] of gradients) {
        expectClose(gradient, expected(`${prefix}gradient.${name}`).data, 1e-3, name, GRADIENT_FLOOR);
      }
    });

    it('greedy decoding step by step, ids and last logits', () => {
      const { batchSize, steps, greedyIds } = batch;
      const state = model.startDecoding(batch, 1);
      const rows: number[][] = Array.from({ length: batchSize }, () => [model.decoderStartTokenId]);
      for (let step = 0; step < steps; step++) {
        const logits = model.decodeStep(
          state,
          Int32Array.from(rows, (row) => row[step] ?? -1),
        );
        const values = logits.arraySync();
        for (const [r, row] of rows.entries()) row.push((values[r] ?? []).indexOf(Math.max(...(values[r] ?? []))));
        if (step === steps - 1) expect(greatestDifference(logits, 'greedy_logits')).toBeLessThan(1e-4);
        logits.dispose();
      }
      expect(rows.flat()).toEqual(greedyIds);
      expect(state.length).toBe(steps);
      state.dispose();
    });
  });
});
