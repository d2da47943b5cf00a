/** A trainer that loses its runner where no event is heard: within a step, or a batch of an evaluation. It is told by asking. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import type { TrainerEvent } from '../../../src/engine/run/protocol.ts';
import { RunControl } from '../../../src/engine/run/run-control.ts';
import { trainExperiment } from '../../../src/engine/run/train-experiment.ts';
import type { MetricTable } from '../../../src/engine/run/wire.ts';
import { listCheckpoints } from '../../../src/engine/training/checkpoint.ts';
import { RunFolder } from './small-experiment.ts';

type Sent = TrainerEvent | MetricTable;

/** Runs in this process, without a runner from the event on that `isLast` knows. @returns all events */
async function abandoned(training: Partial<TrainingConfig>, isLast: (event: Sent) => boolean) {
  const folder = new RunFolder();
  onTestFinished(() => folder.remove());
  const runDirectory = folder.newRun();
  const events: Sent[] = [];
  const control = new RunControl();
  let clock = 0;
  control.limitTime(() => (events.some(isLast) ? 60_000 : Number.POSITIVE_INFINITY));
  await trainExperiment({
    experiment: folder.experiment({ save_strategy: 'no', ...training }),
    runDirectory,
    resume: null,
    control,
    outlet: { send: async (event) => void events.push(event), flush: async () => {} },
    now: () => (clock += 1_000), // so that no event is held back
  });
  const checkpoints = await listCheckpoints(join(runDirectory, 'checkpoints'));
  return { events, saved: checkpoints.map(({ step }) => step) };
}

test('A step that nobody waits for any more is left, and the step before it is saved.', async () => {
  const isSecondStep = (event: Sent) => event.type === 'progress' && event.unit === 'steps' && event.done === 2;
  const isThirdStep = (event: Sent) => event.type === 'table' && event.steps.includes(3);
  const { events, saved } = await abandoned({ max_steps: 4 }, isSecondStep);
  expect(events.some(isSecondStep)).toBe(true);
  expect(events.some(isThirdStep)).toBe(false);
  expect(events.at(-1)).toMatchObject({ type: 'ended', reason: 'stopped', step: 2 });
  expect(saved).toEqual([2]);
});

test('An evaluation that nobody waits for any more is left, and the step before it is saved.', async () => {
  const training = { eval_strategy: 'steps', eval_steps: 2, predict_with_generate: false } as const;
  const isEvaluating = (event: Sent) => event.type === 'phase' && event.phase === 'evaluating';
  const { events, saved } = await abandoned(training, isEvaluating);
  expect(events.filter(({ type }) => type === 'evaluation')).toEqual([]);
  expect(events.at(-1)).toMatchObject({ type: 'ended', reason: 'stopped', step: 2 });
  expect(saved).toEqual([2]);
});
