/** Telling processes apart, with real ones. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { identityOf, isAlive, placeOf, readFromPs } from '../../src/runner/process-identity.ts';

it('knows this process, and that it lives', () => {
  const identity = identityOf();
  expect(identity).toMatchObject({ pid: process.pid, hostname: hostname() });
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, hostname: 'elsewhere' })).toBeNull();
  expect(placeOf({ ...identity, hostname: 'elsewhere' })).toBe('on the host elsewhere');
});

it.runIf(process.platform === 'linux')('reads start and boot on Linux', () => {
  const { processStart, bootId } = identityOf();
  expect(processStart).toMatch(/^\d+$/);
  expect(bootId).toMatch(/^[0-9a-f-]{36}$/);
});

it.runIf(process.platform === 'linux')('knows nothing of a process in another container', () => {
  const identity = identityOf();
  expect(identity.pidNamespace).toMatch(/^pid:\[\d+\]$/);
  const elsewhere = { ...identity, pidNamespace: 'pid:[1]' };
  expect(isAlive(elsewhere)).toBeNull();
  expect(placeOf(elsewhere)).toBe('in another container of this host');
  expect(isAlive({ ...elsewhere, bootId: 'before' })).toBe(false);
  expect(isAlive({ ...identity, pidNamespace: null })).toBe(true); // recorded by an older bleubird
});

it('tells two processes apart', async () => {
  const child = spawn('sleep', ['30']);
  const identity = identityOf(child.pid);
  expect(identity.processStart).not.toBe(identityOf().processStart);
  expect(isAlive(identity)).toBe(true);
  // The same number with another start: the first process is gone and another has its number.
  expect(isAlive({ ...identity, processStart: identityOf().processStart })).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(isAlive(identity)).toBe(false);
});

it.runIf(process.platform === 'linux')('takes a process that ended and was not collected for dead', () => {
  // The child of this shell ends while the shell sleeps and does not ask for it; its name holds a bracket and spaces.
  const script = 'cp "$(command -v sleep)" "$0/a ) b"; "$0/a ) b" 0.1 & echo $!; exec sleep 3';
  const folder = spawnSync('mktemp', ['-d'], { encoding: 'utf8' }).stdout.trim();
  const shell = spawn('sh', ['-c', script, folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise<void>((resolve, reject) => {
    shell.stdout.once('data', (chunk: Buffer) => {
      const identity = identityOf(Number(chunk.toString()));
      setTimeout(() => {
        try {
          expect(identity.processStart).toMatch(/^\d+$/);
          expect(isAlive(identity)).toBe(false);
          resolve();
        } catch (error) {
          reject(error);
        } finally {
          shell.kill('SIGKILL');
          spawnSync('rm', ['-r', folder]);
        }
      }, 400);
    });
  });
});

it('reads the start from ps where there is no /proc', () => {
  const own = readFromPs(process.pid);
  expect(Number.isNaN(Date.parse(own?.start ?? ''))).toBe(false);
  expect(own?.isDead).toBe(false);
  expect(readFromPs(2 ** 22 + 1)).toBeNull();
});
