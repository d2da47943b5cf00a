/** Two programs that look after one store at the same time, and what one leaves that is killed meanwhile. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { withCareLock } from '../../src/runner/care-lock.ts';
import { examineStore } from '../../src/runner/examine-store.ts';
import { identityOf } from '../../src/runner/process-identity.ts';
import { repairStore } from '../../src/runner/repair-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { newStore, temporaryFolder } from '../store/new-store.ts';
import { completed, envelopes, metrics, newRun } from '../store/run-events.ts';

const now = Date.now;
const fileOf = (directory: string) => join(directory, 'bleubird.sqlite');
const lockOf = (directory: string) => join(directory, 'bleubird.sqlite.lock');

/** A closed store with a run that only the store's file tells of. */
function storeWithoutJournals(): string {
  const directory = temporaryFolder();
  const store = openStore(directory);
  const number = envelopes();
  const writer = store.createRun(newRun({ id: 'one' }));
  for (let step = 1; step <= 50; step += 1) writer.record(number(metrics(step, { loss: 1 / step })));
  writer.finish(completed);
  store.close();
  rmSync(join(directory, 'runs'), { recursive: true });
  return directory;
}

/** A process that repairs the store for as long as it lives. */
async function otherRepair(directory: string) {
  const { href } = new URL('../../src/runner/care-lock.ts', import.meta.url);
  const script = `import { withCareLock } from ${JSON.stringify(href)};
    await withCareLock(${JSON.stringify(directory)}, 'repair', () => new Promise(() => {
      process.stdout.write('held');
      setTimeout(() => {}, 60_000);
    }));`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}

it('lets one repair at a time set the store aside, and loses nothing', async () => {
  const directory = storeWithoutJournals();
  renameSync(fileOf(directory), `${fileOf(directory)}.damaged-2026-01-02T03-04-05-678Z`);
  const both = await Promise.allSettled([repairStore(directory, now), repairStore(directory, now)]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: {
      message: `The store ${directory} is being repaired by process ${process.pid}: nothing was done.`,
      hint: 'Wait until that has ended, then try again.',
    },
  });
  expect(newStore({ directory }).metricSeries('one', 'loss')).toHaveLength(50);
  expect(readdirSync(directory).filter((name) => name.startsWith('bleubird.sqlite.lock'))).toEqual([]);
});

it('waits for no other process, and takes over from one that was killed', async () => {
  const directory = storeWithoutJournals();
  const other = await otherRepair(directory);
  const refused = `The store ${directory} is being repaired by process ${other.pid}: nothing was done.`;
  await expect(repairStore(directory, now)).rejects.toThrow(refused);
  await expect(withCareLock(directory, 'vacuum', () => {})).rejects.toThrow(refused);
  const ended = once(other, 'exit');
  other.kill('SIGKILL');
  await ended;
  expect(existsSync(lockOf(directory))).toBe(true);
  expect(await repairStore(directory, now)).toMatchObject({ done: [] });
  expect(existsSync(lockOf(directory))).toBe(false);
});

it.each([
  {
    whose: 'a process of another host',
    text: JSON.stringify({ ...identityOf(), pid: 7, hostname: 'far', care: 'vacuum', id: 'x' }),
    message: 'is being shrunk by a vacuum by process 7 on the host far: nothing was done.',
    hint: 'when there is no such process any more there, remove LOCK.',
  },
  {
    whose: 'nobody that can be read',
    text: '{"pid":',
    message: 'is locked by LOCK, which names no process.',
    hint: 'When no other `bleubird store repair` or `vacuum` is at work, remove LOCK.',
  },
])('leaves the lock of $whose and says how to cure it', async ({ text, message, hint }) => {
  const directory = storeWithoutJournals();
  writeFileSync(lockOf(directory), text);
  const told = (words: string) => words.replace('LOCK', lockOf(directory));
  await expect(repairStore(directory, now)).rejects.toMatchObject({
    message: `The store ${directory} ${told(message)}`,
    hint: expect.stringContaining(told(hint)),
  });
  expect(existsSync(lockOf(directory))).toBe(true);
});

it('removes half made files of dead processes and of its own number only', async () => {
  const directory = storeWithoutJournals();
  const dead = 2 ** 22 + 1;
  const file = (kind: string, pid: number) => `${fileOf(directory)}.${kind}-${pid}`;
  const left = [file('rebuilding', dead), file('unfinished', dead), file('rebuilding', process.pid)];
  const living = [file('rebuilding', process.ppid), `${file('unfinished', process.ppid)}-journal`];
  for (const path of [...left, ...living]) writeFileSync(path, '');
  const { findings } = await examineStore(directory);
  expect(findings.filter(({ cure }) => cure === 'remove').map(({ path }) => path)).toEqual(left.toSorted());
  expect(findings.filter(({ message }) => message.startsWith(`process ${process.ppid} is making `))).toHaveLength(2);
  await repairStore(directory, now);
  expect(left.filter((path) => existsSync(path))).toEqual([]);
  expect(living.filter((path) => existsSync(path))).toEqual(living);
});

it.each(['gone', 'empty'])('reads the newest file set aside when the store is %s, and says so', async (how) => {
  const directory = storeWithoutJournals();
  const aside = `${fileOf(directory)}.damaged-2026-01-02T03-04-05-678Z`;
  writeFileSync(`${fileOf(directory)}.damaged-2026-01-01T00-00-00-000Z`, 'older, and unreadable');
  writeFileSync(`${fileOf(directory)}.damaged-2026-01-03T00-00-00-000Z`, '');
  renameSync(fileOf(directory), aside);
  if (how === 'empty') writeFileSync(fileOf(directory), '');
  expect((await examineStore(directory)).findings).toMatchObject([
    { severity: 'problem', message: `the file is empty or gone, and ${aside} was set aside`, cure: 'rebuild-store' },
  ]);
  const { done } = await repairStore(directory, now);
  expect(done).toContain(`the file was empty or gone: read ${aside}, set aside before, as well`);
  expect(newStore({ directory }).metricSeries('one', 'loss')).toHaveLength(50);
});

it('leaves no log of a store that is gone beside the new one', async () => {
  const directory = storeWithoutJournals();
  renameSync(fileOf(directory), `${fileOf(directory)}.damaged-2026-01-02T03-04-05-678Z`);
  writeFileSync(`${fileOf(directory)}-wal`, 'of the store that is gone');
  await repairStore(directory, now);
  const kept = readdirSync(directory).filter((name) => name.endsWith('Z-wal'));
  expect(kept.map((name) => readFileSync(join(directory, name), 'utf8'))).toEqual(['of the store that is gone']);
  expect(newStore({ directory }).metricSeries('one', 'loss')).toHaveLength(50);
});
