/** Finds the directory a `model:` means: a directory, the model a run ended with, or a hub model already on this disk. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDirectory, isFile } from '../engine/files/file-kind.ts';
import { findCachedSnapshot, type RepositoryName } from '../engine/hub/hub-files.ts';
import { readHubReference } from '../engine/hub/hub-id.ts';
import { readHubSettings } from '../engine/hub/hub-settings.ts';
import { ModelError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { bestModelOf } from './best-model-of.ts';

export interface ResolveModelOptions {
  /** Where `run:` is looked up; null when there is none. */
  readonly store: Pick<Store, 'findRun' | 'checkpoints'> | null;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Gives back the absolute path of a model directory.
 *
 * @param model  a directory, `run:ID` (its best checkpoint where it was to end with the best, otherwise the newest), or a hub id such as `Helsinki-NLP/opus-mt-en-fr` or `org/name@revision`
 * @throws {ModelError} saying what to do when there is no such model here
 * @throws {StoreError} when a run is unknown
 */
export function resolveModel(model: string, { store, env }: ResolveModelOptions): string {
  if (model.startsWith('run:')) return checkpointOf(model.slice('run:'.length), store);
  const path = resolve(model);
  if (isDirectory(path)) return requireConfig(path, model);
  const repository = readHubId(model);
  if (repository !== null) return cachedSnapshot(repository, env, runHint(model, { store, env }));
  throw new ModelError(`There is no model directory ${path}.`, {
    hint: 'Give a directory with config.json, a run as run:ID, or a hub id such as Helsinki-NLP/opus-mt-en-fr.',
  });
}

/** `run:last` and the like with the whole id: what is recorded must mean the same run tomorrow. Other names as they are. */
export function withRunId(model: string, store: Pick<Store, 'findRun'>): string {
  return model.startsWith('run:') ? `run:${store.findRun(model.slice('run:'.length)).id}` : model;
}

/** What helps when a model that was not found is what a user calls a run; null when it is not. */
export function runHint(model: string, { store }: ResolveModelOptions): string | null {
  try {
    return store === null ? null : `Run ${store.findRun(model).id} is given as run:${model}.`;
  } catch {
    return null;
  }
}

/** Reads a hub id, `org/name` or `org/name@revision`; null when it cannot be one. Whether there is one, it does not say. */
export function readHubId(model: string): RepositoryName | null {
  const reference = readHubReference(model);
  return reference === null ? null : { type: 'model', ...reference };
}

function checkpointOf(id: string, store: ResolveModelOptions['store']): string {
  if (store === null)
    throw new ModelError(`The model run:${id} needs a store to look it up.`, { hint: 'Use --store DIR.' });
  const run = store.findRun(id);
  const recorded = store.checkpoints(run.id).filter(({ removedAt }) => removedAt === null);
  const candidates = [...recorded, ...checkpointsIn(join(run.directory, 'checkpoints'))].sort(
    (a, b) => a.step - b.step,
  );
  const present = candidates.filter(({ path }) => isFile(join(path, 'config.json')));
  const newest = present.at(-1);
  if (newest !== undefined) {
    const best = bestModelOf(newest.path);
    return (best?.isWanted ? present.find(({ step }) => step === best.step) : undefined)?.path ?? newest.path;
  }
  const missing = recorded.map(({ path }) => path).join(', ');
  throw new ModelError(
    recorded.length === 0
      ? `Run ${run.id} (${run.state}) has saved no checkpoint.`
      : `The checkpoints of run ${run.id} are no longer on the disk: ${missing}.`,
    { hint: 'Choose another run, or set save_strategy to "epoch" or "steps" and run it again.' },
  );
}

/** A trainer whose runner was killed saves once more: nobody is left to record that one. */
function checkpointsIn(directory: string): { step: number; path: string }[] {
  const names = isDirectory(directory) ? readdirSync(directory) : [];
  return names.flatMap((name) => {
    const step = /^checkpoint-(\d+)$/.exec(name)?.[1];
    return step === undefined ? [] : [{ step: Number(step), path: join(directory, name) }];
  });
}

function requireConfig(directory: string, model: string): string {
  if (isFile(join(directory, 'config.json'))) return directory;
  const checkpoint = readdirSync(directory).find((name) => isFile(join(directory, name, 'config.json')));
  throw new ModelError(`${directory} is not a model: it holds no config.json.`, {
    hint:
      checkpoint === undefined
        ? 'A model directory holds config.json, model.safetensors or pytorch_model.bin, and the tokenizer files.'
        : `There is one in ${join(model, checkpoint)}.`,
  });
}

function cachedSnapshot(repository: RepositoryName, env: NodeJS.ProcessEnv, ownHint: string | null): string {
  const cached = findCachedSnapshot({ ...repository, env });
  if (cached?.names.includes('config.json')) return cached.directory;
  const { id, revision } = repository;
  const named = revision === 'main' ? id : `${id}@${revision}`;
  const { cacheDirectory, isOffline } = readHubSettings(env);
  throw new ModelError(`The model "${named}" is neither a directory nor in the Hugging Face cache ${cacheDirectory}.`, {
    hint:
      ownHint ??
      `A path in an experiment file starts at the file's folder, one on the command line at ${resolve('.')}. A model of the hub is fetched with "bleubird fetch ${named}"${isOffline ? ', which HF_HUB_OFFLINE forbids,' : ''} or copied with that cache from a machine which has it.`,
  });
}
