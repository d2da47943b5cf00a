import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { MarianModel } from '../../../src/engine/model/marian/marian-model.ts';
import type { WeightTensor } from '../../../src/engine/model/safetensors.ts';
import { isAddonBuilt } from '../native/native-support.ts';
import { expectedTensors, FIXTURES, fixtureBatch, loadFixture, lossAndGradients } from './marian-fixtures.ts';
import { expectClose } from './ops/finite-differences.ts';

/** Keys' biases change no probability: their gradient is 0 but for rounding, in PyTorch as here. */
const GRADIENT_FLOOR = 1e-2;

const devices = isAddonBuilt ? (['wasm', 'cpu', 'native'] as const) : (['wasm', 'cpu'] as const);

describe.each(devices)('Marian on %s computes what transformers computes', (device) => {
  describe.each(FIXTURES)('%s', (fixture) => {
    const batch = fixtureBatch(fixture);
    let model: MarianModel;
    let expected: (name: string) => WeightTensor;

    beforeAll(async () => {
      await openBackend(device, { precision: 'f32', threads: 1 });
      model = await loadFixture(fixture);
      expected = await expectedTensors(fixture);
    });
    afterAll(() => model.dispose());

    /** @param places  the rows of the expected that are no padding */
    const greatestDifference = (found: tf.Tensor2D, name: string, places: readonly number[]): number => {
      const reference = expected(name);
      const [rows, width] = found.shape;
      expect(rows).toBe(places.length);
      return found.dataSync<'float32'>().reduce((worst, x, i) => {
        const place = (places[Math.floor(i / width)] ?? Number.NaN) * width + (i % width);
        const difference = Math.abs(x - (reference.data[place] ?? Number.NaN));
        return worst <= difference || Number.isNaN(difference) ? difference : worst;
      }, 0);
    };

    it('the encoder states, to 1e-4', () => {
      expect(greatestDifference(model.encode(batch.source), 'encoder_states', batch.sourcePlaces)).toBeLessThan(1e-4);
    });

    it('the teacher-forced logits, to 1e-4', () => {
      expect(greatestDifference(model.logits(batch), 'logits', batch.labelPlaces)).toBeLessThan(1e-4);
    });

    it.each(['', 'smoothed_'])('the %sloss, to 1e-5, and every gradient, to 1e-3 of its greatest', (prefix) => {
      const labelSmoothing = prefix === '' ? 0 : batch.labelSmoothing;
      const { loss, gradients } = lossAndGradients(model, batch, { labelSmoothing });
      expect(loss).toBeCloseTo(expected(`${prefix}loss`).data[0] ?? Number.NaN, 5);
      expect(model.loss(batch, { labelSmoothing }).dataSync()[0]).toBeCloseTo(loss, 6);
      expect([...gradients.keys()].sort()).toEqual([...model.parameters.keys()].sort());
      for (const [name, gradient] of gradients) {
        expectClose(gradient, expected(`${prefix}gradient.${name}`).data, 1e-3, name, GRADIENT_FLOOR);
      }
    });

    it('greedy decoding step by step, ids and last logits', () => {
      const { source, steps, greedyIds } = batch;
      const state = model.startDecoding(source, 1);
      const rows: number[][] = Array.from({ length: source.starts.length - 1 }, () => [model.decoderStartTokenId]);
      for (let step = 0; step < steps; step++) {
        const logits = model.decodeStep(
          state,
          Int32Array.from(rows, (row) => row[step] ?? -1),
        );
        const values = logits.arraySync();
        for (const [r, row] of rows.entries()) row.push((values[r] ?? []).indexOf(Math.max(...(values[r] ?? []))));
        if (step === steps - 1)
          expect(greatestDifference(logits, 'greedy_logits', [...rows.keys()])).toBeLessThan(1e-4);
        logits.dispose();
      }
      expect(rows.flat()).toEqual(greedyIds);
      expect(state.length).toBe(steps);
      state.dispose();
    });
  });
});
