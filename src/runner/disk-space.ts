/** Says before a run whether its checkpoints will fit on the disk, from the size of the model that it starts from. */
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainingConfig } from '../engine/config/experiment.ts';
import { StoreError } from '../errors.ts';

/** A checkpoint holds the weights and AdamW's two moments of each. */
const COPIES_OF_WEIGHTS = 3;
const WEIGHT_FILES = ['model.safetensors', 'pytorch_model.bin'];

/**
 * Gives back a warning with numbers when the checkpoints that will be kept do not fit into `folder`, null when they do or
 * nothing can be said.
 *
 * @param freeBytes  of the disk, by default asked of the system
 * @throws {StoreError} when not even one fits
 */
export async function checkDiskSpace(
  folder: string,
  modelDirectory: string,
  training: Pick<TrainingConfig, 'save_strategy' | 'save_total_limit' | 'num_train_epochs'>,
  freeBytes?: number,
): Promise<string | null> {
  const weightBytes = await sizeOfWeights(modelDirectory);
  const free = freeBytes ?? (await freeIn(folder));
  if (weightBytes === null || free === null) return null;
  const one = COPIES_OF_WEIGHTS * weightBytes;
  const numbers = `a checkpoint takes about ${megabytes(one)}, ${folder} has ${megabytes(free)} free`;
  if (free < one) {
    throw new StoreError(`The disk has no room for one checkpoint: ${numbers}.`, {
      hint: 'Free some space, or choose another folder with --store DIR or BLEUBIRD_STORE.',
    });
  }
  // A new one is written before the oldest goes.
  const atOnce = keptCheckpoints(training) + 1;
  if (free >= atOnce * one) return null;
  return `the disk may fill: ${numbers}, and up to ${atOnce} are there at once; training.save_total_limit keeps fewer`;
}

function keptCheckpoints({ save_strategy, save_total_limit, num_train_epochs }: Parameters<typeof checkDiskSpace>[2]) {
  // How many steps there will be is known once the corpus is read: without a limit, one is the least.
  const made = save_strategy === 'epoch' ? Math.ceil(num_train_epochs) : (save_total_limit ?? 1);
  // The best one stays beside the newest, whatever the limit.
  return Math.min(made, save_total_limit === null ? Number.POSITIVE_INFINITY : Math.max(2, save_total_limit));
}

async function sizeOfWeights(directory: string): Promise<number | null> {
  for (const name of WEIGHT_FILES) {
    const found = await stat(join(directory, name)).catch(() => null);
    if (found !== null) return found.size;
  }
  return null;
}

/** Null where the system does not say. */
async function freeIn(folder: string): Promise<number | null> {
  const system = await statfs(folder).catch(() => null);
  return system === null ? null : system.bavail * system.bsize;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
