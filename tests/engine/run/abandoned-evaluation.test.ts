/** A trainer that loses its runner within an evaluation: it is told between two layers, not by an event. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { TrainerEvent } from '../../../src/engine/run/protocol.ts';
import { RunControl } from '../../../src/engine/run/run-control.ts';
import { trainExperiment } from '../../../src/engine/run/train-experiment.ts';
import type { MetricTable } from '../../../src/engine/run/wire.ts';
import { listCheckpoints } from '../../../src/engine/training/checkpoint.ts';
import { RunFolder } from './small-experiment.ts';

test('An evaluation that nobody waits for any more is left, and the step before it is saved.', async () => {
  const folder = new RunFolder();
  onTestFinished(() => folder.remove());
  const runDirectory = folder.newRun();
  const events: (TrainerEvent | MetricTable)[] = [];
  const control = new RunControl();
  let isEvaluating = false;
  control.limitTime(() => (isEvaluating ? 60_000 : Number.POSITIVE_INFINITY));
  await trainExperiment({
    experiment: folder.experiment({
      eval_strategy: 'steps',
      eval_steps: 2,
      predict_with_generate: false,
      save_strategy: 'no',
    }),
    runDirectory,
    resume: null,
    control,
    outlet: {
      send: async (event) => {
        events.push(event);
        if (event.type === 'phase') isEvaluating = event.phase === 'evaluating';
      },
      flush: async () => {},
    },
    now: Date.now,
  });
  expect(events.filter(({ type }) => type === 'evaluation')).toEqual([]);
  expect(events.at(-1)).toMatchObject({ type: 'ended', reason: 'stopped', step: 2 });
  const checkpoints = await listCheckpoints(join(runDirectory, 'checkpoints'));
  expect(checkpoints.map(({ step }) => step)).toEqual([2]);
});
