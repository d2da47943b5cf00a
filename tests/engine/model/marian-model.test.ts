import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { Batch } from '../../../src/engine/data/example.ts';
import type { MarianModel } from '../../../src/engine/model/marian/marian-model.ts';
import type { DecoderState, Seq2SeqModel } from '../../../src/engine/model/seq2seq-model.ts';
import { fixtureBatch, loadFixture, lossAndGradients } from './marian-fixtures.ts';
import { expectClose } from './ops/finite-differences.ts';

const EOS = 0;

/** One sentence pair as a batch, padded to the lengths asked for. */
function singleBatch(
  source: number[],
  target: number[],
  pad: number,
  sourceLength = source.length,
  targetLength = target.length,
): Batch {
  const padded = (ids: number[], length: number, filler: number): Int32Array =>
    Int32Array.from({ length }, (_, i) => ids[i] ?? filler);
  return {
    batchSize: 1,
    sourceLength,
    targetLength,
    inputIds: padded(source, sourceLength, pad),
    attentionMask: padded(
      source.map(() => 1),
      sourceLength,
      0,
    ),
    labels: padded(target, targetLength, -100),
    targetTokens: target.length,
  };
}

describe.each(['wasm', 'cpu'] as const)('MarianModel on %s', (device) => {
  const batch = fixtureBatch('tied');
  let model: MarianModel;

  beforeAll(async () => {
    await openBackend(device);
    model = await loadFixture('tied');
  });
  afterAll(() => model.dispose());

  it('gives a row the same numbers whatever it is padded to', () => {
    const [source, target] = [
      [5, 9, 3, EOS],
      [7, 8, EOS],
    ];
    const tight = singleBatch(source, target, model.padTokenId);
    const loose = singleBatch(source, target, model.padTokenId, 9, 6);
    const [a, b] = [lossAndGradients(model, () => model.loss(tight)), lossAndGradients(model, () => model.loss(loose))];
    expect(b.loss).toBeCloseTo(a.loss, 6);
    for (const [name, gradient] of a.gradients) expectClose(b.gradients.get(name) ?? [], gradient, 1e-5, name, 1e-2);
    const logits = model.logits(loose).arraySync()[0]?.slice(0, 3).flat() ?? [];
    expectClose(logits, model.logits(tight).dataSync(), 1e-6, 'logits');
  });

  /** Feeds the labels shifted right, `beams` times each, and compares each row with the teacher-forced logits. */
  const expectTeacherForced = (state: DecoderState, sentences: number[], from: number, to: number): void => {
    const { targetLength, labels } = batch;
    const logits = model.logits(batch).arraySync();
    for (let t = from; t < to; t++) {
      const ids = sentences.map((b) => {
        const label = labels[b * targetLength + t - 1] ?? -100;
        if (t === 0) return model.decoderStartTokenId;
        return label === -100 ? model.padTokenId : label;
      });
      const step = model.decodeStep(state, Int32Array.from(ids));
      step.arraySync().forEach((row, r) => {
        expectClose(row, logits[sentences[r] ?? 0]?.[t] ?? [], 1e-5, `row ${r} at ${t}`);
      });
      step.dispose();
    }
  };

  it.each([1, 3])('decodes with its cache what teacher forcing gives, with %i beams', (beams) => {
    const state = model.startDecoding(batch, beams);
    const sentences = [0, 1, 2].flatMap((sentence) => Array<number>(beams).fill(sentence));
    expect(state.rows).toBe(sentences.length);
    expectTeacherForced(state, sentences, 0, batch.targetLength);
    state.dispose();
  });

  it.each([
    ['rows swapped within their beams', [1, 0, 2, 3, 5, 4]],
    ['a finished sentence dropped', [1, 1, 4, 5]],
    ['sentences in another order', [4, 5, 0, 1]],
    ['sentences left with different numbers of rows', [0, 2, 3, 5]],
    ['one row left', [3]],
    ['more rows than before', [0, 0, 1, 2, 2, 3, 4, 4, 5]],
  ])('goes on rightly after a reordering: %s', (_, origins) => {
    const sentenceOfRow = [0, 0, 1, 1, 2, 2];
    const state = model.startDecoding(batch, 2);
    expectTeacherForced(state, sentenceOfRow, 0, 2);
    model.reorderRows(state, Int32Array.from(origins));
    const sentences = origins.map((origin) => sentenceOfRow[origin] ?? -1);
    expect([state.rows, state.length]).toEqual([origins.length, 2]);
    expectTeacherForced(state, sentences, 2, 4);
    model.reorderRows(state, Int32Array.from(origins.keys()).reverse());
    expectTeacherForced(state, sentences.reverse(), 4, 6);
    state.dispose();
  });

  it('makes each row continue the very row it came from', () => {
    const state = model.startDecoding(batch, 2);
    const first = Int32Array.of(1, 2, 3, 4, 5, 6);
    model.decodeStep(state, first);
    model.reorderRows(state, Int32Array.of(1, 1, 2, 3, 5, 4));
    const found = model.decodeStep(state, new Int32Array(6).fill(9)).arraySync();
    const fresh = model.startDecoding(batch, 2);
    model.decodeStep(fresh, Int32Array.of(2, 2, 3, 4, 6, 5));
    const expected = model.decodeStep(fresh, new Int32Array(6).fill(9)).arraySync();
    expectClose(found.flat(), expected.flat(), 1e-6, 'logits after reordering');
    tf.dispose([state.dispose(), fresh.dispose()]);
  });

  it('leaks no tensor, and on wasm no memory, over training and decoding steps', () => {
    const optimize = (): void => {
      const { value, grads } = tf.variableGrads(
        () => model.loss(batch, { dropoutSeed: 3, labelSmoothing: 0.1 }),
        [...model.parameters.values()],
      );
      for (const parameter of model.parameters.values()) tf.tidy(() => parameter.assign(tf.mul(parameter, 1)));
      tf.dispose([value, grads]);
    };
    const decode = (): void => {
      const state = model.startDecoding(batch, 2);
      for (let t = 0; t < 3; t++) {
        model.decodeStep(state, new Int32Array(state.rows).fill(4)).dispose();
        model.reorderRows(state, Int32Array.from(t === 0 ? [1, 0, 5, 4] : [1, 0, 3, 2]));
      }
      state.dispose();
    };
    const measure = (): number[] => [tf.memory().numTensors, tf.memory().numDataBuffers, wasmHeapBytes(device)];
    optimize();
    decode();
    const before = measure();
    for (let i = 0; i < 20; i++) {
      optimize();
      decode();
    }
    expect(measure()).toEqual(before);
  });

  it('draws the same dropout for the same seed, another for another, and none without', () => {
    const losses = (dropoutSeed?: number): number | undefined => model.loss(batch, { dropoutSeed }).dataSync()[0];
    expect(losses(1)).toBe(losses(1));
    expect(losses(1)).not.toBe(losses(2));
    expect(losses(1)).not.toBe(losses());
  });

  it('scales what dropout keeps, so that the loss over many masks is near the one without', async () => {
    const gentle = await loadFixture('tied', { dropout: 0.02 });
    const drawn = Array.from(
      { length: 60 },
      (_, seed) => gentle.loss(batch, { dropoutSeed: seed }).dataSync()[0] ?? Number.NaN,
    );
    expect(new Set(drawn).size).toBe(drawn.length);
    const mean = drawn.reduce((sum, loss) => sum + loss, 0) / drawn.length;
    const deviation = Math.sqrt(drawn.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / drawn.length ** 2);
    expect(deviation).toBeGreaterThan(0);
    expect(Math.abs(mean - (gentle.loss(batch).dataSync()[0] ?? Number.NaN))).toBeLessThan(4 * deviation);
    gentle.dispose();
  });

  it('refuses sequences longer than its positions, ids outside the vocabulary, and the wrong number of rows', () => {
    const long = Array<number>(13).fill(2);
    const short = [2, EOS];
    const lossOf = (source: number[], target: number[]) => (): unknown =>
      model.loss(singleBatch(source, target, model.padTokenId));
    const message = "a sequence of 13 pieces is longer than the model's 12 positions";
    expect(lossOf(long, short)).toThrow(new RangeError(message));
    expect(lossOf(short, long)).toThrow(new RangeError(message));
    expect(lossOf([31, EOS], short)).toThrow(new RangeError("row 31 is outside the table's 31 rows"));

    const state = model.startDecoding(singleBatch(short, short, model.padTokenId), 1);
    expect(() => model.decodeStep(state, Int32Array.of(1, 2))).toThrow(new RangeError('2 ids for 1 decoder rows'));
    for (let t = 0; t < 12; t++) model.decodeStep(state, Int32Array.of(3)).dispose();
    expect(() => model.decodeStep(state, Int32Array.of(3))).toThrow(new RangeError(message));
    expect(() => model.reorderRows(state, Int32Array.of(1))).toThrow(
      new RangeError('row 1 is not one of 1 decoder rows'),
    );
    expect(() => model.reorderRows(state, Int32Array.of())).toThrow(new RangeError('no decoder row would be left'));
    state.dispose();
  });

  it('refuses the decoder state of another kind of model', () => {
    const foreign: DecoderState = { length: 0, rows: 1, dispose: () => undefined };
    const asSeq2Seq: Seq2SeqModel = model;
    expect(() => asSeq2Seq.decodeStep(foreign, Int32Array.of(1))).toThrow(
      new TypeError('the decoder state comes from another kind of model'),
    );
  });
});

describe('isDecayed', () => {
  it("is Trainer's: everything but biases and layer norms", async () => {
    await openBackend('cpu');
    const model = await loadFixture('tied');
    const decayed = [...model.parameters.keys()].filter((name) => model.isDecayed(name));
    // 2 encoder layers of 6 matrices, 2 decoder layers of 10, and the table
    expect(decayed).toHaveLength(2 * 6 + 2 * 10 + 1);
    expect(decayed.every((name) => /(proj|fc[12]|shared)\.weight$/.test(name))).toBe(true);
    model.dispose();
  });
});

/** The size the wasm heap has grown to; 0 elsewhere. */
function wasmHeapBytes(device: string): number {
  if (device !== 'wasm') return 0;
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return wasm.HEAPU8.buffer.byteLength;
}
