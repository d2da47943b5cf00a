/** Several programs at one store, and programs killed in the middle of writing: with real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newStore, temporaryFolder } from './new-store.ts';

const writerProgram = fileURLToPath(new URL('write-points.ts', import.meta.url));

/** Starts a writer of its own process. `acknowledged()` is the number of the last event that it said to be written. */
function startWriter(directory: string, id: string, points: number, events: number) {
  const child = spawn(process.execPath, [writerProgram, directory, id, String(points), String(events)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return { child, errors: () => errors, acknowledged: () => Number(output.trimEnd().split('\n').at(-1)) };
}

async function closed(child: ChildProcess): Promise<number | null> {
  const [exitCode] = await once(child, 'close');
  return exitCode;
}

describe('one store', () => {
  it('is made by three programs at once, which write three runs, while a fourth reads', async () => {
    const directory = temporaryFolder();
    const writers = ['one', 'two', 'three'].map((id) => startWriter(directory, id, 3, 150));
    const ends = Promise.all(writers.map(({ child }) => closed(child)));
    const reader = newStore({ directory });
    let isDone = false;
    let reads = 0;
    void ends.then(() => {
      isDone = true;
    });
    while (!isDone) {
      for (const { id } of reader.listRuns()) {
        // An event is seen whole or not at all: whoever sees its first point sees its last one, too.
        const first = reader.metricSeries(id, 'metric-0').length;
        expect(reader.metricSeries(id, 'metric-2').length).toBeGreaterThanOrEqual(first);
        reads += 1;
      }
      await sleep(10);
    }
    expect(writers.map(({ errors }) => errors()).join('')).toBe('');
    expect(await ends).toEqual([0, 0, 0]);
    expect(reads).toBeGreaterThan(3);
    for (const id of ['one', 'two', 'three']) {
      expect(reader.metricSeries(id, 'metric-2').map(({ value }) => value)).toEqual(
        Array.from({ length: 150 }, (_, index) => index + 1),
      );
    }
  });

  it('loses no acknowledged point when its writer is killed, again and again', async () => {
    const directory = temporaryFolder();
    for (const id of ['first', 'second', 'third']) {
      const writer = startWriter(directory, id, 20, 0);
      while (!(writer.acknowledged() >= 30)) await sleep(5);
      writer.child.kill('SIGKILL');
      await closed(writer.child);

      const store = newStore({ directory, now: () => Date.now() + 60_000 });
      const series = store.metricSeries(id, 'metric-19');
      expect(series.length).toBeGreaterThanOrEqual(writer.acknowledged());
      expect(series.length).toBeLessThanOrEqual(writer.acknowledged() + 1);
      expect(series.map(({ step }) => step)).toEqual(series.map((_, index) => index + 1));
    }
    const database = new Database(`${directory}/bleubird.sqlite`, { readonly: true });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
  });
});
