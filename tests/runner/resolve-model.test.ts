/** From what `model:` says to a directory. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeChecksums } from '../../src/engine/training/checksums.ts';
import { trainerState } from '../../src/engine/training/trainer-state.ts';
import { planTraining } from '../../src/engine/training/training-plan.ts';
import { ModelError, StoreError } from '../../src/errors.ts';
import { resolveModel } from '../../src/runner/resolve-model.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { envelopes, newRun } from '../store/run-events.ts';
import { dataConfig, trainingConfig } from '../support/experiment.ts';

function modelIn(directory: string): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.json'), '{}');
  return directory;
}

/** Makes a checkpoint of a run, with checksums. */
async function checkpointIn(runDirectory: string, step: number): Promise<string> {
  const path = modelIn(join(runDirectory, 'checkpoints', `checkpoint-${step}`));
  for (const name of ['model.safetensors', 'optimizer.safetensors', 'trainer_state.json']) {
    writeFileSync(join(path, name), '{}');
  }
  await writeChecksums(path);
  return path;
}

/** Writes what a checkpoint knows of its training, in which the model of step 5 is the best so far. */
async function writeState(checkpoint: string, step: number, load_best_model_at_end: boolean): Promise<void> {
  const training = trainingConfig({ load_best_model_at_end });
  const data = dataConfig({ corpus: { format: 'moses', source: 'a.en', target: 'a.fr' } });
  const state = trainerState(
    {
      step,
      epoch: 1,
      log: { history: [], lossSum: 0, stepsInSum: 0, loggedLossSum: 0 },
      best: { metric: 1.5, step: 5, badEvaluations: 1 },
      bestCheckpoint: 5,
      isEvaluationPending: false,
    },
    planTraining(60, training),
    { training, data, dataHash: 'h', trainSize: 60, isEvaluatedBefore: true, evaluatedSentences: 2 },
    (each) => `checkpoint-${each}`,
  );
  writeFileSync(join(checkpoint, 'trainer_state.json'), JSON.stringify(state));
  await writeChecksums(checkpoint);
}

const onWarning = (message: string) => expect.unreachable(message);
const nowhere = { store: null, env: { HF_HOME: '/nowhere/huggingface' }, onWarning };

describe('a directory', () => {
  it('is taken as it is, and made absolute', async () => {
    const directory = modelIn(join(temporaryFolder(), 'model'));
    expect(await resolveModel(directory, nowhere)).toBe(directory);
    expect(await resolveModel(relative(process.cwd(), directory), nowhere)).toBe(directory);
  });

  it('without config.json is refused, with the checkpoint inside it as a hint', async () => {
    const folder = temporaryFolder();
    await expect(resolveModel(folder, nowhere)).rejects.toThrow(`${folder} is not a model: it holds no config.json.`);
    modelIn(join(folder, 'checkpoint-5'));
    try {
      await resolveModel(folder, nowhere);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
      expect(error).toHaveProperty('hint', `There is one in ${join(folder, 'checkpoint-5')}.`);
    }
  });

  it('that does not exist is refused', async () => {
    await expect(resolveModel('/nowhere/model', nowhere)).rejects.toThrow(
      'There is no model directory /nowhere/model.',
    );
  });
});

describe('a hub id', () => {
  /** Lays out a cache as huggingface_hub does. */
  function cacheWith(cache: string, commit = 'abc'): string {
    const repository = join(cache, 'models--Org--opus-mt-en-fr');
    mkdirSync(join(repository, 'refs'), { recursive: true });
    writeFileSync(join(repository, 'refs', 'main'), `${commit}\n`);
    return modelIn(join(repository, 'snapshots', commit));
  }

  it.each([
    { variable: 'HF_HUB_CACHE', below: '' },
    { variable: 'HUGGINGFACE_HUB_CACHE', below: '' },
    { variable: 'HF_HOME', below: 'hub' },
    { variable: 'XDG_CACHE_HOME', below: 'huggingface/hub' },
    { variable: 'HOME', below: '.cache/huggingface/hub' },
  ])('is found in the cache that $variable leads to', async ({ variable, below }) => {
    const folder = temporaryFolder();
    const snapshot = cacheWith(join(folder, below));
    const env = { HOME: '/nowhere', [variable]: folder };
    expect(await resolveModel('Org/opus-mt-en-fr', { store: null, env, onWarning })).toBe(snapshot);
    expect(await resolveModel('Org/opus-mt-en-fr@abc', { store: null, env, onWarning })).toBe(snapshot);
  });

  it('that is not there names the cache and how to fill it', async () => {
    for (const model of ['Org/opus-mt-en-fr', 'Org/opus-mt-en-fr@v2']) {
      try {
        await resolveModel(model, nowhere);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError);
        expect(error).toHaveProperty(
          'message',
          `The model "${model}" is neither a directory nor in the Hugging Face cache /nowhere/huggingface/hub.`,
        );
        expect(error).toHaveProperty('hint', expect.stringContaining(`is fetched with "bleubird fetch ${model}"`));
      }
    }
  });
});

describe('a run', () => {
  async function runWithCheckpoints() {
    const store = newStore();
    const writer = store.createRun(newRun({ id: 'k3f9q' }));
    const number = envelopes();
    const paths: string[] = [];
    for (const step of [5, 10, 15]) {
      const path = await checkpointIn(writer.directory, step);
      writer.record(number({ type: 'checkpoint', step, epoch: 1, path, sizeBytes: 1 }));
      paths.push(path);
    }
    writer.record(number({ type: 'checkpoint-removed', step: 15, path: paths[2] ?? '' }));
    return { store, paths };
  }

  it('is its newest checkpoint that is still there', async () => {
    const { store, paths } = await runWithCheckpoints();
    const [first = '', second = '', third = ''] = paths;
    rmSync(third, { recursive: true });
    expect(await resolveModel('run:k3f', { store, env: {}, onWarning })).toBe(second);
    rmSync(second, { recursive: true });
    expect(await resolveModel('run:last', { store, env: {}, onWarning })).toBe(first);
  });

  it('is its best checkpoint where it was to end with the best, while that is there', async () => {
    const { store, paths } = await runWithCheckpoints();
    const [first = '', second = '', third = ''] = paths;
    rmSync(third, { recursive: true });
    await writeState(second, 10, false);
    expect(await resolveModel('run:k3f', { store, env: {}, onWarning })).toBe(second);
    await writeState(second, 10, true);
    expect(await resolveModel('run:k3f', { store, env: {}, onWarning })).toBe(first);
    rmSync(first, { recursive: true });
    expect(await resolveModel('run:k3f', { store, env: {}, onWarning })).toBe(second);
  });

  it('is the one its trainer saved when the runner was gone already', async () => {
    const { store } = await runWithCheckpoints();
    const path = await checkpointIn(store.runDirectory('k3f9q'), 100);
    mkdirSync(join(store.runDirectory('k3f9q'), 'checkpoints', '.unfinished-checkpoint-200'));
    expect(await resolveModel('run:k3f9q', { store, env: {}, onWarning })).toBe(path);
  });

  it('is never a checkpoint that is damaged: the one before it is taken, with a warning', async () => {
    const { store, paths } = await runWithCheckpoints();
    const [first = '', second = '', third = ''] = paths;
    rmSync(third, { recursive: true });
    const warnings: string[] = [];
    const options = { store, env: {}, onWarning: (message: string) => warnings.push(message) };
    writeFileSync(join(second, 'optimizer.safetensors'), 'of no use to a model');
    expect(await resolveModel('run:k3f', options)).toBe(second);
    expect(warnings).toEqual([]);
    writeFileSync(join(second, 'model.safetensors'), 'not what was written');
    const problem = `The checkpoint ${second} is damaged: model.safetensors is not what was written.`;
    expect(await resolveModel('run:k3f', options)).toBe(first);
    expect(warnings).toEqual([problem, `The model of ${first} is taken in its place.`]);
    rmSync(join(first, 'config.json'));
    await expect(resolveModel('run:k3f', options)).rejects.toThrow(
      `Run k3f9q has no sound checkpoint. ${problem} The checkpoint ${first} is damaged: config.json is missing or cannot be read.`,
    );
  });

  it('is not its best checkpoint where that is damaged', async () => {
    const { store, paths } = await runWithCheckpoints();
    const [first = '', second = '', third = ''] = paths;
    rmSync(third, { recursive: true });
    await writeState(second, 10, true);
    writeFileSync(join(first, 'model.safetensors'), 'not what was written');
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    expect(await resolveModel('run:k3f', { store, env: {}, onWarning })).toBe(second);
    expect(warnings[0]).toBe(`The checkpoint ${first} is damaged: model.safetensors is not what was written.`);
  });

  it('without a checkpoint is refused', async () => {
    const { store, paths } = await runWithCheckpoints();
    for (const path of paths) rmSync(path, { recursive: true });
    await expect(resolveModel('run:last', { store, env: {}, onWarning })).rejects.toThrow(
      `The checkpoints of run k3f9q are no longer on the disk: ${paths[0]}, ${paths[1]}.`,
    );
    store.createRun(newRun({ id: 'b2222' }));
    await expect(resolveModel('run:b2222', { store, env: {}, onWarning })).rejects.toThrow(
      'Run b2222 (pending) has saved no checkpoint.',
    );
  });

  it('given without run: is looked for elsewhere, with a hint', async () => {
    const { store } = await runWithCheckpoints();
    await expect(resolveModel('last', { ...nowhere, store })).rejects.toThrow(
      expect.objectContaining({ hint: 'Run k3f9q is given as run:last.' }),
    );
    await expect(resolveModel('unknown', { ...nowhere, store })).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringContaining('bleubird fetch unknown') }),
    );
  });

  it('that is unknown is a StoreError', async () => {
    const { store } = await runWithCheckpoints();
    await expect(resolveModel('run:zzz', { store, env: {}, onWarning })).rejects.toThrow(StoreError);
    await expect(resolveModel('run:zzz', nowhere)).rejects.toThrow('The model run:zzz needs a store to look it up.');
  });
});
