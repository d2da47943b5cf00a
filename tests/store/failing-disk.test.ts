/** Journals on a disk that fails for a while: what is told as written is there in the end, and the store can be made of it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../src/runner/parse-envelope.ts';
import { journalPath } from '../../src/store/journal.ts';
import { migrate } from '../../src/store/migrate.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { replayJournal } from '../../src/store/replay-journal.ts';
import { newStore, temporaryFolder } from './new-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'bleubird-failing-'));
afterAll(() => rmSync(folder, { recursive: true }));

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const library = join(folder, 'failing-disk.so');
const isMade =
  process.platform === 'linux' &&
  spawnSync('cc', ['-shared', '-fPIC', here('failing-disk.c'), '-o', library]).status === 0;

/** Plays a scene. @returns the codes of the failures that were told, and the entries of the journal, null for a damaged one */
function play(scene: string) {
  const directory = temporaryFolder();
  const { status, stdout, stderr } = spawnSync(process.execPath, [here('write-on-failing-disk.ts'), scene, directory], {
    encoding: 'utf8',
    env: {
      ...process.env,
      LD_PRELOAD: library,
      BLEUBIRD_FLUSH_FAULT: join(directory, 'flush-fault'),
      BLEUBIRD_WRITE_FAULT: join(directory, 'write-fault'),
    },
  });
  expect([stderr, status]).toEqual(['', 0]);
  const run = newStore({ directory }).runDirectory('r');
  const entries = [...readJournal(journalPath(run), parseEnvelope)];
  const told = entries.map((entry) => (entry?.type === 'event' ? entry.envelope.seq : (entry?.type ?? null)));
  return { directory, run, failures: stdout.split('\n').slice(0, -1), told };
}

describe.skipIf(!isMade)('a journal (skipped without a C compiler)', () => {
  it.each([
    { scene: 'a flush fails once', failures: [], told: ['created', 1, 2, 3, 'ended'] },
    { scene: 'flushes fail for a while', failures: ['EIO', 'EIO'], told: ['created', 1, 2, 'ended'] },
    { scene: 'the last flush fails', failures: ['EIO'], told: ['created', 1, 'ended'] },
    { scene: 'half a line is written', failures: ['ENOSPC'], told: ['created', 1, 2, 'ended'] },
    { scene: 'a trainer without a runner', failures: ['EIO', 'ENOSPC'], told: ['created', 1, 2, 3, 4, 5, 6, 7] },
  ])('has each line once and whole, when $scene', ({ scene, failures, told }) => {
    expect(play(scene)).toMatchObject({ failures, told });
  });

  it('tells of one end, and so does the diary, though its last flush failed at first', () => {
    const { directory, run } = play('the last flush fails');
    const store = newStore({ directory });
    expect(store.readRun('r')?.state).toBe('completed');
    expect(store.events('r', 9).map(({ type }) => type)).toEqual(['end']);
    const replayed = new Database(':memory:');
    migrate(replayed, '', () => 0);
    replayJournal(replayed, run, parseEnvelope);
    expect(replayed.prepare('SELECT state FROM runs').pluck().all()).toEqual(['completed']);
    replayed.close();
  });
});
