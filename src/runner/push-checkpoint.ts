/** What is pushed of a run's checkpoint. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PushFile } from '../engine/hub/push-file.ts';
import { CHECKSUM_FILE } from '../engine/training/checksums.ts';
import { CARD_FILE } from './card-of-checkpoint.ts';

/** What a training goes on from, of no use to whoever translates. */
const STATE_FILES = ['optimizer.safetensors', 'trainer_state.json', CHECKSUM_FILE];

/** Gives the files of a checkpoint's folder as they are pushed, below `folder` of the repository; without a card. */
export async function checkpointFiles(
  directory: string,
  { hasState, folder = '' }: { readonly hasState: boolean; readonly folder?: string },
): Promise<PushFile[]> {
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name !== CARD_FILE && !/^[._]/.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => hasState || !STATE_FILES.includes(name));
  return names.sort().map((name) => ({ name: `${folder}${name}`, content: { path: join(directory, name) } }));
}
