import { describe, expect, it } from 'vitest';
import { Narrator } from '../../src/cli/headless/narrator.ts';
import type { TrainerEvent } from '../../src/engine/run/protocol.ts';
import { bleu, evaluationEvent } from '../support/evaluation.ts';

function tell(events: readonly TrainerEvent[], loggingSteps = 2): string[] {
  const narrator = new Narrator(loggingSteps, () => 0);
  return events.flatMap((event) => narrator.linesFor(event)).map(({ to, text }) => `${to}: ${text}`);
}

const plan: TrainerEvent = { type: 'plan', totalSteps: 5, stepsPerEpoch: 5, epochs: 1, parameters: 4_529_857 };

function step(number: number, loss: number | null): TrainerEvent {
  const values = { loss, learning_rate: 5e-4 / number, grad_norm: 1.25, epoch: number / 5, samples_per_second: 38.12 };
  return {
    type: 'metrics',
    points: Object.entries(values).map(([metric, value]) => ({ metric, step: number, value })),
  };
}

const evaluation = evaluationEvent({ sentences: 250, loss: 2.34567, bleu: bleu(20.7649), durationSeconds: 12.4 });

describe('the narration of a run', () => {
  it('tells the mean loss since the last line every logging_steps and at the last step', () => {
    expect(tell([plan, step(1, 4), step(2, 3), step(3, 2), step(4, 1), step(5, 0.5)])).toEqual([
      'log: plan    5 steps in 1 epoch, 4,529,857 parameters',
      'log: step    2/5, epoch 0.40, loss 3.5000, lr 2.5e-4, grad norm 1.25, 38.1 pairs/s',
      'log: step    4/5, epoch 0.80, loss 1.5000, lr 1.25e-4, grad norm 1.25, 38.1 pairs/s',
      'log: step    5/5, epoch 1.00, loss 0.5000, lr 1e-4, grad norm 1.25, 38.1 pairs/s',
    ]);
  });

  it('counts every step of a message that holds several', () => {
    const events = [1, 2, 3, 4].map((number) => step(number, number));
    const points = events.flatMap((event) => (event.type === 'metrics' ? event.points : []));
    expect(tell([plan, { type: 'metrics', points }], 4)).toEqual([
      expect.stringContaining('plan'),
      expect.stringContaining('4/5, epoch 0.80, loss 2.5000'),
    ]);
  });

  it('says how far it is when it has been silent for half a minute', () => {
    let time = 0;
    const narrator = new Narrator(500, () => time);
    const told: (number | string)[] = [];
    narrator.linesFor({ type: 'phase', phase: 'training' });
    for (let done = 1; done <= 100; done++) {
      time += 2_000;
      const progress = { phase: 'training', unit: 'steps', done, total: 100, etaSeconds: 2 * (100 - done) } as const;
      for (const { text } of narrator.linesFor({ type: 'progress', ...progress })) told.push(time, text.trim());
    }
    expect(told.slice(0, 4)).toEqual([
      30_000,
      '15 % (step 15 of 100), 2m 50s left',
      60_000,
      '30 % (step 30 of 100), 2m 20s left',
    ]);
    expect(told).toHaveLength(12);
  });

  it('says that a loss is not finite', () => {
    expect(tell([plan, step(1, 4), step(2, null)])[1]).toContain('loss not finite');
  });

  it('tells of training by its steps and how long it takes, of evaluations each tenth', () => {
    const progress = (phase: string, done: number, total: number): TrainerEvent => ({
      type: 'progress',
      phase,
      unit: phase === 'training' ? 'steps' : 'sentences',
      done,
      total,
      etaSeconds: 75,
    });
    const lines = tell([
      plan,
      { type: 'phase', phase: 'evaluating-before' },
      ...[5, 11, 19, 20, 35, 100].map((done) => progress('evaluating-before', done, 100)),
      evaluation,
      { type: 'phase', phase: 'training' },
      progress('training', 1, 5),
      step(1, 1),
      step(2, 1),
      { type: 'phase', phase: 'saving' },
      { type: 'phase', phase: 'training' },
    ]);
    expect(lines.slice(1)).toEqual([
      'log: before  evaluating the untouched model',
      'log:         11 % (11 of 100 sentences), 1m 15s left',
      'log:         20 % (20 of 100 sentences), 1m 15s left',
      'log:         35 % (35 of 100 sentences), 1m 15s left',
      'log: before  BLEU 20.76, loss 2.3457, 250 sentences in 12s',
      'log: train   training',
      'log: step    2/5, epoch 0.40, loss 1.0000, lr 2.5e-4, grad norm 1.25, 38.1 pairs/s, 1m 15s left',
    ]);
  });

  it('keeps device and warnings apart from the log', () => {
    const problem = {
      file: 'a.en',
      line: 7,
      reason: 'empty',
      detail: 'the source is empty; the pair is kept',
    } as const;
    expect(
      tell([
        { type: 'ready', pid: 1, device: 'wasm', description: 'WebAssembly', why: 'asked for', versions: {} },
        {
          type: 'data',
          pairs: 10,
          trainSize: 8,
          validationSize: 2,
          truncatedSources: 1,
          truncatedTargets: 0,
          problems: Array(6).fill(problem),
          problemCounts: { empty: 6, unpaired: 2, 'not-utf8': 0 },
          dataHash: '',
        },
        { type: 'warning', message: 'something' },
      ]),
    ).toEqual([
      'note: device: wasm, WebAssembly (asked for)',
      'log: data    8 pairs to train on, 2 pairs held out',
      'note: warning: cut to the longest length: 1 sources, 0 targets',
      'note: warning: 2 lines left out (2 unpaired), 6 lines kept with an empty side:',
      ...Array(5).fill('note:   a.en:7: empty, the source is empty; the pair is kept'),
      'note:   … and 3 more',
      'note: warning: something',
    ]);
  });

  it('says how lines of another encoding are cured', () => {
    const problem = { file: 'a.fr', line: 7, reason: 'not-utf8', detail: 'reads as "caf�"' } as const;
    const sizes = { pairs: 3, trainSize: 2, validationSize: 1, truncatedSources: 0, truncatedTargets: 0, dataHash: '' };
    expect(tell([{ type: 'data', ...sizes, problems: [problem], problemCounts: { 'not-utf8': 1 } }])).toEqual([
      'log: data    2 pairs to train on, 1 pair held out',
      'note: warning: 1 line left out (1 not-utf8):',
      'note:   a.fr:7: not-utf8, reads as "caf�"',
      'note: hint: is a.fr in another encoding? iconv -f ISO-8859-1 -t UTF-8 FILE > NEW_FILE converts it',
    ]);
  });

  it('tells of a resumed training, of the best checkpoint, of a loss that stands alone, of an evaluation on the way', () => {
    const path = '/runs/checkpoint-3';
    expect(
      tell([
        { type: 'resumed', step: 3, checkpoint: path },
        { type: 'checkpoint', step: 4, epoch: 1, path, sizeBytes: 18_123_456, isBest: true },
        { ...evaluation, bleu: null, decoding: null },
        { type: 'phase', phase: 'evaluating' },
        { ...evaluation, stage: 'epoch', step: 4 },
      ]),
    ).toEqual([
      'log: resumed after step 3, from /runs/checkpoint-3',
      'log: saved   step 4, the best so far, 18.1 MB: /runs/checkpoint-3',
      'log: before  loss 2.3457, 250 sentences in 12s',
      'log: eval    evaluating the model as it stands',
      'log: eval    step 4: BLEU 20.76, loss 2.3457, 250 sentences in 12s',
    ]);
  });

  it('shows control characters of a path instead of sending them', () => {
    const path = '/runs/\u001b[31mred\u202e';
    expect(tell([{ type: 'checkpoint', step: 3, epoch: 1, path, sizeBytes: 18_123_456 }])).toEqual([
      'log: saved   step 3, 18.1 MB: /runs/␛[31mred⟨202E⟩',
    ]);
  });
});
