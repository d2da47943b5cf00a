/** A short campaign; `npm run faults` plays a long one. Each round prints its seed when it fails. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { faults } from './faults.ts';
import { playRound } from './round.ts';

const chosen = [
  'kill -9 the runner',
  'kill -9 the trainer',
  'power cut, the journal only as far as it was flushed',
  'flip bytes of the store, the runner killed',
  'cut its log, the runner killed',
];

const canMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;

it.each(canMount ? [...chosen, 'fill the disk'] : chosen)('a run outlives the fault: %s', async (name) => {
  const fault = faults.find((each) => each.name === name);
  if (fault === undefined) throw new Error(`There is no fault ${name}.`);
  const { wrong } = await playRound(fault, (below) => Math.floor(below / 2));
  expect(wrong).toEqual([]);
});
