import { expect, test } from 'vitest';
import { LossWatch } from '../../../src/engine/training/loss-watch.ts';

/** The steps at which a curve is warned of. */
function warnings(losses: readonly number[]): number[] {
  const watch = new LossWatch();
  return losses.flatMap((loss, index) => (watch.add(index + 1, loss) === null ? [] : [index + 1]));
}

/** Noise of a small batch, the same each time. */
const noise = (step: number, size: number) => size * Math.sin(step * 12.9898) * Math.cos(step * 78.233);
const curve = (steps: number, at: (step: number) => number) => Array.from({ length: steps }, (_, step) => at(step));

test('A loss that rises and stays up is warned of once, with what it was and is.', () => {
  const losses = curve(1_000, (step) => (step < 300 ? 3 - step / 300 : 7) + noise(step, 0.5));
  expect(warnings(losses)).toHaveLength(1);
  const watch = new LossWatch();
  const [rise] = losses.flatMap((loss, index) => watch.add(index + 1, loss) ?? []);
  expect(rise?.best).toBeCloseTo(2.08, 1);
  expect(rise?.bestStep).toBeGreaterThan(280);
  expect(rise?.mean).toBeCloseTo(7, 1);
});

test('A loss that falls again and rises again is warned of again.', () => {
  const losses = curve(1_500, (step) => (Math.floor(step / 300) % 2 === 0 ? 2 : 6));
  expect(warnings(losses)).toHaveLength(2);
});

test.each([
  ['of a fine-tuning', (step: number) => 0.9 + 1.6 * Math.exp(-step / 300) + noise(step, 0.8)],
  ['from scratch', (step: number) => 2.5 + 8 * Math.exp(-step / 400) + noise(step, 1)],
  ['that is flat', (step: number) => 4 + noise(step, 1.5)],
  [
    'of a model that is learnt by heart',
    (step: number) => 0.02 + 3 * Math.exp(-step / 100) + Math.abs(noise(step, 0.3)),
  ],
  ['with a bump at warm-up', (step: number) => 2 + (step > 50 && step < 130 ? 0.8 : 0) + noise(step, 0.4)],
  ['with short spikes', (step: number) => 2 + (step % 200 < 10 ? 10 : 0)],
])('An ordinary curve %s is not warned of.', (_, at) => {
  expect(warnings(curve(3_000, at))).toEqual([]);
});
