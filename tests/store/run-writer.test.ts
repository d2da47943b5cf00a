/** What a run leaves in the store, event by event. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { openStore } from '../../src/store/open-store.ts';
import { bleu, evaluationEvent, greedy } from '../support/evaluation.ts';
import { newStore, temporaryFolder } from './new-store.ts';
import { envelopes, experiment, metrics, newRun } from './run-events.ts';

const ready: TrainerEvent = {
  type: 'ready',
  pid: 77,
  device: 'wasm',
  description: 'WebAssembly',
  why: 'works everywhere',
  versions: { tfjs: '4.22.0' },
};
const items = [
  { index: 0, source: 'Open the file', reference: 'Ouvrez le fichier', hypothesis: 'Ouvrir le fichier' },
  { index: 1, source: 'Close', reference: 'Fermer', hypothesis: 'Fermé' },
];

/** A store with one run, whose events are given to `record`. */
function startedRun() {
  const store = newStore({ now: () => 5_000 });
  const writer = store.createRun(newRun());
  const number = envelopes();
  return { store, writer, id: writer.runId, record: (event: TrainerEvent) => writer.record(number(event)), number };
}

describe('a new run', () => {
  it('is pending, with everything its runner knows', () => {
    const { store, id } = startedRun();
    const run = store.readRun(id);
    expect(run).toMatchObject({
      state: 'pending',
      name: 'quick',
      model: '/models/demo',
      seed: 42,
      createdAt: 5_000,
      heartbeatAt: 5_000,
      startedAt: null,
      endedAt: null,
      gitCommit: 'abc123',
      gitDirty: true,
      lockfileHash: 'f00d',
      runner: { pid: 123, processStart: '456', bootId: 'boot', pidNamespace: null, hostname: 'here' },
      versions: { bleubird: '0.1.0' },
      directory: join(store.directory, 'runs', id),
      endReason: null,
    });
    expect(run?.experiment).toEqual(experiment);
  });

  it('has its experiment flattened to dotted paths and texts', () => {
    const { store, id } = startedRun();
    const parameters = store.parameters(id);
    expect(parameters['training.learning_rate']).toBe('0.00002');
    expect(parameters['data.corpus.format']).toBe('tsv');
    expect(parameters['training.group_by_length']).toBe('false');
    expect(parameters['data.train_size']).toBe('');
    expect(parameters.model).toBe('/models/demo');
  });

  it('refuses an id that is taken or cannot name a folder', () => {
    const { store, id } = startedRun();
    expect(() => store.createRun(newRun({ id }))).toThrow(`There is already a run ${id}.`);
    expect(() => store.createRun(newRun({ id: '../x' }))).toThrow('"../x" cannot name a run.');
    expect(() => store.createRun(newRun({ id: 'last' }))).toThrow('"last" cannot name a run.');
    expect(store.listRuns()).toHaveLength(1);
  });

  it('can be created under an id reserved by another process', () => {
    const store = newStore();
    const id = store.reserveRunId();
    expect(store.readRun(id)).toBeNull();
    expect(store.createRun(newRun({ id })).runId).toBe(id);
  });
});

describe('the events of a trainer', () => {
  it('start the run and add versions to those of the runner', () => {
    const { store, id, record } = startedRun();
    record(ready);
    expect(store.readRun(id)).toMatchObject({
      state: 'running',
      startedAt: 1_001,
      device: 'wasm',
      trainerPid: 77,
      versions: { bleubird: '0.1.0', tfjs: '4.22.0' },
    });
  });

  it('tell sizes, plan, phase and progress', () => {
    const { store, id, record } = startedRun();
    record({
      type: 'data',
      pairs: 10,
      trainSize: 7,
      validationSize: 2,
      truncatedSources: 1,
      truncatedTargets: 0,
      problems: [{ file: 'pairs.tsv', line: 4, reason: 'empty', detail: 'no target' }],
      problemCounts: { empty: 1, unpaired: 3, malformed: 0 },
      dataHash: 'cafe',
    });
    record({ type: 'plan', totalSteps: 20, stepsPerEpoch: 10, epochs: 2, parameters: 1234 });
    record({ type: 'phase', phase: 'training' });
    record({ type: 'progress', phase: 'training', unit: 'steps', done: 3, total: 20, etaSeconds: 8.5 });
    expect(store.readRun(id)).toMatchObject({
      dataHash: 'cafe',
      trainSize: 7,
      validationSize: 2,
      parameterCount: 1234,
      totalSteps: 20,
      phase: 'training',
      step: 3,
      etaSeconds: 8.5,
    });
    expect(store.lineProblems(id)).toEqual([{ file: 'pairs.tsv', line: 4, reason: 'empty', detail: 'no target' }]);
    record({ type: 'progress', phase: 'evaluating', unit: 'sentences', done: 1, total: 2, etaSeconds: null });
    expect(store.readRun(id)).toMatchObject({ step: 3, etaSeconds: null });
    expect(store.events(id, 10).map(({ type, text }) => `${type}: ${text}`)).toEqual([
      'data: 7 pairs to train, 2 to validate; lines left out: 3 (3 unpaired); lines kept with an empty side: 1; cut to the longest length: 1 sources, 0 targets',
      'plan: 20 steps in 2 epochs, 1,234 parameters',
      'phase: training',
    ]);
  });

  it('keep metric points as series, a number that is not finite as null, and the newest in the summary', () => {
    const { store, id, record } = startedRun();
    record(metrics(1, { loss: 3, learning_rate: 1e-5 }));
    record(metrics(2, { loss: 2.5, samples_per_second: 40 }));
    expect(store.metricNames(id)).toEqual(['learning_rate', 'loss', 'samples_per_second']);
    expect(store.metricSeries(id, 'loss')).toEqual([
      { step: 1, value: 3, time: 1_001 },
      { step: 2, value: 2.5, time: 1_002 },
    ]);
    expect(store.listRuns()[0]).toMatchObject({ loss: 2.5, step: 2, samplesPerSecond: 40 });
    record(metrics(3, { loss: null }));
    expect(store.metricSeries(id, 'loss').at(-1)).toEqual({ step: 3, value: null, time: 1_003 });
    expect(store.listRuns()[0]).toMatchObject({ loss: null, step: 3 });
  });

  it('keep samples and checkpoints', () => {
    const { store, writer, id, record } = startedRun();
    record({ type: 'sample', step: 5, index: 0, source: 'a', reference: 'b', hypothesis: 'c' });
    record({ type: 'sample', step: 9, index: 0, source: 'a', reference: 'b', hypothesis: 'd' });
    expect(store.samples(id, 1)).toEqual([
      { step: 9, index: 0, source: 'a', reference: 'b', hypothesis: 'd', time: 1_002 },
    ]);
    const path = join(writer.directory, 'checkpoints', 'checkpoint-5');
    record({ type: 'checkpoint', step: 5, epoch: 0.5, path, sizeBytes: 100 });
    record({ type: 'checkpoint', step: 9, epoch: 1, path: '/elsewhere/checkpoint-9', sizeBytes: 100 });
    record({ type: 'checkpoint-removed', step: 5, path });
    expect(store.checkpoints(id)).toEqual([
      { step: 5, epoch: 0.5, path, sizeBytes: 100, createdAt: 1_003, removedAt: 1_005 },
      { step: 9, epoch: 1, path: '/elsewhere/checkpoint-9', sizeBytes: 100, createdAt: 1_004, removedAt: null },
    ]);
  });

  it('keep checkpoints by paths that follow a store which is moved', () => {
    const store = openStore(temporaryFolder());
    const writer = store.createRun(newRun({ id: 'r' }));
    const number = envelopes();
    for (const [step, path] of [join(writer.directory, 'checkpoints', 'a'), '/elsewhere/b'].entries()) {
      writer.record(number({ type: 'checkpoint', step, epoch: 1, path, sizeBytes: 1 }));
    }
    store.close();
    const moved = join(temporaryFolder(), 'moved');
    renameSync(store.directory, moved);
    const paths = newStore({ directory: moved })
      .checkpoints('r')
      .map(({ path }) => path);
    expect(paths).toEqual([join(moved, 'runs', 'r', 'checkpoints', 'a'), '/elsewhere/b']);
  });
});

describe('before and after', () => {
  it('join translations by sentence, and the two evaluations to one record', () => {
    const { store, id, record } = startedRun();
    record({ type: 'translations', stage: 'before', step: 0, items });
    expect(store.translations(id).map(({ before }) => before)).toEqual([null, null]);
    record(evaluationEvent());
    record({
      type: 'translations',
      stage: 'after',
      step: 20,
      items: items.map((item) => ({ ...item, hypothesis: item.reference })),
    });
    record(evaluationEvent({ stage: 'after', step: 20, epoch: 2, loss: 2.5, bleu: bleu(53.75) }));
    expect(store.translations(id)).toEqual([
      {
        index: 0,
        source: 'Open the file',
        reference: 'Ouvrez le fichier',
        before: 'Ouvrir le fichier',
        after: 'Ouvrez le fichier',
      },
      { index: 1, source: 'Close', reference: 'Fermer', before: 'Fermé', after: 'Fermer' },
    ]);
    expect(store.translations(id, { offset: 1, limit: 5 }).map(({ index }) => index)).toEqual([1]);
    expect(store.translations(id, { limit: 1 }).map(({ index }) => index)).toEqual([0]);

    const record2 = store.beforeAfter(id);
    expect(record2).toMatchObject({ runId: id, bleuDelta: 33.25, lossDelta: -1.5 });
    expect(record2?.before).toMatchObject({ stage: 'before', step: 0, bleu: bleu(20.5), loss: 4, sentences: 2 });
    expect(record2?.after).toMatchObject({ stage: 'after', step: 20, bleu: bleu(53.75), time: 1_004 });
    expect(record2?.after.decoding).toEqual(evaluationEvent().decoding);
    expect(store.listRuns()[0]).toMatchObject({ bleuBefore: 20.5, bleuAfter: 53.75, bleuDelta: 33.25 });
    expect(store.evaluations(id)).toEqual([record2?.before, record2?.after]);
  });

  it.each([
    {
      what: 'decoding settings',
      after: { decoding: greedy({ numBeams: 4 }) },
      reason: 'the decoding settings differ ({"numBeams":1,',
    },
    {
      what: 'signatures',
      after: { bleu: bleu(50, { signature: 'nrefs:1|case:lc' }) },
      reason:
        'the metric signatures differ (nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0, then nrefs:1|case:lc)',
    },
    { what: 'sentences', after: { sentences: 3 }, reason: 'the numbers of sentences differ (2, then 3)' },
  ])('are not compared when their $what differ, and the diary says so', ({ after, reason }) => {
    const { store, id, record } = startedRun();
    record(evaluationEvent());
    record(evaluationEvent({ stage: 'after', step: 20, ...after }));
    expect(store.beforeAfter(id)).toBeNull();
    expect(store.evaluations(id)).toHaveLength(2);
    expect(store.listRuns()[0]?.bleuDelta).toBeNull();
    const warning = store.events(id, 10).find(({ type }) => type === 'warning');
    expect(warning?.text).toContain(`BLEU before and after are not compared: ${reason}`);
  });

  it('of the loss alone are kept without a score, and compared with nothing', () => {
    const { store, id, record } = startedRun();
    const lossOnly = { bleu: null, decoding: null };
    record(evaluationEvent(lossOnly));
    record(evaluationEvent({ stage: 'after', step: 20, loss: 2, ...lossOnly }));
    expect(store.evaluations(id)).toMatchObject([
      { stage: 'before', loss: 4, ...lossOnly },
      { stage: 'after', loss: 2, ...lossOnly },
    ]);
    expect(store.beforeAfter(id)).toBeNull();
    expect(store.listRuns()[0]).toMatchObject({ bleuBefore: null, bleuAfter: null, bleuDelta: null });
    record(evaluationEvent({ stage: 'epoch', step: 10, loss: 3, ...lossOnly }));
    const texts = store.events(id, 10).map(({ type, text }) => `${type}: ${text}`);
    expect(texts).toContain('evaluation: after, step 20: loss 2.0000');
    expect(texts).toContain('evaluation: at step 10: loss 3.0000');
    expect(texts.filter((text) => text.startsWith('warning'))).toEqual([]);
    record(evaluationEvent());
    record(evaluationEvent({ stage: 'after', step: 20, loss: 2, ...lossOnly }));
    expect(store.events(id, 10).find(({ type }) => type === 'warning')?.text).toBe(
      'BLEU before and after are not compared: nothing was translated after.',
    );
  });

  it('have no record while one of them is missing', () => {
    const { store, id, record } = startedRun();
    record(evaluationEvent({ stage: 'after', step: 20 }));
    expect(store.beforeAfter(id)).toBeNull();
    expect(store.events(id, 10).filter(({ type }) => type === 'warning')).toEqual([]);
  });

  it('are replaced when the evaluation after is made again', () => {
    const { store, id, record } = startedRun();
    record(evaluationEvent());
    record(evaluationEvent({ stage: 'after', step: 20, bleu: bleu(30) }));
    record(evaluationEvent({ stage: 'after', step: 20, bleu: bleu(31) }));
    expect(store.evaluations(id)).toHaveLength(2);
    expect(store.beforeAfter(id)?.bleuDelta).toBe(10.5);
    record(evaluationEvent({ stage: 'after', step: 30, bleu: bleu(40.5) }));
    expect(store.beforeAfter(id)).toMatchObject({ bleuDelta: 20, after: { step: 30 } });
  });
});

describe('numbered events', () => {
  it('change nothing when they come a second time', () => {
    const { store, writer, id, number } = startedRun();
    const warning = number({ type: 'warning', message: 'careful' });
    expect(writer.record(warning)).toBe(true);
    expect(writer.record(warning)).toBe(false);
    expect(store.events(id, 10)).toEqual([{ seq: 1, time: 1_001, type: 'warning', text: 'careful' }]);
  });

  it('leave a warning where some are missing', () => {
    const { store, writer, id } = startedRun();
    const phase = { type: 'phase', phase: 'training' } as const;
    writer.record({ v: 1, seq: 1, time: 1, event: phase });
    writer.record({ v: 1, seq: 3, time: 3, event: phase });
    writer.record({ v: 1, seq: 7, time: 7, event: phase });
    expect(store.events(id, 10).map(({ text }) => text)).toEqual([
      'training',
      'event 2 was lost on the way from the trainer',
      'training',
      'events 4 to 6 were lost on the way from the trainer',
      'training',
    ]);
  });

  it('are written whole or not at all', () => {
    const { store, writer, id } = startedRun();
    const points = [
      { metric: 'loss', step: 1, value: 2 },
      // A fraction of a step cannot come over the channel; the table refuses it in the middle of the event.
      { metric: 'loss', step: 1.5, value: 3 },
    ];
    expect(() => writer.record({ v: 1, seq: 1, time: 1, event: { type: 'metrics', points } })).toThrow(
      'cannot store REAL value in INTEGER column metric_points.step',
    );
    expect(store.metricSeries(id, 'loss')).toEqual([]);
    expect(writer.record({ v: 1, seq: 1, time: 1, event: metrics(1, { loss: 2 }) })).toBe(true);
    expect(store.events(id, 10)).toEqual([]);
  });
});

describe('the end of a run', () => {
  const failure = {
    state: 'failed',
    reason: 'the loss is NaN',
    hint: 'lower learning_rate',
    exitCode: 7,
    signal: null,
    stderrTail: 'words',
  } as const;

  it('is kept with its reason', () => {
    const { store, writer, id, record } = startedRun();
    record({ type: 'phase', phase: 'training' });
    writer.finish(failure);
    expect(store.readRun(id)).toMatchObject({
      state: 'failed',
      endedAt: 5_000,
      phase: null,
      endReason: 'the loss is NaN',
      endHint: 'lower learning_rate',
      exitCode: 7,
      signal: null,
      stderrTail: 'words',
    });
    expect(store.events(id, 1)).toEqual([{ seq: 2, time: 5_000, type: 'end', text: 'failed: the loss is NaN' }]);
    expect(store.markInterrupted(id)).toBe(false);
    writer.heartbeat();
    expect(store.readRun(id)?.state).toBe('failed');
  });

  it('is "interrupted" at the last sign of life when the runner is gone, until the runner proves to live', () => {
    let now = 1_000;
    const store = newStore({ now: () => now });
    const writer = store.createRun(newRun());
    now = 2_000;
    writer.heartbeat();
    now = 9_000;
    expect(store.markInterrupted(writer.runId)).toBe(true);
    expect(store.readRun(writer.runId)).toMatchObject({
      state: 'interrupted',
      endedAt: 2_000,
      endReason:
        'Its runner is gone without a word: it was killed, the machine went down, or the store could not be written.',
    });
    writer.heartbeat();
    expect(store.readRun(writer.runId)).toMatchObject({ state: 'running', endedAt: null, endReason: null });
  });
});

describe('a request to stop', () => {
  it('is noted once, and only for a run that goes on', () => {
    const { store, writer, id } = startedRun();
    expect(store.markStopRequested(id)).toBe(true);
    expect(store.markStopRequested(id)).toBe(false);
    writer.finish({ state: 'stopped', reason: 'asked', hint: null, exitCode: null, signal: null, stderrTail: null });
    expect(store.markStopRequested(id)).toBe(false);
    expect(store.events(id, 10).map(({ text }) => text)).toEqual(['asked to stop after its step', 'stopped: asked']);
  });
});
