import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { Example } from '../../../src/engine/data/example.ts';
import { measureLoss } from '../../../src/engine/evaluation/evaluate.ts';
import { loadModel } from '../../../src/engine/model/load-model.ts';
import { CancelledError, DataError } from '../../../src/errors.ts';

interface Case {
  readonly labelSmoothing: number;
  readonly batchSize: number;
  readonly examples: Example[];
  readonly loss: number;
}

const demoModel = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
const fixture = fileURLToPath(new URL('../../fixtures/training/eval-loss.json', import.meta.url));

test('The loss alone is the eval_loss of Seq2SeqTrainer, with and without label smoothing.', async () => {
  await openBackend('wasm');
  const model = await loadModel(demoModel);
  const cases = JSON.parse(readFileSync(fixture, 'utf8')) as Case[];
  for (const { loss, ...options } of cases) {
    const progress: number[] = [];
    const measured = await measureLoss({ model, ...options, onProgress: (done) => progress.push(done) });
    expect(Math.abs(measured.loss - loss)).toBeLessThan(2e-5); // float32 sums in another order
    expect(measured.sentences).toBe(12);
    expect(progress).toEqual([4, 8, 12]);
  }
  const signal = AbortSignal.abort();
  await expect(measureLoss({ model, examples: cases[0]?.examples ?? [], batchSize: 4, signal })).rejects.toThrow(
    CancelledError,
  );
  await expect(measureLoss({ model, examples: [], batchSize: 4 })).rejects.toThrow(DataError);
  for (const order of [
    [0, 0, 1],
    [0, 1, 3],
    [0, 1],
    [0, 1, 2, 2],
  ]) {
    const examples = cases[0]?.examples.slice(0, 3) ?? [];
    await expect(measureLoss({ model, examples, batchSize: 4, order })).rejects.toThrow(
      new RangeError('The order does not name each of 3 examples once.'),
    );
  }
  model.dispose();
});
