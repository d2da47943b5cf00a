/**
 * Power cuts, as a store sees them. SQLite flushes its log seldom, so that the disk may have the database as it was at any
 * moment before; of the journal it has at least what was flushed. All processes end at once.
 */
import { statSync, truncateSync } from 'node:fs';
import { journalPath } from '../../src/store/journal.ts';
import { rememberDatabase } from '../store/power-cut.ts';
import type { Fault, FaultSetting, Undo } from './faults.ts';
import { STEPS } from './toy-training.ts';

export const powerCuts: Fault[] = [
  { name: 'power cut', mayLoseMs: 0, apply: cutPower },
  {
    name: 'power cut, the journal only as far as it was flushed',
    // What the journal leaves at risk.
    mayLoseMs: 250,
    apply: async (setting) => {
      const putBack = await cutPower(setting);
      return () => {
        putBack?.();
        loseUnflushed(setting);
      };
    },
  },
];

/** Remembers the database now, and ends the run at a later moment. */
async function cutPower({ toy, directory, random }: FaultSetting): Promise<Undo> {
  let putBack: Undo;
  await toy.whileItHoldsStill(() => {
    putBack = rememberDatabase(directory);
  });
  const { size } = toy.acknowledged;
  await toy.reach(size + random(Math.max(1, STEPS - size)));
  toy.killRunner();
  toy.killTrainer('SIGKILL');
  return putBack;
}

/** The system may have written more by itself, up to any byte. */
function loseUnflushed({ toy, runDirectory, random }: FaultSetting): void {
  const path = journalPath(runDirectory);
  const more = statSync(path).size - toy.flushedBytes;
  truncateSync(path, toy.flushedBytes + (random(2) === 0 ? 0 : random(more + 1)));
}
