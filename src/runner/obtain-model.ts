/** Gets the directory of the model that a `model:` means, from the hub when it is not on this disk. */
import { resolve } from 'node:path';
import { isDirectory } from '../engine/files/file-kind.ts';
import { findCachedSnapshot, lookUpRepository, type RepositoryName, snapshot } from '../engine/hub/hub-files.ts';
import { readHubSettings } from '../engine/hub/hub-settings.ts';
import { isWholeModel, modelFilesOf } from '../engine/hub/model-files.ts';
import { ModelError } from '../errors.ts';
import { type ResolveModelOptions, readHubId, resolveModel, runHint } from './resolve-model.ts';

export interface ObtainModelOptions extends ResolveModelOptions {
  /** Called as bytes arrive; the total is null when the hub does not tell it. */
  onProgress?(doneBytes: number, totalBytes: number | null): void;
  readonly signal?: AbortSignal;
}

/**
 * Gives back the absolute path of a model directory.
 *
 * A hub model that is whole in the cache is taken as it is, without asking the hub whether its branch has moved on: a run
 * depends on what is here, and only `bleubird fetch` changes that.
 *
 * @throws {ModelError} saying what to do when it is neither here nor can be fetched; {StoreError} when a run is unknown;
 *   {CancelledError} when `signal` ends it
 */
export async function obtainModel(model: string, options: ObtainModelOptions): Promise<string> {
  const repository = missingRepository(model, options.env);
  if (repository === null) return await resolveModel(model, options);
  const { env, signal } = options;
  try {
    return await snapshot({
      ...repository,
      files: modelFilesOf,
      env,
      signal,
      onProgress: (doneBytes, totalBytes) => options.onProgress?.(doneBytes, totalBytes),
      onWarning: (message) => options.onWarning(message),
    });
  } catch (error) {
    throw sayWhereItIsNot(error, model, options);
  }
}

/**
 * Gives back the directory of a model that is here, or null for one that the hub says it has and may be fetched.
 *
 * @throws as `obtainModel`
 */
export async function lookUpModel(
  model: string,
  options: ResolveModelOptions & { signal?: AbortSignal },
): Promise<string | null> {
  const { env, signal } = options;
  const repository = missingRepository(model, env);
  if (repository === null) return await resolveModel(model, options);
  try {
    await lookUpRepository({ ...repository, files: modelFilesOf, env, signal });
    return null;
  } catch (error) {
    throw sayWhereItIsNot(error, model, options);
  }
}

/** The repository that a model is of, when it is not whole on this disk and may be asked for. */
function missingRepository(model: string, env: NodeJS.ProcessEnv): RepositoryName | null {
  if (model.startsWith('run:') || isDirectory(resolve(model))) return null;
  const repository = readHubId(model);
  if (repository === null || readHubSettings(env).isOffline) return null;
  const cached = findCachedSnapshot({ ...repository, env });
  return cached !== null && isWholeModel(cached.names) ? null : repository;
}

/** The hub knows nothing of a misspelt path. */
function sayWhereItIsNot(error: unknown, model: string, options: ResolveModelOptions): unknown {
  if (!(error instanceof ModelError)) return error;
  const { cacheDirectory } = readHubSettings(options.env);
  return new ModelError(
    `The model "${model}" is neither a directory nor whole in the Hugging Face cache ${cacheDirectory}, and cannot be fetched. ${error.message}`,
    { cause: error, hint: runHint(model, options.store) ?? error.hint },
  );
}
