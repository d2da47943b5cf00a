/** The runner with the real trainer: a tiny model on a handful of sentences, for a few steps. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { resolveModel } from '../../src/runner/resolve-model.ts';
import { runExperiment } from '../../src/runner/run-experiment.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { experiment } from '../store/run-events.ts';
import { tinyModel } from '../support/tiny-model.ts';

const sentences = [
  ['Open the file.', 'Ouvrez le fichier.'],
  ['Close the window.', 'Fermez la fenêtre.'],
  ['Save the document.', 'Enregistrez le document.'],
  ['The file does not exist.', "Le fichier n'existe pas."],
  ['The window is open.', 'La fenêtre est ouverte.'],
  ['Print the page.', 'Imprimez la page.'],
  ['The page is empty.', 'La page est vide.'],
  ['Delete the file.', 'Supprimez le fichier.'],
];

function tinyExperiment(num_train_epochs: number) {
  const path = join(temporaryFolder(), 'pairs.tsv');
  writeFileSync(path, sentences.map((pair) => `${pair.join('\t')}\n`).join(''));
  return {
    ...experiment,
    name: 'tiny',
    model: tinyModel,
    device: 'wasm' as const,
    data: { ...experiment.data, corpus: { format: 'tsv' as const, path, source_column: 1, target_column: 2 } },
    training: {
      ...experiment.training,
      num_train_epochs,
      per_device_train_batch_size: 3,
      learning_rate: 1e-4,
      save_strategy: 'epoch' as const,
    },
    generation: { ...experiment.generation, max_length: 12 },
  };
}

it('trains, evaluates before and after, and leaves a checkpoint that the next run can start from', async () => {
  const store = newStore();
  const never = new AbortController().signal;
  const outcome = await runExperiment({ experiment: tinyExperiment(1), store, stop: never });
  expect(outcome).toMatchObject({ state: 'completed', error: null });

  const run = store.findRun('last');
  expect(run).toMatchObject({ trainSize: 6, validationSize: 2, totalSteps: 2, step: 2, etaSeconds: null });
  expect(run.device).toMatch(/wasm|WebAssembly/);
  expect(store.metricSeries(run.id, 'loss').map(({ step }) => step)).toEqual([1, 2]);
  const { before, after, bleuDelta } = store.beforeAfter(run.id) ?? {};
  expect([before?.sentences, after?.sentences]).toEqual([2, 2]);
  expect(before?.decoding).toEqual(after?.decoding);
  expect(bleuDelta).toBe(run.bleuDelta);
  const sources = sentences.map(([source]) => source);
  for (const row of store.translations(run.id)) {
    expect(sources).toContain(row.source);
    expect([typeof row.before, typeof row.after]).toEqual(['string', 'string']);
  }
  expect(store.translations(run.id)).toHaveLength(2);
  const checkpoint = await resolveModel(`run:${run.id}`, { store, env: {}, onWarning: expect.unreachable });
  expect(checkpoint).toBe(store.checkpoints(run.id).at(-1)?.path);
  expect(existsSync(join(checkpoint, 'model.safetensors'))).toBe(true);
});

it('stops after a step and saves when it is asked to', async () => {
  const store = newStore();
  const stop = new AbortController();
  const running = runExperiment({ experiment: tinyExperiment(1_000), store, runId: 'r', stop: stop.signal });
  const isOver = () => store.readRun('r')?.state === 'failed';
  while (store.metricSeries('r', 'loss').length === 0 && !isOver()) await sleep(20);
  stop.abort();
  expect((await running).state).toBe('stopped');
  const { step, totalSteps } = store.findRun('r');
  expect(step).toBeGreaterThan(0);
  expect(step).toBeLessThan(totalSteps ?? 0);
  expect(store.checkpoints('r').at(-1)?.step).toBe(step);
  expect(existsSync(await resolveModel('run:r', { store, env: {}, onWarning: expect.unreachable }))).toBe(true);
  // Whichever run is the last one later, this one's model stays what it was.
  const experiment = { ...tinyExperiment(1_000), model: 'run:last' };
  await runExperiment({ experiment, store, runId: 's', stop: AbortSignal.abort() });
  expect(store.findRun('s')).toMatchObject({ model: 'run:r', experiment: { model: 'run:r' } });
});
