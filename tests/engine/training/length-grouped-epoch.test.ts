import { expect, test } from 'vitest';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import { lengthGroupedEpoch, lengthGroupedEvaluation } from '../../../src/engine/training/length-grouped-epoch.ts';
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
  /** Of the first examples: the step each is made after, and its order. */
  readonly evaluations: [step: number, order: number[]][];
}

test.each(readFixture<Case[]>('length-groups.json'))(
  'Epochs and evaluations grouped by length are those of Trainer 4.47 with $before evaluations before, eval_strategy $config.eval_strategy and $evaluated sentences evaluated.',
  ({ lengths, layers, evaluated, before, config: settings, epochs, evaluations }) => {
    const config = { ...recipe, ...settings };
    const plan = planTraining(lengths.length, config);
    const otherDraws = { layers, isEvaluatedBefore: before === 1, evaluatedSentences: evaluated };
    for (const [epoch, order] of epochs.entries()) {
      expect(lengthGroupedEpoch({ lengths, config, plan, otherDraws, epoch })).toEqual(order);
    }
    const ofEvaluation = {
      lengths: lengths.slice(0, evaluated),
      trainingSentences: lengths.length,
      config,
      plan,
      otherDraws,
    };
    for (const [step, order] of evaluations) {
      expect(lengthGroupedEvaluation({ ...ofEvaluation, step })).toEqual(order);
    }
  },
);
