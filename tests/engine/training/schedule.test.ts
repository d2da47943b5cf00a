import { expect, test } from 'vitest';
import type { SchedulerType } from '../../../src/engine/config/experiment.ts';
import { countWarmupSteps, learningRateSchedule } from '../../../src/engine/training/schedule.ts';
import { ConfigError } from '../../../src/errors.ts';
import { expectClose, readFixture } from './numbers.ts';

interface Case {
  readonly type: SchedulerType;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly learningRate: number;
  readonly rates: number[];
}

test.each(readFixture<Case[]>('schedules.json'))(
  'The $type schedule with $warmupSteps of $totalSteps steps of warm-up gives the rates of get_scheduler.',
  ({ rates, ...options }) => {
    const rateAt = learningRateSchedule(options);
    // The same float64 arithmetic on both sides; relative to the base rate of 3e-4.
    expectClose(
      rates.map((_, stepsMade) => rateAt(stepsMade) / options.learningRate),
      rates.map((rate) => rate / options.learningRate),
      1e-12,
    );
  },
);

test('warmup_steps above 0 wins over warmup_ratio, whose share of the steps is rounded up.', () => {
  expect(countWarmupSteps({ warmup_steps: 5, warmup_ratio: 0.5 }, 100)).toBe(5);
  expect(countWarmupSteps({ warmup_steps: 0, warmup_ratio: 0.1 }, 101)).toBe(11);
  expect(countWarmupSteps({ warmup_steps: 0, warmup_ratio: 0 }, 101)).toBe(0);
});

test('A polynomial schedule refuses a rate that does not lie above its end.', () => {
  const options = { type: 'polynomial', learningRate: 1e-8, warmupSteps: 0, totalSteps: 10 } as const;
  expect(() => learningRateSchedule(options)).toThrow(ConfigError);
  expect(() => learningRateSchedule(options)).toThrow(
    'training.learning_rate: 1e-8 is not above 1e-7, where the polynomial schedule ends.',
  );
});
