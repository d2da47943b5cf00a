/** Folders in runs/ without a run: which of them a repair removes. */
import { closeSync, existsSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { examineStore } from '../../src/runner/examine-store.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { journalLine } from '../../src/store/journal.ts';
import { newStore } from '../store/new-store.ts';
import { metrics } from '../store/run-events.ts';

const minute = 60_000;
const later = () => Date.now() + 61 * minute;

/** A folder as it is reserved for a run, with what a runner and an orphaned trainer put there before it has one. */
function folderWithoutRun() {
  const store = newStore();
  const directory = store.runDirectory(store.reserveRunId());
  const write = (name: string, text: string | Buffer = '') => {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  };
  write('experiment.yaml', 'model: demo');
  write('runner.log');
  write('trainer.log');
  write('checkpoints/.unfinished-checkpoint-3/model.safetensors');
  const envelope = { v: 1, seq: 201, time: 5, event: metrics(201, { loss: 7 }) } as const;
  write('journal.jsonl', journalLine({ type: 'event', at: 5, envelope }));
  return { store, directory, write };
}

it('removes one with nothing but the beginnings of a run, once it was quiet for an hour', async () => {
  const { store, directory } = folderWithoutRun();
  const soon = () => Date.now() + 59 * minute;
  expect(await repairStore(store.directory, soon)).toMatchObject({ done: [], left: [{ severity: 'note' }] });
  expect((await examineStore(store.directory, later())).findings).toMatchObject([
    { severity: 'note', message: `a folder without a run, left over: ${directory}`, cure: 'remove' },
  ]);
  expect(await repairStore(store.directory, later)).toEqual({ done: [`removed ${directory}`], left: [] });
  expect(existsSync(directory)).toBe(false);
});

it.each([
  { what: 'a file of the user', put: 'notes.txt' },
  { what: 'a file of the user among the checkpoints', put: 'checkpoints/notes.txt' },
  { what: 'a whole checkpoint', put: 'checkpoints/checkpoint-3/model.safetensors' },
  { what: 'a held checkpoint', put: '.push-3/model.safetensors' },
  { what: 'a journal with a damaged line', put: 'journal.jsonl' },
])('keeps one with $what', async ({ put }) => {
  const { store, directory, write } = folderWithoutRun();
  write(put, '{"crc":1,"entry":{}}\n');
  const { done, left } = await repairStore(store.directory, later);
  expect(done).toEqual([]);
  expect(left).toMatchObject([{ message: 'a folder without a run that could be read from it', cure: 'none' }]);
  expect(existsSync(join(directory, put))).toBe(true);
});

it('keeps one with a link in it', async () => {
  const { store, directory } = folderWithoutRun();
  symlinkSync('/nowhere', join(directory, 'checkpoints', '.unfinished-checkpoint-4'));
  expect((await repairStore(store.directory, later)).done).toEqual([]);
});

it.runIf(process.platform === 'linux')('keeps one that a process has a file open in', async () => {
  const { store, directory } = folderWithoutRun();
  const log = openSync(join(directory, 'runner.log'), 'a');
  expect((await repairStore(store.directory, later)).done).toEqual([]);
  closeSync(log);
  expect((await repairStore(store.directory, later)).done).toEqual([`removed ${directory}`]);
});
