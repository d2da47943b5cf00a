import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import type { Packed } from '../../../src/engine/data/example.ts';
import { packBatch, packSequences } from '../../../src/engine/data/pack-batch.ts';
import type { MarianModel } from '../../../src/engine/model/marian/marian-model.ts';
import { ModelGradients } from '../../../src/engine/model/model-gradients.ts';
import type { DecoderState, Seq2SeqModel } from '../../../src/engine/model/seq2seq-model.ts';
import { fixtureBatch, loadFixture, lossAndGradients } from './marian-fixtures.ts';
import { expectClose } from './ops/finite-differences.ts';

const EOS = 0;
/** Labels of the longest sentence in the fixture. */
const LONGEST_TARGET = 6;

describe.each(['wasm', 'cpu'] as const)('MarianModel on %s', (device) => {
  const batch = fixtureBatch('tied');
  let model: MarianModel;

  beforeAll(async () => {
    await openBackend(device);
    model = await loadFixture('tied');
  });
  afterAll(() => model.dispose());

  it('gives a sentence the same numbers alone and beside others of very different lengths', () => {
    const pairs = [
      { sourceIds: [5, 9, 3, EOS], targetIds: [7, 8, EOS] },
      { sourceIds: [EOS], targetIds: [EOS] },
      { sourceIds: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, EOS], targetIds: [EOS] },
      { sourceIds: [6], targetIds: [3, 4, 5, 6, 7, 8, 9, 10, 11, EOS] },
    ];
    const together = packBatch(pairs);
    const logits = model.logits(together).arraySync();
    const states = model.encode(together.source).arraySync();
    for (const [index, pair] of pairs.entries()) {
      const alone = packBatch([pair]);
      const rows = ({ starts }: Packed): [number?, number?] => [starts[index], starts[index + 1]];
      const ownLogits = logits.slice(...rows(together.labels)).flat();
      expectClose(ownLogits, model.logits(alone).dataSync(), 1e-6, `logits of ${index}`);
      const ownStates = states.slice(...rows(together.source)).flat();
      expectClose(ownStates, model.encode(alone.source).dataSync(), 1e-6, `states of ${index}`);
    }
  });

  it('adds the gradients of batches up, each times its weight', () => {
    const parts = [packBatch([{ sourceIds: [5, EOS], targetIds: [7, 8, EOS] }]), batch];
    const gradients = new ModelGradients(model.parameters);
    parts.forEach((part, index) => {
      const loss = model.addGradients(part, gradients, { weight: index + 0.5 });
      expect(loss.dataSync()[0]).toBeCloseTo((index + 0.5) * (model.loss(part).dataSync()[0] ?? Number.NaN), 5);
    });
    const [first, second] = parts.map((part) => lossAndGradients(model, part).gradients);
    for (const [name, sum] of gradients.sums()) {
      const ofSecond = second?.get(name) ?? [];
      const expected = first?.get(name)?.map((x, i) => 0.5 * x + 1.5 * (ofSecond[i] ?? Number.NaN)) ?? [];
      expectClose(sum.dataSync(), expected, 1e-5, name, 1e-2);
    }
    gradients.clear();
    expect(gradients.sums().size).toBe(0);
    gradients.dispose();
  });

  /** Feeds the labels shifted right, `beams` times each, and compares each row with the teacher-forced logits. */
  const expectTeacherForced = (state: DecoderState, sentences: number[], from: number, to: number): void => {
    const { ids: labels, starts } = batch.labels;
    const logits = model.logits(batch).arraySync();
    for (let t = from; t < to; t++) {
      const places = sentences.map((sentence) => (starts[sentence] ?? Number.NaN) + t);
      const ids = places.map((place) =>
        t === 0 ? model.decoderStartTokenId : (labels[place - 1] ?? model.padTokenId),
      );
      const step = model.decodeStep(state, Int32Array.from(ids));
      step.arraySync().forEach((row, r) => {
        const place = places[r] ?? Number.NaN;
        const hasEnded = place >= (starts[(sentences[r] ?? Number.NaN) + 1] ?? 0); // nothing to compare with
        if (!hasEnded) expectClose(row, logits[place] ?? [], 1e-5, `row ${r} at ${t}`);
      });
      step.dispose();
    }
  };

  it.each([1, 3])('decodes with its cache what teacher forcing gives, with %i beams', (beams) => {
    const state = model.startDecoding(batch.source, beams);
    const sentences = [0, 1, 2].flatMap((sentence) => Array<number>(beams).fill(sentence));
    expect(state.rows).toBe(sentences.length);
    expectTeacherForced(state, sentences, 0, LONGEST_TARGET);
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
    const state = model.startDecoding(batch.source, 2);
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
    const state = model.startDecoding(batch.source, 2);
    const first = Int32Array.of(1, 2, 3, 4, 5, 6);
    model.decodeStep(state, first);
    model.reorderRows(state, Int32Array.of(1, 1, 2, 3, 5, 4));
    const found = model.decodeStep(state, new Int32Array(6).fill(9)).arraySync();
    const fresh = model.startDecoding(batch.source, 2);
    model.decodeStep(fresh, Int32Array.of(2, 2, 3, 4, 6, 5));
    const expected = model.decodeStep(fresh, new Int32Array(6).fill(9)).arraySync();
    expectClose(found.flat(), expected.flat(), 1e-6, 'logits after reordering');
    tf.dispose([state.dispose(), fresh.dispose()]);
  });

  it('leaks no tensor, and on wasm no memory, over training and decoding steps', () => {
    const gradients = new ModelGradients(model.parameters);
    const optimize = (): void => {
      gradients.clear();
      for (const part of [batch, packBatch([{ sourceIds: [5, EOS], targetIds: [7, EOS] }])]) {
        model.addGradients(part, gradients, { dropoutSeed: 3, labelSmoothing: 0.1, weight: 0.5 }).dispose();
      }
      for (const parameter of model.parameters.values()) tf.tidy(() => parameter.assign(tf.mul(parameter, 1)));
      model.loss(batch).dispose();
      const outside = packBatch([{ sourceIds: [5, EOS], targetIds: [31] }]);
      expect(() => model.addGradients(outside, gradients, { weight: 1 })).toThrow(RangeError);
    };
    const decode = (): void => {
      const state = model.startDecoding(batch.source, 2);
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
    gradients.dispose();
  });

  it('draws the same dropout for the same seed, another for another, and none without', () => {
    const drawn = (dropoutSeed?: number) => lossAndGradients(model, batch, { dropoutSeed });
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1).loss).not.toBe(drawn(2).loss);
    expect(drawn(1).loss).not.toBe(drawn().loss);
    expect(drawn().loss).toBe(model.loss(batch).dataSync()[0]);
  });

  it('scales what dropout keeps, so that the loss over many masks is near the one without', async () => {
    const gentle = await loadFixture('tied', { dropout: 0.02 });
    const drawn = Array.from({ length: 60 }, (_, seed) => lossAndGradients(gentle, batch, { dropoutSeed: seed }).loss);
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
    const lossOf = (sourceIds: number[], targetIds: number[]) => (): unknown =>
      model.loss(packBatch([{ sourceIds, targetIds }]));
    const message = "a sequence of 13 pieces is longer than the model's 12 positions";
    expect(lossOf(long, short)).toThrow(new RangeError(message));
    expect(lossOf(short, long)).toThrow(new RangeError(message));
    expect(lossOf([31, EOS], short)).toThrow(new RangeError('id 31 is outside the vocabulary of 31 pieces'));
    expect(lossOf([], short)).toThrow(new RangeError('sequence 0 has no piece to attend to'));
    expect(lossOf(short, [])).toThrow(new RangeError('the batch has no label: there is no loss to compute'));

    const state = model.startDecoding(packSequences([short]), 1);
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
