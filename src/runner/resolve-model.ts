/** Finds the directory a `model:` means: a directory, the model a run ended with, or a hub model already on this disk. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDirectory, isFile } from '../engine/files/file-kind.ts';
import { findCachedSnapshot, type RepositoryName } from '../engine/hub/hub-files.ts';
import { readHubReference } from '../engine/hub/hub-id.ts';
import { readHubSettings } from '../engine/hub/hub-settings.ts';
import { listCheckpoints } from '../engine/training/checkpoint.ts';
import { checksumProblem } from '../engine/training/checksums.ts';
import { ModelError } from '../errors.ts';
import type { RunRecord } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { bestModelOf } from './best-model-of.ts';

export interface ResolveModelOptions {
  /** Where `run:` is looked up; null when there is none. */
  readonly store: Pick<Store, 'findRun' | 'checkpoints'> | null;
  readonly env: NodeJS.ProcessEnv;
  /** Told of a checkpoint of a run that is damaged and passed over. */
  onWarning(message: string): void;
}

/**
 * Gives back the absolute path of a model directory.
 *
 * @param model  a directory, `run:ID` (its best checkpoint where it was to end with the best, otherwise the newest, of those
 *               whose model is what was written), or a hub id such as `Helsinki-NLP/opus-mt-en-fr` or `org/name@revision`
 * @throws {ModelError} saying what to do when there is no such model here, or none that is sound
 * @throws {StoreError} when a run is unknown
 */
export async function resolveModel(model: string, options: ResolveModelOptions): Promise<string> {
  const { store, env } = options;
  if (model.startsWith('run:')) return await checkpointOf(model.slice('run:'.length), options);
  const path = resolve(model);
  if (isDirectory(path)) return requireConfig(path, model);
  const repository = readHubId(model);
  if (repository !== null) return cachedSnapshot(repository, env, runHint(model, store));
  throw new ModelError(`There is no model directory ${path}.`, {
    hint: 'Give a directory with config.json, a run as run:ID, or a hub id such as Helsinki-NLP/opus-mt-en-fr.',
  });
}

/** `run:last` and the like with the whole id: what is recorded must mean the same run tomorrow. Other names as they are. */
export function withRunId(model: string, store: Pick<Store, 'findRun'>): string {
  return model.startsWith('run:') ? `run:${store.findRun(model.slice('run:'.length)).id}` : model;
}

/** What helps when a model that was not found is what a user calls a run; null when it is not. */
export function runHint(model: string, store: ResolveModelOptions['store']): string | null {
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

async function checkpointOf(id: string, { store, onWarning }: ResolveModelOptions): Promise<string> {
  if (store === null)
    throw new ModelError(`The model run:${id} needs a store to look it up.`, { hint: 'Use --store DIR.' });
  const run = store.findRun(id);
  const recorded = store.checkpoints(run.id).filter(({ removedAt }) => removedAt === null);
  // A trainer whose runner was killed saves once more: nobody is left to record that one.
  const candidates = [...recorded, ...(await listCheckpoints(join(run.directory, 'checkpoints')))];
  const present = candidates.filter(({ path }) => isDirectory(path));
  if (present.length === 0) throw withoutCheckpoint(run, recorded);
  const problems: string[] = [];
  for (const path of inOrderOfChoice(present)) {
    const problem = await checksumProblem(path, (name) => name !== OPTIMIZER_FILE);
    if (problem === null) {
      for (const passedOver of problems) onWarning(passedOver);
      if (problems.length > 0) onWarning(`The model of ${path} is taken in its place.`);
      return path;
    }
    problems.push(`The checkpoint ${path} is damaged: ${problem}.`);
  }
  throw new ModelError([`Run ${run.id} has no sound checkpoint.`, ...problems].join(' '), { hint: CHOOSE_ANOTHER });
}

/** Of no use to who only takes the model. */
const OPTIMIZER_FILE = 'optimizer.safetensors';
const CHOOSE_ANOTHER = 'Choose another run, or set save_strategy to "epoch" or "steps" and run it again.';

/** Gives the newest checkpoint first, and before each the best one, where that knows it and was to end with it. */
function inOrderOfChoice(checkpoints: readonly { readonly step: number; readonly path: string }[]): Set<string> {
  const order = new Set<string>();
  for (const { path } of checkpoints.toSorted((a, b) => b.step - a.step)) {
    const best = bestModelOf(path);
    const wanted = best?.isWanted ? checkpoints.find(({ step }) => step === best.step) : undefined;
    if (wanted !== undefined) order.add(wanted.path);
    order.add(path);
  }
  return order;
}

function withoutCheckpoint({ id, state }: RunRecord, recorded: readonly { readonly path: string }[]): ModelError {
  const missing = recorded.map(({ path }) => path).join(', ');
  return new ModelError(
    recorded.length === 0
      ? `Run ${id} (${state}) has saved no checkpoint.`
      : `The checkpoints of run ${id} are no longer on the disk: ${missing}.`,
    { hint: CHOOSE_ANOTHER },
  );
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
