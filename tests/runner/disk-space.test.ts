/** Whether the disk has room for a checkpoint, said before a run starts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requireRoomForOne } from '../../src/runner/disk-space.ts';
import { temporaryFolder } from '../store/new-store.ts';

function modelOf(sizeBytes: number): string {
  const folder = join(temporaryFolder(), 'model');
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(sizeBytes));
  return folder;
}

it('says nothing when one fits', async () => {
  await expect(requireRoomForOne('/runs', modelOf(1_000_000), 3_000_000)).resolves.toBeUndefined();
});

it('refuses when not even one fits', async () => {
  await expect(requireRoomForOne('/runs', modelOf(1_000_000), 2_000_000)).rejects.toThrow(
    'The disk has no room for one checkpoint: a checkpoint takes about 3 MB, /runs has 2 MB free.',
  );
});

it('asks the system what is free, and says nothing of a model whose weights it does not find', async () => {
  await expect(requireRoomForOne(temporaryFolder(), modelOf(10))).resolves.toBeUndefined();
  await expect(requireRoomForOne(temporaryFolder(), temporaryFolder(), 1)).resolves.toBeUndefined();
});
