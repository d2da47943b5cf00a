/** A model opened for a command: found, loaded on a device, with its tokenizer and generation settings. */
import { Option } from 'commander';
import type { DeviceName, GenerationConfig } from '../engine/config/experiment.ts';
import { findField } from '../engine/config/experiment-fields.ts';
import type { GenerationSettings } from '../engine/decoding/generation-settings.ts';
import type { Seq2SeqModel } from '../engine/model/seq2seq-model.ts';
import type { MarianTokenizer } from '../engine/text/marian-tokenizer.ts';
import { storeDirectory } from './store-option.ts';
import type { World } from './world.ts';

export interface ModelOptions {
  readonly model: string;
  readonly device: DeviceName;
  readonly store?: string;
  readonly beams?: number;
  readonly maxLength?: number;
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
    'a folder, run:RUN for its newest checkpoint, or a hub id in the local cache',
  ).makeOptionMandatory();
}

/** The option that chooses a device. */
export function deviceOption(): Option {
  return new Option('--device <name>', 'where to compute').choices(findField('device')?.choices ?? []).default('auto');
}

/**
 * Finds the folder of a model.
 *
 * @throws {ModelError} when it is not here
 */
export async function findModel(model: string, storeFolder: string | undefined, world: World): Promise<string> {
  const { resolveModel } = await import('../runner/resolve-model.ts');
  if (!model.startsWith('run:')) return resolveModel(model, { store: null, env: world.env });
  const { openStore } = await import('../store/open-store.ts');
  const store = openStore(storeDirectory(world, storeFolder), { readOnly: true });
  try {
    return resolveModel(model, { store, env: world.env });
  } finally {
    store.close();
  }
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
  const backend = await openBackend(options.device);
  world.output.note(`device: ${backend.name}, ${backend.description} (${backend.why})`);
  const model = await loadModel(directory);
  const overrides: GenerationConfig = {
    num_beams: options.beams ?? null,
    max_length: options.maxLength ?? null,
    length_penalty: null,
    early_stopping: null,
  };
  const settings = resolveGenerationSettings(await readGenerationConfig(directory), overrides, model);
  return { directory, model, tokenizer, settings };
}
