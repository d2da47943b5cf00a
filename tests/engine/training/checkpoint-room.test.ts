import { expect, test } from 'vitest';
import { type RoomOptions, warningForRoom } from '../../../src/engine/training/checkpoint-room.ts';

const MB = 1_000_000;
/** 10 epochs of 50 steps; a checkpoint takes 12 MB. */
const plan = { batchesPerEpoch: 50, stepsPerEpoch: 50, totalSteps: 500, epochs: 10 };
const training = {
  save_strategy: 'epoch',
  save_steps: 20,
  save_total_limit: null,
  eval_strategy: 'steps',
  eval_steps: 100,
} as const;
const base: RoomOptions = {
  folder: '/runs',
  parameters: MB,
  plan,
  training,
  stepsMade: 0,
  checkpointsThere: 0,
};

/** How many checkpoints the warning speaks of with no room at all; 0 when there is none. */
async function coming(changes: Partial<RoomOptions>): Promise<number> {
  const message = await warningForRoom({ ...base, ...changes, freeBytes: -1 });
  return message?.includes('one more') ? 1 : Number(/(\d+) more/.exec(message ?? '')?.[1] ?? 0);
}

test('A training whose checkpoints fit exactly is not warned of.', async () => {
  expect(await warningForRoom({ ...base, freeBytes: 120 * MB })).toBeNull();
});

test('One whose checkpoints do not fit is, with numbers and what to do.', async () => {
  expect(await warningForRoom({ ...base, freeBytes: 120 * MB - 1 })).toBe(
    'The disk may fill: up to 10 more checkpoints at once are to come, of about 12 MB each; /runs has 120 MB free. ' +
      'training.save_total_limit keeps fewer.',
  );
});

test.each([
  { what: 'each epoch', changes: {}, expected: 10 },
  { what: 'every 20 steps', changes: { training: { ...training, save_strategy: 'steps' } }, expected: 25 },
  {
    what: 'every 20 steps and the last one, between two of them',
    changes: { plan: { ...plan, totalSteps: 501 }, training: { ...training, save_strategy: 'steps' } },
    expected: 26,
  },
  { what: 'at best each evaluation', changes: { training: { ...training, save_strategy: 'best' } }, expected: 5 },
  { what: 'each epoch after the seventh', changes: { stepsMade: 360, checkpointsThere: 7 }, expected: 3 },
  {
    what: 'three, and a fourth before the oldest goes',
    changes: { training: { ...training, save_total_limit: 3 } },
    expected: 4,
  },
  { what: 'one beside the best', changes: { training: { ...training, save_total_limit: 1 } }, expected: 3 },
  {
    what: 'three, of which two are there',
    changes: { training: { ...training, save_total_limit: 3 }, checkpointsThere: 2, stepsMade: 100 },
    expected: 2,
  },
] as const)('A training that keeps $what has $expected more to come.', async ({ changes, expected }) => {
  expect(await coming(changes)).toBe(expected);
});

test('A training that saves nothing, or is done, needs no room.', async () => {
  const nothing = { ...base, training: { ...training, save_strategy: 'no' as const }, freeBytes: 0 };
  expect(await warningForRoom(nothing)).toBeNull();
  expect(await warningForRoom({ ...base, stepsMade: 500, freeBytes: 0 })).toBeNull();
});

test('Where the system does not say what is free, nothing is said.', async () => {
  expect(await warningForRoom({ ...base, folder: '/nowhere/at/all' })).toBeNull();
});
