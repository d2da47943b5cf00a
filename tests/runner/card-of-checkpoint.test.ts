/** The cards that a run leaves beside its models, in a folder that somebody else may have made. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeCards } from '../../src/runner/card-of-checkpoint.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { newRun } from '../store/run-events.ts';

const FILES = ['config.json', 'model.safetensors', 'trainer_state.json'];

function modelIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of FILES) writeFileSync(join(folder, name), '{}');
  return folder;
}

function runWithCheckpoints() {
  const store = newStore();
  const { directory } = store.createRun(newRun({ id: 'r' }));
  return { store, directory, checkpoint: join(directory, 'checkpoints', 'checkpoint-1') };
}

it('is written whole, in the place of a link, which leads no write elsewhere', async () => {
  const { store, directory, checkpoint } = runWithCheckpoints();
  const other = join(temporaryFolder(), 'README.md');
  writeFileSync(other, 'of somebody else');
  symlinkSync(other, join(modelIn(checkpoint), 'README.md'));
  await writeCards(store, 'r', directory);
  expect(readFileSync(other, 'utf8')).toBe('of somebody else');
  expect(lstatSync(join(checkpoint, 'README.md')).isFile()).toBe(true);
  expect(readFileSync(join(checkpoint, 'README.md'), 'utf8')).toContain('---\n');
  expect(readdirSync(checkpoint).sort()).toEqual(['README.md', ...FILES]);
});

it('is not written into a folder that a link in the place of a checkpoint leads to', async () => {
  const { store, directory, checkpoint } = runWithCheckpoints();
  const other = modelIn(join(temporaryFolder(), 'other'));
  writeFileSync(join(other, 'README.md'), 'of somebody else');
  mkdirSync(join(directory, 'checkpoints'));
  symlinkSync(other, checkpoint);
  await writeCards(store, 'r', directory);
  expect(readFileSync(join(other, 'README.md'), 'utf8')).toBe('of somebody else');
});

it('is written where the folder of checkpoints is a link that its user made', async () => {
  const { store, directory } = runWithCheckpoints();
  const large = temporaryFolder();
  rmSync(join(directory, 'checkpoints'), { recursive: true, force: true });
  symlinkSync(large, join(directory, 'checkpoints'));
  modelIn(join(large, 'checkpoint-1'));
  await writeCards(store, 'r', directory);
  expect(readFileSync(join(large, 'checkpoint-1', 'README.md'), 'utf8')).toContain('---\n');
});
