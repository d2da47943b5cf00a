/** The lock between processes, with real ones. */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { withFileLock } from '../../../src/engine/hub/file-lock.ts';
import { CancelledError } from '../../../src/errors.ts';

function newLock(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bleubird-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'locks', 'one.lock');
}

it('is held by one at a time, and goes away after', async () => {
  const path = newLock();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await sleep(5);
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, work)));
  expect(most).toBe(1);
  expect(existsSync(path)).toBe(false);
});

it('is released when the work fails', async () => {
  const path = newLock();
  const fails = () => Promise.reject(new Error('no'));
  await expect(withFileLock(path, fails)).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

it('is taken over from a process that was killed', async () => {
  const path = newLock();
  const child = fork(fileURLToPath(new URL('hold-lock.ts', import.meta.url)), [path], { execArgv: [] });
  await new Promise((resolve) => child.once('message', resolve));
  const holder = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; host: string };
  expect(holder).toMatchObject({ pid: child.pid, host: hostname() });

  let hasWaited = false;
  const held = withFileLock(path, async () => 'mine', { onWait: () => (hasWaited = true) });
  while (!hasWaited) await sleep(10);
  child.kill('SIGKILL');
  expect(await held).toBe('mine');
});

it('is taken over when its holder elsewhere has not touched it for half a minute of watching, not before', async () => {
  const path = abandonedLock();
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  await expectHeld(path);
  let hasWaited = false;
  const held = withFileLock(path, async () => 'mine', { onWait: () => (hasWaited = true) });
  while (!hasWaited) await sleep(10);
  vi.advanceTimersByTime(31_000);
  expect(await held).toBe('mine');
});

it('is not taken from a living holder when the clock jumps', async () => {
  const path = abandonedLock();
  const anHourAgo = new Date(Date.now() - 3_600_000); // as a touch of just now looks after the jump
  utimesSync(path, anHourAgo, anHourAgo);
  await expectHeld(path);
});

/** Gives a lock whose holder is not of this machine. */
function abandonedLock(): string {
  const path = newLock();
  mkdirSync(dirname(path));
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', id: 'x' }));
  return path;
}

async function expectHeld(path: string): Promise<void> {
  const text = readFileSync(path, 'utf8');
  const waiting = withFileLock(path, async () => {}, { signal: AbortSignal.timeout(250) });
  await expect(waiting).rejects.toBeInstanceOf(CancelledError);
  expect(readFileSync(path, 'utf8')).toBe(text);
}
