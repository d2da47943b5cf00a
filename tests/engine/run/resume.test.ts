import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Experiment } from '../../../src/engine/config/experiment.ts';
import type { TrainerEvent } from '../../../src/engine/run/protocol.ts';
import { tinyModel } from '../../support/tiny-model.ts';
import { eventsOf, metric, RunFolder, type WatchedRun, watchRun } from './small-experiment.ts';

let folder: RunFolder;
/** Five steps over two epochs of three: with accumulation, dropout, grouping by length and a best model kept track of. */
let experiment: Experiment;
let whole: WatchedRun;
let wholeDirectory: string;

beforeAll(async () => {
  folder = new RunFolder();
  experiment = folder.experiment(
    {
      per_device_train_batch_size: 4,
      gradient_accumulation_steps: 2,
      group_by_length: true,
      dropout: 0.2,
      max_steps: 5,
      logging_steps: 2,
      eval_strategy: 'steps',
      eval_steps: 1,
      predict_with_generate: false,
      save_strategy: 'steps',
      save_steps: 1,
      load_best_model_at_end: true,
      early_stopping_patience: 5,
      early_stopping_threshold: 100, // no evaluation but the first improves: the count goes up to 4
    },
    { evaluation: { before: true, after: false, references: 'decoded' } },
  );
  wholeDirectory = folder.newRun();
  whole = await watchRun(experiment, wholeDirectory);
});
afterAll(() => folder.remove());

/** A new run with checkpoints of the whole one in its folder. */
function runWith(steps: readonly number[]): { directory: string; checkpoint: string } {
  const directory = folder.newRun();
  for (const step of steps) {
    const name = join('checkpoints', `checkpoint-${step}`);
    cpSync(join(wholeDirectory, name), join(directory, name), { recursive: true });
  }
  return { directory, checkpoint: join(directory, 'checkpoints', `checkpoint-${steps.at(-1)}`) };
}

function resume(
  checkpoint: string,
  directory: string,
  changes: Partial<Experiment> = {},
  react: (event: TrainerEvent, trainer: WatchedRun['trainer']) => void = () => {},
  hasBefore = true,
): Promise<WatchedRun> {
  return watchRun({ ...experiment, ...changes }, directory, react, { checkpoint, hasBefore });
}

function fileOf(directory: string, name: string): Buffer {
  return readFileSync(join(directory, 'checkpoints', 'checkpoint-5', name));
}

/** The last state, without what a clock or a place decides. */
function stateOf(directory: string): unknown {
  const { best_model_checkpoint, log_history, ...state } = JSON.parse(
    fileOf(directory, 'trainer_state.json').toString('utf8'),
  );
  const isTimed = (key: string) => /_runtime|_per_second/.test(key);
  const history = log_history.map((entry: object) =>
    Object.fromEntries(Object.entries(entry).filter(([key]) => !isTimed(key))),
  );
  return { ...state, history, best: best_model_checkpoint?.split('/').at(-1) };
}

function expectSameEnd(directory: string): void {
  for (const name of ['model.safetensors', 'optimizer.safetensors']) {
    expect(fileOf(directory, name).equals(fileOf(wholeDirectory, name))).toBe(true);
  }
  expect(stateOf(directory)).toEqual(stateOf(wholeDirectory));
}

test.each([
  ['in the middle of an epoch', 2],
  ['at the end of an epoch', 3],
])(
  'A run that goes on from a checkpoint %s ends with the very numbers of one that was not interrupted.',
  async (_, step) => {
    expect(whole.end).toMatchObject({ type: 'ended', reason: 'completed', step: 5 });
    const { directory, checkpoint } = runWith([step]);
    const { events, end } = await resume(checkpoint, directory);
    expect(end).toEqual(whole.end);
    expect(eventsOf(events, 'resumed')).toEqual([{ type: 'resumed', step, checkpoint }]);
    expect(events.findIndex(({ type }) => type === 'resumed')).toBeGreaterThan(
      events.findIndex(({ type }) => type === 'ready'),
    );
    expect(metric(events, 'loss')).toEqual(metric(whole.events, 'loss').slice(step));
    expectSameEnd(directory);
  },
);

test('A trainer killed with SIGKILL is resumed with the very numbers of one that was not.', async () => {
  const directory = folder.newRun();
  const { end } = await watchRun(experiment, directory, (event, trainer) => {
    if (event.type === 'checkpoint' && event.step === 2 && trainer.pid !== null) process.kill(trainer.pid, 'SIGKILL');
  });
  expect(end.type).toBe('died');
  const steps = readdirSync(join(directory, 'checkpoints')).map((name) => Number(name.split('-')[1]));
  await resume(join(directory, 'checkpoints', `checkpoint-${Math.max(...steps)}`), directory);
  expectSameEnd(directory);
});

test('A training goes on and saves when the folder that it came from is removed.', async () => {
  const { directory, checkpoint } = runWith([2]);
  const { end } = await resume(checkpoint, directory, {}, (event) => {
    if (event.type === 'phase' && event.phase === 'training') rmSync(checkpoint, { recursive: true, force: true });
  });
  expect(end).toEqual(whole.end);
  expectSameEnd(directory);
});

test('A stop just before a due evaluation leaves it to the resumed run.', async () => {
  const { directory, checkpoint } = runWith([2]);
  const stopped = await resume(checkpoint, directory, {}, (event, trainer) => {
    if (event.type === 'phase' && event.phase === 'training') trainer.stop(); // arrives during step 3
  });
  expect(stopped.end).toMatchObject({ type: 'ended', reason: 'stopped', step: 3 });
  expect(eventsOf(stopped.events, 'evaluation')).toEqual([]);
  const { events } = await resume(join(directory, 'checkpoints', 'checkpoint-3'), directory);
  expect(eventsOf(events, 'evaluation').map(({ step }) => step)).toEqual([3, 4, 5]);
  expectSameEnd(directory);
});

test('A damaged checkpoint is passed over with a warning and removed, and the one before it is used.', async () => {
  const { directory, checkpoint } = runWith([2, 3]);
  truncateSync(join(checkpoint, 'optimizer.safetensors'), 1000);
  const { events } = await resume(checkpoint, directory);
  expect(eventsOf(events, 'warning')).toEqual([
    {
      type: 'warning',
      message: `The checkpoint ${checkpoint} is damaged: optimizer.safetensors is not what was written.`,
    },
    { type: 'warning', message: `${checkpoint} was removed: the training goes on from step 2, before it.` },
  ]);
  expect(eventsOf(events, 'resumed')[0]).toMatchObject({ step: 2 });
  expectSameEnd(directory);
});

test('The untouched model is scored first where it has not been, and does not change what follows.', async () => {
  const { directory, checkpoint } = runWith([3]);
  const { events } = await resume(checkpoint, directory, {}, () => {}, false);
  const [before] = eventsOf(events, 'evaluation');
  expect(before).toMatchObject({ stage: 'before', step: 0, bleu: null, decoding: null });
  expect(before?.loss).toBe(eventsOf(whole.events, 'evaluation')[0]?.loss);
  expectSameEnd(directory);
});

test('A run goes on without the model it started from, and may be given more steps.', async () => {
  const { directory, checkpoint } = runWith([3]);
  const { events, end } = await resume(checkpoint, directory, {
    model: join(folder.path, 'gone'),
    training: { ...experiment.training, max_steps: 6, logging_steps: 1, save_total_limit: 2 },
  });
  expect(end).toMatchObject({ type: 'ended', reason: 'completed', step: 6 });
  expect(metric(events, 'loss')).toHaveLength(3);
});

test.each(['gone', 'damaged'])(
  'A best model that is %s is missed with a warning, and the run goes on.',
  async (how) => {
    const { directory, checkpoint } = runWith([2]);
    const best = join(directory, 'checkpoints', 'checkpoint-1');
    if (how === 'damaged') {
      cpSync(checkpoint, best, { recursive: true });
      rmSync(join(best, 'vocab.json'));
    }
    const state = join(checkpoint, 'trainer_state.json');
    writeFileSync(state, readFileSync(state, 'utf8').replace('"best_checkpoint": 2', '"best_checkpoint": 1'));
    const sum = createHash('sha256').update(readFileSync(state)).digest('hex');
    const sums = readFileSync(join(checkpoint, 'SHA256SUMS'), 'utf8');
    writeFileSync(join(checkpoint, 'SHA256SUMS'), sums.replace(/.* {2}trainer_state/, `${sum}  trainer_state`));
    const { events, end } = await resume(checkpoint, directory);
    const what = {
      gone: `is not in ${join(directory, 'checkpoints')}`,
      damaged: `is damaged in ${best} (vocab.json is missing or cannot be read)`,
    }[how];
    const lost = `The best model so far, of step 1, ${what}: only a better one can still be kept.`;
    expect(eventsOf(events, 'warning')).toEqual([{ type: 'warning', message: lost }]);
    expect(end).toEqual(whole.end);
  },
);

test('A checkpoint of a training with other numbers is refused with each difference.', async () => {
  const { directory, checkpoint } = runWith([3]);
  const corpus = join(folder.path, 'other.tsv');
  writeFileSync(corpus, Array.from({ length: 12 }, (_, line) => `Line ${line}\tLigne ${line}\n`).join(''));
  const { events, end } = await resume(checkpoint, directory, {
    training: { ...experiment.training, learning_rate: 2e-5, seed: 7, logging_steps: 1, eval_steps: 2 },
    evaluation: { ...experiment.evaluation, before: !experiment.evaluation.before },
    data: {
      ...experiment.data,
      max_source_length: 32,
      corpus: { format: 'tsv', path: corpus, source_column: 1, target_column: 2 },
    },
  });
  expect(end).toMatchObject({ type: 'failed', error: { code: 'CONFIG', exitCode: 2 } });
  const message = end.type === 'failed' ? end.error.message : '';
  expect(message).toContain(`The training cannot go on from ${checkpoint}: it is not the same training.`);
  expect(message).toContain('training.learning_rate: is 0.00002, and was 0.001 when it was saved');
  expect(message).toContain('training.seed: is 7, and was 42 when it was saved');
  expect(message).toContain('data.max_source_length: is 32, and was 64 when it was saved');
  expect(message).toContain('data (pairs to train on): is 6, and was 18 when it was saved');
  expect(message).toMatch(/data\.corpus \(sha256\): is "[0-9a-f]{64}", and was "[0-9a-f]{64}"/);
  expect(message).not.toContain('logging_steps');
  // Grouped by length, the order depends on evaluations.
  expect(message).toContain('training.eval_steps: is 2, and was 1 when it was saved');
  expect(message).toContain('evaluation.before: is false, and was true when it was saved');
  expect(eventsOf(events, 'resumed')).toEqual([]);
  // Nothing that would make a run claim to have learnt from the other corpus.
  expect(eventsOf(events, 'data')).toEqual([]);
});

test("A checkpoint of transformers' Trainer is refused, with what to do instead.", async () => {
  const checkpoint = join(folder.newRun(), 'checkpoint-3');
  mkdirSync(checkpoint);
  cpSync(tinyModel, checkpoint, { recursive: true });
  writeFileSync(join(checkpoint, 'optimizer.pt'), '');
  const { end } = await resume(checkpoint, folder.newRun());
  expect(end).toMatchObject({
    type: 'failed',
    error: {
      code: 'CONFIG',
      message: `The training cannot go on from ${checkpoint}: transformers' Trainer wrote it, with an optimizer.pt that bleubird does not read.`,
      hint: `Fine-tune from its weights instead, with "model: ${checkpoint}".`,
    },
  });
});

test('Without any sound checkpoint the run fails and says so.', async () => {
  const { directory, checkpoint } = runWith([2]);
  writeFileSync(join(checkpoint, 'SHA256SUMS'), 'cut');
  const { end } = await resume(checkpoint, directory);
  expect(end).toMatchObject({
    type: 'failed',
    error: {
      code: 'RUN_FAILED',
      message: `The checkpoint ${checkpoint} is damaged: SHA256SUMS is cut off. There is no sound one before it.`,
    },
  });
});
