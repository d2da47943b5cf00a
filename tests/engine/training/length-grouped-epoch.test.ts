import { expect, test } from 'vitest';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import { lengthGroupedEpoch } from '../../../src/engine/training/length-grouped-epoch.ts';
import { planTraining } from '../../../src/engine/training/training-plan.ts';
import { readFixture } from './numbers.ts';
import { recipe } from './recipe.ts';

interface Case {
  readonly lengths: number[];
  readonly layers: number;
  readonly evaluated: number;
  readonly before: number;
  readonly config: Partial<TrainingConfig>;
  readonly epochs: number[][];
}

test.each(readFixture<Case[]>('length-groups.json'))(
  'Epochs grouped by length are those of Trainer 4.47 with $before evaluations before, eval_strategy $config.eval_strategy and $evaluated sentences evaluated.',
  ({ lengths, layers, evaluated, before, config: settings, epochs }) => {
    const config = { ...recipe, ...settings };
    const plan = planTraining(lengths.length, config);
    const otherDraws = { layers, isEvaluatedBefore: before === 1, evaluatedSentences: evaluated };
    for (const [epoch, order] of epochs.entries()) {
      expect(lengthGroupedEpoch({ lengths, config, plan, otherDraws, epoch })).toEqual(order);
    }
  },
);
