/** A model opened for a command: found, loaded on a device, with its tokenizer and generation settings. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { DeviceName, GenerationConfig, Precision } from '../engine/config/experiment.ts';
import { findField } from '../engine/config/experiment-fields.ts';
import type { GenerationSettings } from '../engine/decoding/generation-settings.ts';
import { isDirectory } from '../engine/files/file-kind.ts';
import type { Seq2SeqModel } from '../engine/model/seq2seq-model.ts';
import type { MarianTokenizer } from '../engine/text/marian-tokenizer.ts';
import { ModelError } from '../errors.ts';
import { positiveNumber } from './arguments.ts';
import { openToRead } from './store-option.ts';
import { withDownload } from './with-download.ts';
import type { World } from './world.ts';

export interface ModelOptions {
  readonly model: string;
  readonly device: DeviceName;
  readonly precision: Precision;
  readonly threads?: number;
  readonly store?: string;
  readonly beams?: number;
  readonly maxLength?: number;
  readonly compatibility: GenerationConfig['compatibility'];
}

export interface OpenedModel {
  readonly directory: string;
  readonly model: Seq2SeqModel;
  readonly tokenizer: MarianTokenizer;
  readonly settings: GenerationSettings;
}

/** The option that names a model. */
export function modelOption(): Option {
  return new Option(
    '-m, --model <model>',
    'a folder, run:RUN for the model it ended with, or a hub id (org/name, org/name@revision)',
  ).makeOptionMandatory();
}

/** The option that chooses whose beam search is followed. */
export function compatibilityOption(): Option {
  return new Option('--compatibility <version>', 'of transformers, whose beam search is followed')
    .choices(findField('generation.compatibility')?.choices ?? [])
    .default('transformers-4');
}

/** The option that chooses a device. */
export function deviceOption(): Option {
  return new Option('--device <name>', 'where to compute').choices(findField('device')?.choices ?? []).default('auto');
}

/** The option that chooses the precision of matrix products. */
export function precisionOption(): Option {
  return new Option('--precision <name>', 'of matrix products, on the device native')
    .choices(findField('precision')?.choices ?? [])
    .default('auto');
}

/** The option that chooses how many threads compute. */
export function threadsOption(): Option {
  return new Option(
    '--threads <count>',
    'of the device native (default: all physical cores the process may use)',
  ).argParser(positiveNumber);
}

/**
 * Finds the folder of a model, fetching it from the hub when it is not here.
 *
 * @throws {ModelError} when it is neither here nor can be fetched, {CancelledError} on Ctrl-C meanwhile
 */
export async function findModel(model: string, storeFolder: string | undefined, world: World): Promise<string> {
  const { obtainModel } = await import('../runner/obtain-model.ts');
  if (!model.startsWith('run:')) {
    await refuseNameOfRun(model, storeFolder, world);
    return await withDownload(model, world, (download) =>
      obtainModel(model, { store: null, env: world.env, ...download }),
    );
  }
  const store = await openToRead(world, storeFolder);
  try {
    return await obtainModel(model, { store, env: world.env, onWarning: (message) => world.output.warn(message) });
  } finally {
    store.close();
  }
}

/** `--model last`: the hub has no model without an owner that could be meant, and should not be asked for a run's name. */
async function refuseNameOfRun(model: string, storeFolder: string | undefined, world: World): Promise<void> {
  if (!/^[\w-]+$/.test(model) || isDirectory(resolve(world.cwd, model))) return;
  const { runHint } = await import('../runner/resolve-model.ts');
  const store = await openToRead(world, storeFolder);
  const hint = runHint(model, store);
  store.close();
  if (hint !== null) throw new ModelError(`There is no model directory ${resolve(world.cwd, model)}.`, { hint });
}

/**
 * Opens a model, and says on stderr where it computes.
 *
 * @throws {ModelError} when it is not here or cannot be loaded, {DeviceError} when the device cannot be used
 */
export async function openModel(options: ModelOptions, world: World): Promise<OpenedModel> {
  const directory = await findModel(options.model, options.store, world);
  // Only here is tfjs loaded: every other command starts without it.
  const [{ openBackend }, { loadModel }, { readGenerationConfig }, { resolveGenerationSettings }, tokenizers] =
    await Promise.all([
      import('../engine/backend/open-backend.ts'),
      import('../engine/model/load-model.ts'),
      import('../engine/model/model-directory.ts'),
      import('../engine/decoding/generation-settings.ts'),
      import('../engine/text/marian-tokenizer.ts'),
    ]);
  const tokenizer = await tokenizers.MarianTokenizer.load(directory);
  const backend = await openBackend(options.device, { precision: options.precision, threads: options.threads ?? null });
  world.output.note(`device: ${backend.name}, ${backend.description} (${backend.why})`);
  const model = await loadModel(directory);
  const overrides: GenerationConfig = {
    num_beams: options.beams ?? null,
    max_length: options.maxLength ?? null,
    length_penalty: null,
    early_stopping: null,
    compatibility: options.compatibility,
  };
  const settings = resolveGenerationSettings(await readGenerationConfig(directory), overrides, model);
  return { directory, model, tokenizer, settings };
}
