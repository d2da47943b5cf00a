import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readWeights } from '../../../src/engine/model/model-directory.ts';
import { tinyModel } from '../../support/tiny-model.ts';
import { eventsOf, metric, RunFolder, watchRun } from './small-experiment.ts';

let folder: RunFolder;
beforeAll(() => {
  folder = new RunFolder();
});
afterAll(() => folder.remove());

const checkpointsOf = (directory: string) => readdirSync(join(directory, 'checkpoints')).sort();

test('Early stopping ends the run with its best model, which the last evaluation scores and which alone is kept.', async () => {
  const directory = folder.newRun();
  const experiment = folder.experiment(
    {
      max_steps: 6,
      eval_strategy: 'steps',
      eval_steps: 1,
      save_strategy: 'steps',
      save_steps: 1,
      save_total_limit: 1,
      load_best_model_at_end: true,
      metric_for_best_model: 'loss',
      greater_is_better: true, // of falling losses the first is then the best
      early_stopping_patience: 2,
    },
    { evaluation: { before: false, after: true, references: 'decoded' } },
  );
  const { events, end } = await watchRun(experiment, directory);
  const evaluations = eventsOf(events, 'evaluation');
  const [first, , , after] = evaluations;
  expect(end).toEqual({
    type: 'ended',
    reason: 'completed',
    step: 3,
    detail:
      'Ended early, after step 3: no improvement of loss in 2 evaluations in a row. ' +
      `The best model is that of step 1, with eval_loss ${first?.loss?.toFixed(4)}.`,
  });
  expect(evaluations.map(({ stage, step }) => [stage, step])).toEqual([
    ['epoch', 1],
    ['epoch', 2],
    ['epoch', 3],
    ['after', 1],
  ]);
  expect({ ...after, stage: 'epoch' }).toEqual(first);
  expect(eventsOf(events, 'checkpoint').map(({ step, isBest }) => [step, isBest])).toEqual([
    [1, true],
    [2, false],
    [3, false],
  ]);
  expect(eventsOf(events, 'checkpoint-removed').map(({ step }) => step)).toEqual([2, 3]);
  expect(checkpointsOf(directory)).toEqual(['checkpoint-1']);

  const state = JSON.parse(readFileSync(join(directory, 'trainer_state.json'), 'utf8'));
  expect(state).toMatchObject({
    global_step: 3,
    best_metric: first?.loss,
    best_model_checkpoint: join(directory, 'checkpoints', 'checkpoint-1'),
    stateful_callbacks: {
      EarlyStoppingCallback: {
        args: { early_stopping_patience: 2, early_stopping_threshold: 0 },
        attributes: { early_stopping_patience_counter: 2 },
      },
    },
  });
  const losses = metric(events, 'loss').map(Number);
  expect(state.log_history.at(-1).train_loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 3, 12);
});

/** Changes one bit of the weights of a checkpoint. */
function damage(checkpoint: string): void {
  const path = join(checkpoint, 'model.safetensors');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test.each([
  { save_strategy: 'steps', save_steps: 1, saved: [1, 2, 3], left: ['checkpoint-1', 'checkpoint-3'] },
  { save_strategy: 'best', save_steps: 500, saved: [1, 3], left: ['checkpoint-3'] },
] as const)(
  'A best model that is damaged by the end is not loaded: the last one stays, and is saved (by $save_strategy strategy).',
  async ({ saved, left, ...strategy }) => {
    const directory = folder.newRun();
    const best = join(directory, 'checkpoints', 'checkpoint-1');
    const experiment = folder.experiment(
      {
        max_steps: 3,
        eval_strategy: 'steps',
        eval_steps: 1,
        ...strategy,
        save_total_limit: 1,
        load_best_model_at_end: true,
        metric_for_best_model: 'loss',
        greater_is_better: true, // of falling losses the first is then the best
      },
      { evaluation: { before: false, after: true, references: 'decoded' } },
    );
    const { events, end } = await watchRun(experiment, directory, (event) => {
      if (event.type === 'evaluation' && event.stage === 'epoch' && event.step === 2) damage(best);
    });
    const problem = `the checkpoint ${best} is damaged: model.safetensors is not what was written`;
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      `The best model, of step 1, is not loaded: ${problem}. The run ends with its last model, of step 3.`,
    ]);
    expect(end).toMatchObject({ reason: 'completed', step: 3 });
    expect(end.type === 'ended' && end.detail).toMatch(
      /step 1, with eval_loss [\d.]+; it is damaged, and not loaded\.$/,
    );
    expect(eventsOf(events, 'evaluation').at(-1)).toMatchObject({ stage: 'after', step: 3 });
    expect(eventsOf(events, 'checkpoint').map(({ step }) => step)).toEqual(saved);
    expect(checkpointsOf(directory)).toEqual(left);
    const state = JSON.parse(readFileSync(join(directory, 'trainer_state.json'), 'utf8'));
    expect(state).toMatchObject({ global_step: 3, best_model_checkpoint: null });
  },
);

test('Without predict_with_generate the loss alone is measured: the same as with it, and nothing is translated.', async () => {
  const evaluation = { before: true, after: false, references: 'decoded' } as const;
  const run = (predict_with_generate: boolean) => {
    const experiment = folder.experiment({ max_steps: 1, predict_with_generate }, { evaluation });
    return watchRun({ ...experiment, data: { ...experiment.data, source_prefix: '>>fra<< ' } }, folder.newRun());
  };
  const lossOnly = await run(false);
  const translated = await run(true);
  const [measured] = eventsOf(lossOnly.events, 'evaluation');
  const [scored] = eventsOf(translated.events, 'evaluation');
  expect(measured).toMatchObject({ bleu: null, decoding: null, sentences: 6 });
  expect([measured?.loss, measured?.lossPerToken]).toEqual([scored?.loss, scored?.lossPerToken]);
  expect(eventsOf(lossOnly.events, 'translations')).toEqual([]);
  expect(metric(lossOnly.events, 'eval_bleu')).toEqual([]);
  const [{ message } = { message: '' }] = eventsOf(lossOnly.events, 'warning');
  expect(message).toContain('The model does not know the language code ">>fra<<"');
});

test('save_strategy best saves what is better than all before, and nothing else.', async () => {
  const directory = folder.newRun();
  const { events } = await watchRun(
    folder.experiment({
      max_steps: 3,
      eval_strategy: 'steps',
      eval_steps: 1,
      predict_with_generate: false,
      save_strategy: 'best',
      metric_for_best_model: 'eval_loss',
      greater_is_better: true,
    }),
    directory,
  );
  expect(eventsOf(events, 'checkpoint').map(({ step, isBest }) => [step, isBest])).toEqual([[1, true]]);
  expect(checkpointsOf(directory)).toEqual(['checkpoint-1']);
  expect(existsSync(join(directory, 'checkpoints', 'checkpoint-1', 'SHA256SUMS'))).toBe(true);
  const saved = await readWeights(join(directory, 'checkpoints', 'checkpoint-1'));
  expect([...saved.keys()].sort()).toEqual([...(await readWeights(tinyModel)).keys()].sort());
});

test('The checkpoint of the lowest loss outlives save_total_limit, also where no best model is asked for.', async () => {
  const directory = folder.newRun();
  const { events } = await watchRun(
    folder.experiment({
      max_steps: 4,
      learning_rate: 3, // far too high: it gets worse from the second step on, the first being of rate 0
      warmup_steps: 4,
      eval_strategy: 'steps',
      eval_steps: 1,
      predict_with_generate: false,
      save_strategy: 'steps',
      save_steps: 1,
      save_total_limit: 1,
    }),
    directory,
  );
  const losses = eventsOf(events, 'evaluation').flatMap(({ stage, step, loss }) =>
    stage === 'epoch' ? [{ step, loss: loss ?? Number.POSITIVE_INFINITY }] : [],
  );
  const [best] = losses.toSorted((a, b) => a.loss - b.loss);
  expect(best?.step).toBe(1);
  expect(checkpointsOf(directory)).toEqual(['checkpoint-1', 'checkpoint-4']);
});
