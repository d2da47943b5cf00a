import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Experiment } from '../../../src/engine/config/experiment.ts';
import { errorCode } from '../../../src/engine/files/system-error.ts';
import { readWeights } from '../../../src/engine/model/model-directory.ts';
import { tinyModel } from '../../support/tiny-model.ts';
import { eventsOf, metric, RunFolder, watchRun } from './small-experiment.ts';

let folder: RunFolder;
beforeAll(() => {
  folder = new RunFolder();
});
afterAll(() => folder.remove());

test('A run tells its whole story in order, and saves the trained model.', async () => {
  const directory = folder.newRun();
  const evaluation = { before: true, after: true, references: 'decoded' } as const;
  const { events, end } = await watchRun(folder.experiment({}, { evaluation }), directory);
  expect(end).toEqual({ type: 'ended', reason: 'completed', step: 4 });

  const story = events.flatMap((event) => {
    if (event.type === 'metrics' || event.type === 'progress' || event.type === 'sample') return [];
    return [event.type === 'phase' ? event.phase : event.type];
  });
  expect(story).toEqual([
    'loading',
    'ready',
    'data',
    'plan',
    'evaluating-before',
    'translations',
    'evaluation',
    'training',
    'saving', // after the epoch of three steps
    'checkpoint',
    'training',
    'saving', // after the last step, which ends the training within the second epoch
    'checkpoint',
    'evaluating-after',
    'translations',
    'evaluation',
    'ended',
  ]);
  const [data] = eventsOf(events, 'data');
  expect(data).toMatchObject({ pairs: 24, trainSize: 18, validationSize: 6, problemCounts: { unpaired: 1 } });
  expect(eventsOf(events, 'plan')[0]).toMatchObject({ totalSteps: 4, stepsPerEpoch: 3, parameters: 133_584 });

  const losses = metric(events, 'loss');
  expect(losses).toHaveLength(4);
  expect(metric(events, 'learning_rate')).toEqual([1e-3, 7.5e-4, 5e-4, 2.5e-4]);
  expect(metric(events, 'epoch').map((epoch) => epoch?.toFixed(4))).toEqual(['0.3333', '0.6667', '1.0000', '1.3333']);
  const [before, after] = eventsOf(events, 'evaluation');
  expect(after?.loss).toBeLessThan(before?.loss ?? 0);
  expect(metric(events, 'eval_loss')).toEqual([before?.loss, after?.loss]);
  expect(before).toMatchObject({ stage: 'before', step: 0, sentences: 6 });
  expect(after).toMatchObject({ stage: 'after', step: 4, sentences: 6 });
  const samples = eventsOf(events, 'sample');
  expect(samples.length).toBeGreaterThanOrEqual(3);
  const [translations] = eventsOf(events, 'translations');
  expect(translations?.items.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(translations?.items[samples[0]?.index ?? -1]?.source).toBe(samples[0]?.source);

  expect(readdirSync(join(directory, 'checkpoints')).sort()).toEqual(['checkpoint-3', 'checkpoint-4']);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const isOpen = (name: string) => (statSync(join(directory, name)).mode & 0o077) !== 0;
  expect(files.filter(isOpen)).toEqual([]); // a run is for its owner only
  const state = JSON.parse(readFileSync(join(directory, 'checkpoints', 'checkpoint-4', 'trainer_state.json'), 'utf8'));
  expect(state).toMatchObject({
    global_step: 4,
    max_steps: 4,
    best_metric: null,
    stateful_callbacks: { bleubird: { version: 2, train_size: 18, training: { seed: 42 } } },
  });
  expect(state.log_history.map(({ step, loss }: { step: number; loss: number }) => [step, loss])).toEqual([
    [2, Number((((losses[0] ?? 0) + (losses[1] ?? 0)) / 2).toFixed(4))],
    [4, Number((((losses[2] ?? 0) + (losses[3] ?? 0)) / 2).toFixed(4))],
  ]);
  const untouched = await readWeights(tinyModel);
  const trained = await readWeights(join(directory, 'checkpoints', 'checkpoint-4'));
  expect([...trained.keys()].sort()).toEqual([...untouched.keys()].sort());
  expect(trained.get('model.shared.weight')?.data).not.toEqual(untouched.get('model.shared.weight')?.data);
});

test('The same seed gives the same losses and gradients, to the last bit; another seed does not.', async () => {
  const run = (seed: number) =>
    watchRun(folder.experiment({ seed, max_steps: 3, save_strategy: 'no' }), folder.newRun());
  const [first, second, other] = await Promise.all([run(42), run(42), run(43)]);
  const losses = metric(first.events, 'loss');
  expect(losses).toHaveLength(3);
  expect(metric(second.events, 'loss')).toEqual(losses);
  expect(metric(second.events, 'grad_norm')).toEqual(metric(first.events, 'grad_norm'));
  expect(metric(other.events, 'loss')[0]).not.toBe(losses[0]);
});

test('Commands are obeyed after the step in hand: a checkpoint, then the end with another.', async () => {
  const directory = folder.newRun();
  let saves = 0;
  const { events, end } = await watchRun(
    folder.experiment({ max_steps: 1000, save_strategy: 'no' }),
    directory,
    (event, trainer) => {
      if (event.type === 'plan') trainer.checkpointNow();
      if (event.type === 'checkpoint') saves += 1;
      if (event.type === 'metrics' && saves > 0) trainer.stop();
    },
  );
  expect(end).toMatchObject({ type: 'ended', reason: 'stopped' });
  const [first, last] = eventsOf(events, 'checkpoint');
  expect(first?.step).toBeLessThan(10);
  expect(last?.step).toBe(eventsOf(events, 'ended')[0]?.step);
  expect(existsSync(join(last?.path ?? '', 'trainer_state.json'))).toBe(true);
});

test('A stop while the untouched model is scored ends the run at once, with nothing to save.', async () => {
  const evaluation = { before: true, after: true, references: 'decoded' } as const;
  const directory = folder.newRun();
  const { events, end } = await watchRun(folder.experiment({}, { evaluation }), directory, (event, trainer) => {
    if (event.type === 'phase' && event.phase === 'evaluating-before') trainer.stop();
  });
  expect(end).toEqual({ type: 'ended', reason: 'stopped', step: 0 });
  expect(events.at(-1)).toEqual({ type: 'ended', reason: 'stopped', step: 0 });
  expect(eventsOf(events, 'evaluation')).toEqual([]);
  expect(existsSync(join(directory, 'checkpoints'))).toBe(false);
});

test.skipIf(process.platform === 'win32')('A stop does not wait for the end of a corpus.', async () => {
  const pipe = join(folder.path, 'pipe.tsv');
  execFileSync('mkfifo', [pipe]);
  const experiment = folder.experiment();
  const data = { ...experiment.data, corpus: { ...experiment.data.corpus, path: pipe } } as Experiment['data'];
  const { end } = await watchRun({ ...experiment, data }, folder.newRun(), (event, trainer) => {
    if (event.type !== 'ready') return;
    void openedBy(pipe).then((writer) => {
      onTestFinished(() => closeSync(writer));
      trainer.stop();
    });
  });
  expect(end).toEqual({ type: 'ended', reason: 'stopped', step: 0 });
});

/** Opens a pipe to write into it, once somebody has opened it to read. */
async function openedBy(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (errorCode(error) !== 'ENXIO') throw error;
      await sleep(20);
    }
  }
}

test('A trainer killed with SIGKILL is reported with the signal, and its checkpoints stay.', async () => {
  const directory = folder.newRun();
  const { end } = await watchRun(
    folder.experiment({ max_steps: 1000, save_strategy: 'steps', save_steps: 1, save_total_limit: 1 }),
    directory,
    (event, trainer) => {
      if (event.type === 'checkpoint' && trainer.pid !== null) process.kill(trainer.pid, 'SIGKILL');
    },
  );
  expect(end).toMatchObject({ type: 'died', exitCode: null, signal: 'SIGKILL' });
  const whole = readdirSync(join(directory, 'checkpoints')).filter((name) => !name.startsWith('.'));
  expect(whole.length).toBeGreaterThanOrEqual(1);
});

test('SIGTERM ends a training as stop does, and Ctrl-C on the terminal is left to the runner.', async () => {
  const { events, end } = await watchRun(folder.experiment({ max_steps: 1000 }), folder.newRun(), (event, trainer) => {
    if (event.type !== 'metrics' || trainer.pid === null) return;
    process.kill(trainer.pid, 'SIGINT');
    if (event.points.some(({ step }) => step >= 2)) process.kill(trainer.pid, 'SIGTERM');
  });
  expect(end).toMatchObject({ type: 'ended', reason: 'stopped' });
  expect(eventsOf(events, 'checkpoint')).toHaveLength(1);
});

test('A learning rate that ruins the model ends the run with the step, the rate and what to change.', async () => {
  const directory = folder.newRun();
  const { events, end } = await watchRun(
    folder.experiment({ learning_rate: 1e30, save_strategy: 'steps', save_steps: 3 }),
    directory,
  );
  expect(end).toMatchObject({ type: 'failed', error: { code: 'RUN_FAILED', exitCode: 7 } });
  const error = end.type === 'failed' ? end.error : null;
  expect(error?.message).toMatch(
    /^Training diverged at step 2: the (loss|gradient norm) is NaN at learning rate 7\.5e\+29;/,
  );
  expect(error?.hint).toContain('Lower training.learning_rate');
  expect(metric(events, 'loss').at(-1)).toBeNull();
  expect(existsSync(join(directory, 'checkpoints'))).toBe(false);
  expect(readFileSync(join(directory, 'trainer.log'), 'utf8')).toContain('Training diverged at step 2');
});

test('A model folder that is not there is a failure with the code of models.', async () => {
  const { events, end } = await watchRun(
    folder.experiment({}, { model: join(folder.path, 'absent') }),
    folder.newRun(),
  );
  expect(end).toMatchObject({ type: 'failed', error: { code: 'MODEL', exitCode: 4 } });
  expect(end.type === 'failed' && end.error.message).toContain(join(folder.path, 'absent'));
  expect(events.at(-1)?.type).toBe('failed');
});

test('Lengths the model has no positions for are refused before any work.', async () => {
  const experiment = folder.experiment();
  const data = { ...experiment.data, max_source_length: 1024 };
  const { end } = await watchRun({ ...experiment, data }, folder.newRun());
  expect(end).toMatchObject({ type: 'failed', error: { code: 'CONFIG', exitCode: 2 } });
  expect(end.type === 'failed' && end.error.message).toContain(
    'data.max_source_length: 1024; the model has 512 positions.',
  );
});

test('Checkpoints that will not fit, and a best model that may not be saved, are warned of before the first step.', async () => {
  const best = { load_best_model_at_end: true, eval_strategy: 'steps', eval_steps: 1 } as const;
  const many = { max_steps: 1_000_000_000, save_strategy: 'steps', save_steps: 2, ...best } as const;
  const experiment = folder.experiment(many);
  const { events } = await watchRun(experiment, folder.newRun(), (event, trainer) => {
    if (event.type === 'phase' && event.phase === 'training') trainer.stop();
  });
  const warnings = eventsOf(events, 'warning').filter(({ message }) => message.startsWith('The disk may fill: '));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.message).toMatch(/up to 500000000 more checkpoints at once are to come, of about \d MB each; /);
  const warned = events.findIndex(({ type }) => type === 'warning');
  expect(events.slice(0, warned).map(({ type }) => type)).toContain('plan');
  expect(events.slice(0, warned).map(({ type }) => type)).not.toContain('metrics');
  expect(events[warned + 1]).toMatchObject({ message: expect.stringMatching(/^The best model may not be kept: /) });
});
