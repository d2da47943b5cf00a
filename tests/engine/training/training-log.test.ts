import { expect, test } from 'vitest';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import { type LogEntry, roundHalfEven, TrainingLog } from '../../../src/engine/training/training-log.ts';
import { readFixture } from './numbers.ts';
import { recipe } from './recipe.ts';

interface Run {
  readonly config: Partial<TrainingConfig>;
  readonly losses: number[];
  readonly entries: LogEntry[];
  readonly end: { train_loss: number; epoch: number; step: number };
}

const fixture = readFixture<{ runs: Run[]; rounded: [number, number][] }>('training-log.json');

/** A step of the fixture's 14, six in each epoch. What only a log's reader looks at is taken from the expected entry. */
function report({ losses, entries }: Run, step: number) {
  const entry = entries.find((each) => each.step === step);
  return {
    step,
    epoch: step / 6,
    isLastOfEpoch: step % 6 === 0,
    isLast: step === 14,
    loss: losses[step - 1] ?? Number.NaN,
    learningRate: Number.NaN,
    nextLearningRate: entry?.learning_rate ?? Number.NaN,
    gradientNorm: entry?.grad_norm ?? Number.NaN,
    samples: 2,
  };
}

test.each(fixture.runs)(
  'Logs by $config.logging_strategy, first step $config.logging_first_step: steps, mean losses and summary are those of Trainer.',
  (run) => {
    let log = new TrainingLog({ ...recipe, ...run.config });
    for (let step = 1; step <= 14; step++) {
      log.addStep(report(run, step));
      // As in a training that is interrupted after each step and resumed.
      log = new TrainingLog({ ...recipe, ...run.config }, JSON.parse(JSON.stringify(log.state)));
    }
    expect(log.state.history).toEqual(run.entries);
    log.addEnd({ step: 14, epoch: 14 / 6 }, { seconds: 2, samples: 27, steps: 14 });
    const end = log.state.history.at(-1);
    expect(end).toMatchObject({
      train_runtime: 2,
      train_samples_per_second: 13.5,
      train_steps_per_second: 7,
      step: 14,
    });
    expect(end?.train_loss).toBeCloseTo(run.end.train_loss, 6); // torch adds in float32
    expect(end?.epoch).toBeCloseTo(run.end.epoch, 12);
  },
);

test('An epoch cut short by an early end is logged; nothing is where all is logged already.', () => {
  const log = new TrainingLog({ ...recipe, logging_strategy: 'epoch' });
  const [run] = fixture.runs;
  if (run === undefined) throw new RangeError('The fixture is empty.');
  for (let step = 1; step <= 8; step++) log.addStep(report(run, step));
  log.endEarly(report(run, 8));
  log.endEarly(report(run, 8));
  expect(log.state.history.map(({ step }) => step)).toEqual([6, 8]);
});

test.each(fixture.rounded)('%d is rounded to four places as Python rounds it.', (value, rounded) => {
  expect(roundHalfEven(value, 4)).toBe(rounded);
  expect(roundHalfEven(-value, 4)).toBe(-rounded);
});
