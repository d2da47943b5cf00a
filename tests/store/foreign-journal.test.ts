/** What becomes of a run into whose folder somebody has put the journal of another, or an older copy of its own. */
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { examineStore } from '../../src/runner/examine-store.ts';
import { parseEnvelope } from '../../src/runner/parse-envelope.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { journalPath } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { newStore, temporaryFolder } from './new-store.ts';
import { completed, envelopes, metrics, newRun } from './run-events.ts';

const runner = { pid: 9, processStart: '1', bootId: 'boot', pidNamespace: null, hostname: 'here' };
const failed = { ...completed, state: 'failed', reason: 'no memory', exitCode: 7 } as const;

/** The runs `own`, which failed after three steps, and `other`, longer and better. */
function twoRuns(directory = temporaryFolder()): Store {
  let clock = 1_000;
  const store = newStore({ directory, now: () => ++clock });
  for (const [id, end, steps] of [
    ['own', failed, 3],
    ['other', completed, 9],
  ] as const) {
    const number = envelopes();
    const run = store.createRun(newRun({ id, runner }));
    for (let step = 1; step <= steps; step += 1) run.record(number(metrics(step, { loss: steps * 100 + step })));
    run.finish(end);
  }
  return store;
}

const journalOf = (store: Store, id: string) => journalPath(store.runDirectory(id));
const losses = (store: Store, id: string) => store.metricSeries(id, 'loss').map(({ value }) => value);
const own = [301, 302, 303];

describe('a run with the journal of another in its folder', () => {
  it('takes nothing from it, and keeps its own', async () => {
    const store = twoRuns();
    copyFileSync(journalOf(store, 'other'), journalOf(store, 'own'));
    expect(store.catchUp('own', parseEnvelope)).toBe(false);
    expect(store.endInJournal('own', parseEnvelope)).toBeNull();
    expect((await examineStore(store.directory)).findings).toEqual([
      {
        severity: 'note',
        run: 'own',
        message: 'its journal is that of another run, other: a lost store could not give it back',
        cure: 'none',
      },
    ]);
    expect(() => store.rebuildRun('own', parseEnvelope)).toThrow(
      `The journal of run own is that of another, other: ${journalOf(store, 'own')}.`,
    );
    expect((await repairStore(store.directory, Date.now)).done).toEqual([]);
    expect(losses(store, 'own')).toEqual(own);
    expect(store.readRun('own')).toMatchObject({ state: 'failed', step: 3 });
  });

  it('is taken up again with a journal of its own, and its diary tells', () => {
    const store = twoRuns();
    copyFileSync(journalOf(store, 'other'), journalOf(store, 'own'));
    const run = store.resumeRun('own', runner);
    run.record({ v: 1, seq: 4, time: 5_000, event: metrics(4, { loss: 304 }) });
    const names = readdirSync(store.runDirectory('own'));
    const aside = join(store.runDirectory('own'), names.find((name) => name.includes('set-aside')) ?? '');
    expect(readFileSync(aside)).toEqual(readFileSync(journalOf(store, 'other')));
    expect(store.events('own', 9).map(({ text }) => text)).toContain(
      `its journal was that of another run, and is now ${aside}: a new one begins here, and what was before, only the store has`,
    );
    expect(store.catchUp('own', parseEnvelope)).toBe(false);
    expect(losses(store, 'own')).toEqual([...own, 304]);
  });

  it('is made anew from that and from its rows, each with what it has', async () => {
    const store = twoRuns();
    copyFileSync(journalOf(store, 'other'), journalOf(store, 'own'));
    const run = store.resumeRun('own', runner);
    run.record({ v: 1, seq: 4, time: 5_000, event: metrics(4, { loss: 304 }) });
    run.finish(completed);
    store.rebuildRun('own', parseEnvelope);
    expect(losses(store, 'own')).toEqual([...own, 304]);
  });

  it('is saved from a damaged store by its rows', async () => {
    const store = twoRuns();
    copyFileSync(journalOf(store, 'other'), journalOf(store, 'own'));
    damage(store);
    const { done } = await repairStore(store.directory, Date.now);
    expect(done).toContain('the journal could not be used of own (it is that of another run, other)');
    const repaired = newStore({ directory: store.directory });
    expect(losses(repaired, 'own')).toEqual(own);
    expect(losses(repaired, 'other')).toHaveLength(9);
  });
});

it.each([
  { what: 'was deleted', harm: (path: string) => rmSync(path) },
  { what: 'is empty', harm: (path: string) => writeFileSync(path, '') },
])(
  'A run whose journal $what before it is taken up again has what follows also without the store.',
  async ({ harm }) => {
    const store = twoRuns();
    const made = store.readRun('own');
    harm(journalOf(store, 'own'));
    const run = store.resumeRun('own', runner);
    run.record({ v: 1, seq: 4, time: 5_000, event: metrics(4, { loss: 304 }) });
    run.finish(completed);
    expect(store.events('own', 9).map(({ text }) => text)).toContain(
      'it had no journal: a new one begins here, and what was before, only the store has',
    );
    const { findings } = await examineStore(store.directory);
    expect(findings.map(({ message }) => message)).toEqual(['3 events are missing from its journal']);

    rmSync(join(store.directory, 'bleubird.sqlite'));
    await repairStore(store.directory, Date.now);
    const repaired = newStore({ directory: store.directory });
    expect(losses(repaired, 'own')).toEqual([304]);
    const { experiment, createdAt, versions } = repaired.readRun('own') ?? {};
    expect({ experiment, createdAt, versions }).toMatchObject({
      experiment: made?.experiment,
      createdAt: made?.createdAt,
      versions: made?.versions,
    });
  },
);

describe('a run whose journal lacks events in the middle', () => {
  /** As when the folder was brought back from an older copy before the run was taken up again. */
  function withHole(): Store {
    const store = twoRuns();
    const lines = readFileSync(journalOf(store, 'own'), 'utf8').split('\n');
    writeFileSync(journalOf(store, 'own'), `${lines.slice(0, 2).join('\n')}\n`);
    const run = store.resumeRun('own', runner);
    run.record({ v: 1, seq: 4, time: 5_000, event: metrics(4, { loss: 304 }) });
    run.finish(completed);
    return store;
  }

  it('is told of', async () => {
    const { findings } = await examineStore(withHole().directory);
    expect(findings.map(({ message }) => message)).toEqual(['2 events are missing from its journal']);
  });

  it('keeps what only the store has when it is made anew', async () => {
    const store = withHole();
    store.rebuildRun('own', parseEnvelope);
    expect(losses(store, 'own')).toEqual([...own, 304]);
    damage(store);
    await repairStore(store.directory, Date.now);
    expect(losses(openStore(store.directory), 'own')).toEqual([...own, 304]);
  });
});

/** Spoils a table that tells of no number. */
function damage(store: Store): void {
  const path = join(store.directory, 'bleubird.sqlite');
  const database = new Database(path);
  database.pragma('wal_checkpoint(TRUNCATE)');
  const sql = "SELECT rootpage FROM sqlite_master WHERE name = 'line_problems'";
  const page = Number(database.prepare(sql).pluck().get());
  const size = Number(database.pragma('page_size', { simple: true }));
  database.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x5a, (page - 1) * size, page * size));
}
