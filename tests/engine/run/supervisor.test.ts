import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Experiment } from '../../../src/engine/config/experiment.ts';
import type { Envelope } from '../../../src/engine/run/protocol.ts';
import { superviseTrainer, type Trainer } from '../../../src/engine/run/supervisor.ts';
import { canMount, fill, smallDisk } from '../../runner/full-disk.ts';

const actor = fileURLToPath(new URL('../../fixtures/run/actor.ts', import.meta.url));
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bleubird-supervisor-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Starts the actor in a part; `received` fills as its events arrive. */
function start(
  act: string,
  onEvent: (envelope: Envelope) => void = () => {},
  runDirectory = directory,
): { trainer: Trainer; received: Envelope[]; firstEvent: Promise<void> } {
  const received: Envelope[] = [];
  let hasSpoken = () => {};
  const firstEvent = new Promise<void>((resolve) => {
    hasSpoken = resolve;
  });
  const trainer = superviseTrainer({
    experiment: { name: 'test' } as Experiment,
    runDirectory,
    trainerPath: actor,
    env: { ...process.env, ACT: act },
    killAfterMs: 300,
    onEvent: (envelope) => {
      received.push(envelope);
      hasSpoken();
      onEvent(envelope);
    },
  });
  return { trainer, received, firstEvent };
}

test('Events arrive numbered and in order, a NaN as null, and the output of the trainer goes to its log only.', async () => {
  const { trainer, received } = start('works');
  expect(await trainer.finished).toEqual({ type: 'ended', reason: 'completed', step: 3 });
  expect(received.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(received[1]?.event).toEqual({ type: 'metrics', points: [{ metric: 'loss', step: 1, value: null }] });
  const log = readFileSync(join(directory, 'trainer.log'), 'utf8');
  expect(log).toContain('a library prints this\n');
  expect(log).toContain('a warning\n');
});

test('A trainer that says why it failed is reported with its own code, message and hint.', async () => {
  const error = { code: 'DATA', exitCode: 3, message: 'No such file: x.tsv', hint: 'Look there.' };
  expect(await start('fails with words').trainer.finished).toEqual({ type: 'failed', error });
});

test('A trainer that exits without a word is reported with its exit code and the last 8 KiB of its stderr.', async () => {
  const end = await start('exits without a word').trainer.finished;
  expect(end).toMatchObject({ type: 'died', exitCode: 9, signal: null, lastEvent: 'phase' });
  const tail = end.type === 'died' ? end.stderrTail : '';
  expect(tail.endsWith('éthe last line\n')).toBe(true);
  expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(8 * 1024);
  expect(Buffer.byteLength(tail)).toBeGreaterThan(8 * 1024 - 4);
  expect(tail).not.toContain('\uFFFD');
});

test('A trainer that is killed is reported with the signal.', async () => {
  const end = await start('is killed').trainer.finished;
  expect(end).toEqual({ type: 'died', exitCode: null, signal: 'SIGKILL', stderrTail: '', lastEvent: 'phase' });
});

test.each([
  ['skips a number', 'Events of the trainer were lost: number 3 came after 1; 2 was expected.'],
  ['speaks a later protocol', 'The trainer speaks protocol 99; this side speaks 1.'],
  ['sends what nobody knows', 'The trainer sent a message that is not understood: {"v":1,"seq":1,"time":0,"event":'],
])('A trainer that %s is ended, and the run fails with words that say so.', async (act, message) => {
  const end = await start(act).trainer.finished;
  expect(end).toMatchObject({ type: 'failed', error: { code: 'RUN_FAILED', exitCode: 7 } });
  expect(end.type === 'failed' && end.error.message).toContain(message);
});

test('A trainer that does not listen to SIGTERM is killed after a while.', async () => {
  const { trainer, firstEvent } = start('does not listen');
  await firstEvent;
  const startedAt = performance.now();
  trainer.kill();
  trainer.kill();
  expect(await trainer.finished).toMatchObject({ type: 'died', signal: 'SIGKILL' });
  expect(performance.now() - startedAt).toBeGreaterThan(250);
});

test('Commands arrive in order, and those to a trainer that is gone are no error.', async () => {
  const { trainer, received, firstEvent } = start('waits for commands');
  await firstEvent;
  trainer.checkpointNow();
  trainer.stop();
  expect(await trainer.finished).toEqual({ type: 'ended', reason: 'stopped', step: 1 });
  expect(received[1]?.event).toEqual({ type: 'warning', message: 'start checkpoint-now stop' });
  trainer.stop();
  trainer.kill();
});

test('What a listener throws ends the trainer and reaches whoever waits.', async () => {
  const { trainer, received } = start('waits for commands', () => {
    throw new Error('the store is full');
  });
  await expect(trainer.finished).rejects.toThrow('the store is full');
  expect(received).toHaveLength(1);
});

test('What a trainer still says after it has told its end does not change that end.', async () => {
  const error = { code: 'DATA', exitCode: 3, message: 'No such file: x.tsv', hint: null };
  expect(await start('talks after its end').trainer.finished).toEqual({ type: 'failed', error });
});

test('What a killed trainer had begun to save is cleared away, and whole checkpoints stay.', async () => {
  const checkpoints = join(directory, 'checkpoints');
  mkdirSync(join(checkpoints, '.unfinished-checkpoint-8'), { recursive: true });
  writeFileSync(join(checkpoints, '.unfinished-checkpoint-8', 'model.safetensors'), 'half');
  mkdirSync(join(checkpoints, 'checkpoint-4'));
  expect(await start('is killed').trainer.finished).toMatchObject({ type: 'died', signal: 'SIGKILL' });
  expect(readdirSync(checkpoints)).toEqual(['checkpoint-4']);
});

test.skipIf(!canMount)('A full disk under the log changes nothing but the last words.', async () => {
  const disk = smallDisk();
  fill(disk);
  const end = await start('exits without a word', () => {}, disk).trainer.finished;
  expect(end).toMatchObject({ type: 'died', exitCode: 9 });
  expect(end.type === 'died' && end.stderrTail).toContain('trainer.log could not be written: ENOSPC');
});

test.skipIf(process.platform === 'win32')(
  'A pipe in the place of the log changes nothing but the last words.',
  async () => {
    const log = join(directory, 'trainer.log');
    rmSync(log, { force: true });
    spawnSync('mkfifo', [log]);
    try {
      const end = await start('exits without a word').trainer.finished;
      expect(end).toMatchObject({ type: 'died', exitCode: 9 });
      expect(end.type === 'died' && end.stderrTail).toContain('trainer.log could not be written: ENXIO');
    } finally {
      rmSync(log);
    }
  },
);

test('A program that cannot be run is a failure that names it.', async () => {
  const trainer = superviseTrainer({
    experiment: { name: 'test' } as Experiment,
    runDirectory: directory,
    trainerPath: join(directory, 'absent.js'),
    onEvent: () => {},
  });
  const end = await trainer.finished;
  expect(end).toMatchObject({ type: 'died', exitCode: 1, lastEvent: null });
  expect(end.type === 'died' && end.stderrTail).toContain('absent.js');
});

test('A fast trainer waits for a slow runner instead of filling its own memory.', async () => {
  const { trainer, received } = start('floods', ({ seq }) => {
    if (seq === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  });
  expect(await trainer.finished).toEqual({ type: 'ended', reason: 'completed', step: 3 });
  expect(received).toHaveLength(4_002);
  const last = received[4_000]?.event;
  const peakKiB = Number(last?.type === 'warning' ? /peak (\d+)/.exec(last.message)?.[1] : Number.NaN);
  // 256 MB were sent; Node alone takes about 70 MB.
  expect(peakKiB).toBeLessThan(200 * 1024);
});
