/** A run taken up again: what stays, what is forgotten, what adds up. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunWriter } from '../../src/store/run-writer.ts';
import { bleu, evaluationEvent } from '../support/evaluation.ts';
import { newStore } from './new-store.ts';
import { envelopes, metrics, newRun } from './run-events.ts';

const runner = { pid: 77, processStart: '8', bootId: 'boot', pidNamespace: null, hostname: 'there' };
const failure = {
  state: 'failed',
  reason: 'the trainer died',
  hint: 'try again',
  exitCode: 1,
  signal: null,
  stderrTail: 'words',
} as const;

const ready = { type: 'ready', device: 'wasm', description: '', why: '', versions: {} } as const;
const pairs = (hypothesis: string) => [{ index: 0, source: 's', reference: 'r', hypothesis }];

/** Scored before, five steps, a checkpoint and an evaluation at 2, another at 4, scored after. */
function record(writer: RunWriter): void {
  const next = envelopes();
  const events = [
    { ...ready, pid: 5 },
    { type: 'translations', stage: 'before', step: 0, items: pairs('vor') } as const,
    evaluationEvent(),
    ...[1, 2, 3, 4, 5].map((step) => metrics(step, { loss: 10 - step, learning_rate: 1 })),
    { type: 'checkpoint', step: 2, epoch: 1, path: join(writer.directory, 'checkpoints/checkpoint-2'), sizeBytes: 9 },
    { type: 'translations', stage: 'epoch', step: 2, items: pairs('zwei') } as const,
    evaluationEvent({ stage: 'epoch', step: 2 }),
    { type: 'checkpoint', step: 4, epoch: 2, path: join(writer.directory, 'checkpoints/checkpoint-4'), sizeBytes: 9 },
    evaluationEvent({ stage: 'epoch', step: 4 }),
    { type: 'sample', step: 4, index: 0, source: 's', reference: 'r', hypothesis: 'h' } as const,
    { type: 'translations', stage: 'after', step: 2, items: pairs('nach') } as const,
    // The best model is that of step 2.
    evaluationEvent({ stage: 'after', step: 2, bleu: bleu(40) }),
  ] as const;
  for (const event of events) writer.record(next(event));
}

function failedRun() {
  let now = 10_000;
  const store = newStore({ now: () => now });
  const writer = store.createRun(newRun({ id: 'r' }));
  record(writer);
  now = 1_001 + 60_000;
  writer.finish(failure);
  return { store, lastSeq: writer.lastSeq, at: (time: number) => (now = time) };
}

describe('a run that is taken up again', () => {
  it('is pending for its new runner, without the end it had, and numbers events on', () => {
    const { store, lastSeq } = failedRun();
    const writer = store.resumeRun('r', runner);
    expect(writer.lastSeq).toBe(lastSeq);
    expect(writer.directory).toBe(store.runDirectory('r'));
    expect(store.findRun('r')).toMatchObject({
      state: 'pending',
      runner,
      trainerPid: null,
      endedAt: null,
      endReason: null,
      endHint: null,
      exitCode: null,
      stderrTail: null,
      startedAt: null,
      stopRequestedAt: null,
      // Its series stay until the trainer says where it goes on.
      step: 5,
      bleuAfter: 40,
    });
    expect(store.events('r', 1)[0]).toMatchObject({ type: 'resume', text: 'taken up again; it was failed' });
  });

  it('keeps what it had up to the checkpoint, and nothing beyond it', () => {
    const { store, lastSeq } = failedRun();
    const writer = store.resumeRun('r', runner);
    writer.record({ v: 1, seq: lastSeq + 1, time: 70_000, event: { type: 'resumed', step: 2, checkpoint: 'c-2' } });
    for (const metric of ['loss', 'learning_rate']) {
      expect(store.metricSeries('r', metric).map(({ step }) => step)).toEqual([1, 2]);
    }
    expect(store.evaluations('r').map(({ stage, step }) => [stage, step])).toEqual([
      ['before', 0],
      ['epoch', 2],
    ]);
    expect(store.checkpoints('r').map(({ step }) => step)).toEqual([2]);
    expect(store.samples('r', 9)).toEqual([]);
    expect(store.translations('r')).toMatchObject([{ before: 'vor', after: null }]);
    expect(store.beforeAfter('r')).toBeNull();
    expect(store.findRun('r')).toMatchObject({ step: 2, loss: 8, bleuBefore: 20.5, bleuAfter: null, bleuDelta: null });
    const words = store.events('r', 99).map(({ type, text }) => `${type}: ${text}`);
    expect(words).toContain('resumed: after step 2, from c-2');
    expect(words.filter((line) => line.startsWith('checkpoint: step 4'))).toHaveLength(1);
  });

  it('forgets nothing of other runs', () => {
    const { store, lastSeq } = failedRun();
    record(store.createRun(newRun({ id: 'other' })));
    const resumed = { type: 'resumed', step: 0, checkpoint: 'c' } as const;
    store.resumeRun('r', runner).record({ v: 1, seq: lastSeq + 1, time: 70_000, event: resumed });
    expect(store.metricSeries('r', 'loss')).toEqual([]);
    expect(store.metricSeries('other', 'loss')).toHaveLength(5);
    expect(store.evaluations('other')).toHaveLength(4);
    expect(store.beforeAfter('other')?.bleuDelta).toBe(19.5);
  });

  it('adds up the time it worked', () => {
    const { store, lastSeq, at } = failedRun();
    expect(store.findRun('r')).toMatchObject({ startedAt: 1_001, endedAt: 61_001, earlierMs: 0 });
    at(900_000);
    const writer = store.resumeRun('r', runner);
    writer.record({ v: 1, seq: lastSeq + 1, time: 901_000, event: { ...ready, pid: 6 } });
    at(911_000);
    writer.finish({ ...failure, state: 'stopped' });
    expect(store.findRun('r')).toMatchObject({ startedAt: 901_000, endedAt: 911_000, earlierMs: 60_000 });
    store.resumeRun('r', runner);
    expect(store.findRun('r').earlierMs).toBe(70_000);
  });

  it('cannot be taken up a second time, nor when it is completed, nor when it is unknown', () => {
    const { store } = failedRun();
    const writer = store.resumeRun('r', runner);
    expect(() => store.resumeRun('r', runner)).toThrow('Run r is pending and cannot be resumed.');
    writer.finish({ ...failure, state: 'completed' });
    expect(() => store.resumeRun('r', runner)).toThrow('Run r is completed and cannot be resumed.');
    expect(() => store.resumeRun('x', runner)).toThrow('There is no run x.');
  });
});

describe('a run that is deleted', () => {
  it('is gone with all its rows and its folder', () => {
    const { store } = failedRun();
    writeFileSync(join(store.runDirectory('r'), 'trainer.log'), 'words');
    store.createRun(newRun({ id: 'other' }));
    store.deleteRun('r');
    expect(store.listRuns().map(({ id }) => id)).toEqual(['other']);
    expect(existsSync(store.runDirectory('r'))).toBe(false);
    expect(store.metricNames('r')).toEqual([]);
    expect([store.evaluations('r'), store.events('r', 9), store.translations('r')]).toEqual([[], [], []]);
  });

  it('must have ended', () => {
    const store = newStore();
    store.createRun(newRun({ id: 'r' }));
    expect(() => store.deleteRun('r')).toThrow('Run r is pending: it is not deleted.');
    expect(store.listRuns()).toHaveLength(1);
    expect(existsSync(store.runDirectory('r'))).toBe(true);
  });

  it('is not taken up any more, and leaves no folder when somebody tries', () => {
    const { store } = failedRun();
    store.deleteRun('r');
    expect(() => store.resumeRun('r', runner)).toThrow('There is no run r.');
    expect(existsSync(store.runDirectory('r'))).toBe(false);
  });
});
