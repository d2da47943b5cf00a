/** Refuses a run whose disk has no room for even one checkpoint, as far as that can be told before anything is loaded. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { freeBytesIn } from '../engine/training/free-space.ts';
import { StoreError } from '../errors.ts';

/** A checkpoint holds the weights and AdamW's two moments of each. */
const COPIES_OF_WEIGHTS = 3;
const WEIGHT_FILES = ['model.safetensors', 'pytorch_model.bin'];

/**
 * Whether all checkpoints fit, the trainer says once it knows how many there will be (`engine/training/checkpoint-room.ts`).
 *
 * @param modelDirectory  of the model or checkpoint that the run starts from; without weights in it nothing can be said
 * @param freeBytes  of the disk, by default asked of the system
 * @throws {StoreError} when not even one checkpoint fits into `folder`
 */
export async function requireRoomForOne(folder: string, modelDirectory: string, freeBytes?: number): Promise<void> {
  const weightBytes = await sizeOfWeights(modelDirectory);
  const free = freeBytes ?? (await freeBytesIn(folder));
  if (weightBytes === null || free === null || free >= COPIES_OF_WEIGHTS * weightBytes) return;
  const numbers = `a checkpoint takes about ${megabytes(COPIES_OF_WEIGHTS * weightBytes)}, ${folder} has ${megabytes(free)} free`;
  throw new StoreError(`The disk has no room for one checkpoint: ${numbers}.`, {
    hint: 'Free some space, or choose another folder with --store DIR or BLEUBIRD_STORE.',
  });
}

async function sizeOfWeights(directory: string): Promise<number | null> {
  for (const name of WEIGHT_FILES) {
    const found = await stat(join(directory, name)).catch(() => null);
    if (found !== null) return found.size;
  }
  return null;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
