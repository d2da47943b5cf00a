import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TrainingConfig } from '../../../src/engine/config/experiment.ts';
import { readModelFiles } from '../../../src/engine/model/model-directory.ts';
import {
  bestMetricName,
  judgeEvaluation,
  NO_BEST_MODEL,
  warningForUnsavedBest,
} from '../../../src/engine/training/best-model.ts';
import { listCheckpoints, saveCheckpoint } from '../../../src/engine/training/checkpoint.ts';
import type { TrainerState } from '../../../src/engine/training/trainer-state.ts';
import { isSaveDue } from '../../../src/engine/training/training-plan.ts';
import { readFixture } from './numbers.ts';
import { recipe } from './recipe.ts';

interface Case {
  readonly config: Partial<TrainingConfig>;
  readonly values: number[];
  readonly endedAt: number;
  readonly saved: number[];
  readonly kept: number[][];
  readonly keptAtEnd: number[];
  readonly bestMetric: number;
  readonly bestCheckpoint: number;
}

const modelDirectory = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
const files = await readModelFiles(modelDirectory);
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bleubird-best-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A checkpoint of one number. */
async function save(step: number, limit: number | null, bestStep: number | null): Promise<number[]> {
  const tensor = { shape: [1], data: Float32Array.of(step) };
  const trainerState = { global_step: step } as unknown as TrainerState;
  const optimizer = { step, tensors: new Map() };
  const contents = { weights: new Map([['w', tensor]]), files, optimizer, trainerState };
  await saveCheckpoint(directory, contents, limit, bestStep);
  return (await listCheckpoints(directory)).map((checkpoint) => checkpoint.step);
}

test.each(readFixture<Case[]>('best-model.json').map((each, index) => ({ ...each, index })))(
  'Case $index: the best model, the end by patience and the checkpoints kept are those of Trainer.',
  async ({ config: settings, ...expected }) => {
    const config = { ...recipe, ...settings };
    let best = NO_BEST_MODEL;
    let bestCheckpoint: number | null = null;
    const saved: number[] = [];
    const kept: number[][] = [];
    let step = 0;
    let isOutOfPatience = false;
    while (step < expected.values.length && !isOutOfPatience) {
      step += 1;
      const value = expected.values[step - 1] ?? Number.NaN;
      const judgement = judgeEvaluation(config, best, step, { loss: value, bleu: value });
      best = judgement.best;
      const patience = config.early_stopping_patience;
      isOutOfPatience = patience !== null && best.badEvaluations >= patience;
      const moment = { step, isLastOfEpoch: step % 4 === 0, isLast: step === 8 };
      const isToSave =
        config.save_strategy === 'best' ? judgement.isBest : isSaveDue(config.save_strategy, config.save_steps, moment);
      if (!isToSave) continue;
      if (best.step === step) bestCheckpoint = step;
      saved.push(step);
      kept.push(await save(step, config.save_total_limit, bestCheckpoint));
    }
    expect({ endedAt: step, saved, kept, bestMetric: best.metric, bestCheckpoint }).toEqual({
      endedAt: expected.endedAt,
      saved: expected.saved,
      kept: expected.kept,
      bestMetric: expected.bestMetric,
      bestCheckpoint: expected.bestCheckpoint,
    });
  },
);

test('A training that evaluates oftener than it saves is told that its best model may not be kept.', () => {
  const config = {
    load_best_model_at_end: true,
    save_strategy: 'steps',
    eval_strategy: 'steps',
    save_steps: 40,
    eval_steps: 20,
  } as const;
  expect(warningForUnsavedBest(config)).toBe(
    'The best model may not be kept: training.eval_steps is 20, training.save_steps 40, and what is best between two saves ' +
      'is not saved. Equal numbers, or training.save_strategy: best, keep every best one.',
  );
  expect(warningForUnsavedBest({ ...config, save_steps: 20 })).toBeNull();
  expect(warningForUnsavedBest({ ...config, save_strategy: 'epoch', eval_strategy: 'epoch' })).toBeNull();
  expect(warningForUnsavedBest({ ...config, save_strategy: 'best' })).toBeNull();
  expect(warningForUnsavedBest({ ...config, load_best_model_at_end: false })).toBeNull();
});

test('The loss decides where the best model is asked for by no metric, and nothing where it is not asked for.', () => {
  const name = (metric_for_best_model: TrainingConfig['metric_for_best_model'], load_best_model_at_end: boolean) =>
    bestMetricName({ metric_for_best_model, load_best_model_at_end });
  expect([name(null, true), name(null, false), name('bleu', false), name('eval_bleu', true)]).toEqual([
    'eval_loss',
    null,
    'eval_bleu',
    'eval_bleu',
  ]);
  expect(judgeEvaluation(recipe, NO_BEST_MODEL, 1, { loss: 1, bleu: null }).isBest).toBe(false);
});
