/** trainer_state.json in the folder of a run: the whole log, written when the training is over. */
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canMount, fill, smallDisk } from '../../runner/full-disk.ts';
import { eventsOf, RunFolder, watchRun } from './small-experiment.ts';

let folder: RunFolder;
beforeAll(() => {
  folder = new RunFolder();
});
afterAll(() => folder.remove());

test.skipIf(!canMount)(
  'A disk that is full when the training is over pauses the run until there is room.',
  async () => {
    const directory = smallDisk();
    const experiment = folder.experiment({ max_steps: 1, save_strategy: 'no' });
    const { events, end } = await watchRun(experiment, directory, (event) => {
      if (event.type === 'plan') fill(directory);
      if (event.type === 'phase' && event.phase === 'paused-for-disk-space') rmSync(join(directory, 'filler'));
    });
    expect(end).toEqual({ type: 'ended', reason: 'completed', step: 1 });
    const [{ message } = { message: '' }] = eventsOf(events, 'warning').slice(-1);
    expect(message).toContain(`The run is paused: ${join(directory, 'trainer_state.json')} cannot be written: ENOSPC`);
    expect(JSON.parse(readFileSync(join(directory, 'trainer_state.json'), 'utf8'))).toMatchObject({ global_step: 1 });
    expect(readdirSync(directory).sort()).toEqual(['trainer.log', 'trainer_state.json']);
  },
);

test.skipIf(!canMount)('A run that is stopped while it waits for that room ends in words of its own.', async () => {
  const directory = smallDisk();
  const experiment = folder.experiment({ max_steps: 1, save_strategy: 'no' });
  const { end } = await watchRun(experiment, directory, (event, trainer) => {
    if (event.type === 'plan') fill(directory);
    if (event.type === 'phase' && event.phase === 'paused-for-disk-space') trainer.stop();
  });
  expect(end).toMatchObject({ type: 'failed', error: { code: 'RUN_FAILED' } });
  const { message, hint } = end.type === 'failed' ? end.error : { message: '', hint: null };
  expect(message).toContain(`${join(directory, 'trainer_state.json')} cannot be written: ENOSPC`);
  expect(hint).toBe('Free space on this disk, then try again.');
});

test('Links in a run folder that was copied in lead no write out of it.', async () => {
  const directory = folder.newRun();
  const [other, absent] = [join(folder.path, 'other'), join(folder.path, 'absent')];
  writeFileSync(other, 'of somebody else');
  symlinkSync(other, join(directory, 'trainer_state.json'));
  symlinkSync(absent, join(directory, 'trainer.log'));
  const { end } = await watchRun(folder.experiment({ max_steps: 1, save_strategy: 'no' }), directory);
  expect(end).toMatchObject({ reason: 'completed' });
  expect(readFileSync(other, 'utf8')).toBe('of somebody else');
  expect(existsSync(absent)).toBe(false);
  expect(lstatSync(join(directory, 'trainer_state.json')).isFile()).toBe(true);
});

test('Checkpoints go to another disk where the user has made their folder a link to it.', async () => {
  const directory = folder.newRun();
  const large = folder.newRun();
  symlinkSync(large, join(directory, 'checkpoints'));
  const { end } = await watchRun(folder.experiment({ max_steps: 2, save_strategy: 'steps', save_steps: 1 }), directory);
  expect(end).toMatchObject({ reason: 'completed' });
  expect(readdirSync(large).sort()).toEqual(['checkpoint-1', 'checkpoint-2']);
});
