/** What is pushed of a run's checkpoint. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PushFile } from '../engine/hub/push-file.ts';
import { CHECKSUM_FILE, checksumProblem } from '../engine/training/checksums.ts';
import { ModelError } from '../errors.ts';
import { CARD_FILE } from './card-of-checkpoint.ts';

/** What a training goes on from, of no use to whoever translates. */
const STATE_FILES = ['optimizer.safetensors', 'trainer_state.json', CHECKSUM_FILE];

export interface PushedPart {
  /** Whether a training shall be able to go on from it. */
  readonly hasState: boolean;
  /** Of the repository; by default its root. */
  readonly folder?: string;
  /** What to call it in errors, by default its directory. */
  readonly savedAs?: string;
}

/**
 * Gives the files of a checkpoint's folder as they are pushed, without a card.
 *
 * @throws {ModelError} when one of them is not what was written
 */
export async function checkpointFiles(
  directory: string,
  { hasState, folder = '', savedAs = directory }: PushedPart,
): Promise<PushFile[]> {
  const isPushed = (name: string) => hasState || !STATE_FILES.includes(name);
  const problem = await checksumProblem(directory, isPushed);
  if (problem !== null) {
    throw new ModelError(`The checkpoint ${savedAs} is damaged and is not pushed: ${problem}.`, {
      hint: 'Push another one with "bleubird push RUN ID --checkpoint STEP"; "bleubird show RUN" lists them.',
    });
  }
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== CARD_FILE && !/^[._]/.test(entry.name))
    .map(({ name }) => name)
    .filter(isPushed);
  return names.sort().map((name) => ({ name: `${folder}${name}`, content: { path: join(directory, name) } }));
}
