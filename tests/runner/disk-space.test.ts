/** Whether the checkpoints of a run will fit, said before it starts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkDiskSpace } from '../../src/runner/disk-space.ts';
import { temporaryFolder } from '../store/new-store.ts';

function modelOf(sizeBytes: number): string {
  const folder = join(temporaryFolder(), 'model');
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(sizeBytes));
  return folder;
}
const everyEpoch = { save_strategy: 'epoch', save_total_limit: 3, num_train_epochs: 10 } as const;

it('says nothing when what is kept and the one being written fit', async () => {
  const model = modelOf(1_000_000);
  expect(await checkDiskSpace('/runs', model, everyEpoch, 12_000_000)).toBeNull();
});

it('warns with numbers when they do not', async () => {
  const model = modelOf(1_000_000);
  expect(await checkDiskSpace('/runs', model, everyEpoch, 11_999_999)).toBe(
    'the disk may fill: a checkpoint takes about 3 MB, /runs has 12 MB free, and up to 4 are there at once; training.save_total_limit keeps fewer',
  );
});

it('refuses when not even one fits', async () => {
  const model = modelOf(1_000_000);
  await expect(checkDiskSpace('/runs', model, everyEpoch, 2_000_000)).rejects.toThrow(
    'The disk has no room for one checkpoint: a checkpoint takes about 3 MB, /runs has 2 MB free.',
  );
});

it('asks the system what is free, and says nothing of a model whose weights it does not find', async () => {
  expect(await checkDiskSpace(temporaryFolder(), modelOf(10), everyEpoch)).toBeNull();
  expect(await checkDiskSpace(temporaryFolder(), temporaryFolder(), everyEpoch, 1)).toBeNull();
});
