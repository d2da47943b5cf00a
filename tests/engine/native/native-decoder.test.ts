import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { packSequences } from '../../../src/engine/data/pack-batch.ts';
import { BatchDecoder } from '../../../src/engine/decoding/batch-decoder.ts';
import { generate } from '../../../src/engine/decoding/generate.ts';
import { generateAll } from '../../../src/engine/decoding/generate-all.ts';
import { loadModel } from '../../../src/engine/model/load-model.ts';
import type { SentenceDecoder } from '../../../src/engine/model/sentence-decoder.ts';
import type { Seq2SeqModel } from '../../../src/engine/model/seq2seq-model.ts';
import { CancelledError, ModelError } from '../../../src/errors.ts';
import {
  casesOf,
  DEMO,
  expectAsVersion4,
  expectAsVersion5,
  type Ids,
  SMALL,
  settingsOf,
  written,
} from '../decoding/written-by-transformers.ts';
import { countBlocks, isAddonBuilt, isSanitized, openNativeForTests, runnableIsas } from './native-support.ts';

const isas = runnableIsas();
const fastest = isas.at(-1) ?? '';

/** Runs with a model of the current backend, which is disposed whatever happens. */
async function withModel<T>(folder: string, run: (model: Seq2SeqModel) => Promise<T>): Promise<T> {
  const model = await loadModel(folder);
  try {
    return await run(model);
  } finally {
    model.dispose();
  }
}

describe.skipIf(!isAddonBuilt)('decoding by the addon', () => {
  it.each([
    ['demo', 'demoBeams', DEMO],
    ['demo', 'demoCases', DEMO],
    ['small random', 'smallCases', SMALL],
  ] as const)('writes with the %s model what transformers writes, id for id: %s', async (_, group, folder) => {
    await openNativeForTests({ threads: 2 });
    await withModel(folder, async (model) => {
      for (const one of casesOf(group)) {
        await expectAsVersion4(folder, model, one);
        if (one.differing.length > 0) await expectAsVersion5(folder, model, one);
      }
    });
  });

  it.each(isas.filter((isa) => isa !== fastest))('writes the same on %s', async (isa) => {
    await openNativeForTests({ isa, threads: 2 });
    const [, , four] = written.demoBeams;
    await withModel(DEMO, async (model) => {
      const settings = await settingsOf(DEMO, model, four?.arguments ?? {});
      expect(await generate(model, written.demoSources, settings)).toEqual(four?.outputs);
    });
  });

  it.each(isas.flatMap((isa) => [DEMO, SMALL].map((folder) => [isa, folder.split('/').at(-1) ?? '', folder] as const)))(
    'ranks on %s as tfjs operations do, over steps that swap and drop rows: %s',
    async (isa, _, folder) => {
      const sources = folder === DEMO ? written.demoSources.slice(0, 3) : written.smallSources.slice(0, 3);
      const ranking = { beams: 3, count: 6, bannedIds: [7, 20], renormalize: folder === DEMO };
      await openBackend('wasm');
      const expected = await withModel(folder, (model) => rankedSteps(new BatchDecoder(model, ranking), sources));
      await openNativeForTests({ isa, threads: 2 });
      const found = await withModel(folder, (model) => rankedSteps(requireDecoder(model, ranking), sources));
      expect(found.ids).toEqual(expected.ids);
      const worst = Math.max(
        ...found.logProbs.map((value, i) => Math.abs(value - (expected.logProbs[i] ?? Number.NaN))),
      );
      expect(worst).toBeLessThan(2e-5);
    },
  );

  it('makes the same bits with 1, 2 and 3 threads, and for a sentence whatever its neighbours are', async () => {
    const ranking = { beams: 3, count: 6, bannedIds: [7], renormalize: false };
    const runs: unknown[] = [];
    const many = Array.from({ length: 4 }, () => written.demoSources.slice(0, 9)).flat(); // rows for every thread
    for (const threads of [1, 2, 3]) {
      await openNativeForTests({ threads });
      await withModel(DEMO, async (model) => {
        runs.push(await rankedSteps(requireDecoder(model, ranking), many));
      });
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    await withModel(DEMO, async (model) => {
      const first = async (sources: readonly Ids[]): Promise<number[]> => {
        const decoder = requireDecoder(model, ranking);
        decoder.start(packSequences(sources));
        const ranked = await decoder.step(new Int32Array(sources.length).fill(8000), []);
        decoder.dispose();
        return [...Array.from(ranked[0]?.logProbs ?? []), ...Array.from(ranked[0]?.ids ?? [])];
      };
      const alone = await first(written.demoSources.slice(0, 1));
      expect(await first(written.demoSources)).toEqual(alone);
    });
  });

  it.each(['f32', 'bf16'] as const)('writes the same in any order and number at once, in %s', async (precision) => {
    await openNativeForTests({ threads: 2, precision });
    await withModel(DEMO, async (model) => {
      const settings = await settingsOf(DEMO, model, { num_beams: 4 });
      const write = async (sources: readonly Ids[], batchSize: number): Promise<Ids[]> => {
        const outputs: Ids[] = [];
        for await (const items of generateAll({ model, sources, settings, batchSize })) {
          for (const { index, ids } of items) outputs[index] = ids;
        }
        return outputs;
      };
      const expected = await write(written.demoSources, 64);
      for (const batchSize of [1, 3, 7]) expect(await write(written.demoSources, batchSize)).toEqual(expected);
      expect((await write(written.demoSources.toReversed(), 5)).toReversed()).toEqual(expected);
    });
  });

  it.skipIf(isSanitized)(
    'touches no tfjs kernel, and its steps ask the system for no memory once it has warmed up',
    async () => {
      const addon = await openNativeForTests({ threads: 2 });
      await withModel(DEMO, async (model) => {
        const settings = await settingsOf(DEMO, model, { num_beams: 4 });
        const counters = new Float64Array(5);
        const warmUp = await tf.profile(async () => void (await generate(model, written.demoSources, settings)));
        expect(warmUp.kernelNames).toEqual([]);
        addon.memoryCounters(counters);
        const [blocks] = counters;
        const allocationsOf = async (sources: readonly Ids[]) => {
          const before = counters[3] ?? 0;
          await generate(model, sources, settings);
          addon.memoryCounters(counters);
          return (counters[3] ?? 0) - before;
        };
        const doubled = [...written.demoSources, ...written.demoSources];
        // Pool and scratch grow until every thread has met the largest piece.
        const counts: number[] = [];
        const isSteady = () => counts.length >= 3 && new Set(counts.slice(-3)).size === 1;
        while (counts.length < 20 && !isSteady()) counts.push(await allocationsOf(doubled));
        const once = await allocationsOf(written.demoSources);
        // A search packs the weights that it has joined anew; its steps ask for nothing, however many there are.
        expect(counts.at(-1)).toBe(once);
        expect(once).toBeLessThanOrEqual(3);
        expect(counters[0]).toBe(blocks);
      });
    },
  );

  it('keeps no block when it is cancelled or fails', async () => {
    const addon = await openNativeForTests();
    await withModel(SMALL, async (model) => {
      const settings = await settingsOf(SMALL, model, { num_beams: 3 });
      const before = countBlocks(addon);
      const controller = new AbortController();
      setImmediate(() => setImmediate(() => controller.abort()));
      const { signal } = controller;
      await expect(generate(model, written.smallSources, settings, { signal })).rejects.toThrow(CancelledError);
      expect(countBlocks(addon)).toBe(before);

      const tooLong = { ...settings, maxLength: 20, eosTokenIds: [30] };
      await expect(generate(model, written.smallSources, tooLong)).rejects.toThrow(
        new RangeError("a sequence of 13 pieces is longer than the model's 12 positions"),
      );
      expect(countBlocks(addon)).toBe(before);

      for (const parameter of model.parameters.values()) parameter.assign(tf.fill(parameter.shape, Number.NaN));
      await expect(generate(model, written.smallSources, settings)).rejects.toThrow(ModelError);
      expect(countBlocks(addon)).toBeLessThanOrEqual(before + model.parameters.size);
    });
  });

  it('refuses what is not there', async () => {
    const addon = await openNativeForTests();
    await withModel(SMALL, async (model) => {
      const decoder = requireDecoder(model, { beams: 2, count: 4, bannedIds: [], renormalize: true });
      decoder.start(packSequences([[5, 0]]));
      await expect(decoder.step(Int32Array.of(1, 2), [])).rejects.toThrow(RangeError);
      await expect(decoder.step(Int32Array.of(999), [])).rejects.toThrow(/^id 999 is outside the vocabulary of \d+/);
      await decoder.step(Int32Array.of(1), []);
      decoder.keep(Int32Array.of(0, 0));
      await decoder.step(Int32Array.of(1, 2), []);
      expect(() => decoder.keep(Int32Array.of(0, 2))).toThrow(
        new RangeError('row 1 continues row 2, which is not in its turn'),
      );
      decoder.dispose();
      expect(() => decoder.dispose()).toThrow(new RangeError('the decoder is not open'));
      expect(() => addon.closeDecoder(-1)).toThrow(new RangeError('the decoder is not open'));
    });
  });
});

function requireDecoder(model: Seq2SeqModel, ranking: Parameters<Seq2SeqModel['openDecoder']>[0]): SentenceDecoder {
  const decoder = model.openDecoder(ranking);
  if (decoder === null) throw new TypeError('the backend has no decoder of its own');
  return decoder;
}

/** All rankings of some steps of three beams, for three sentences or a multiple: rows swap, and every third sentence ends. */
async function rankedSteps(
  decoder: SentenceDecoder,
  sources: readonly Ids[],
): Promise<{ ids: number[]; logProbs: number[] }> {
  const ids: number[] = [];
  const logProbs: number[] = [];
  try {
    decoder.start(packSequences(sources));
    let rowsOfThree = 3;
    const moves = [
      [0, 0, 0, 1, 1, 1, 2, 2, 2],
      [1, 0, 2, 4, 4, 3, 8, 7, 6],
      [0, 0, 1, 3, 5, 4, 6, 6, 6],
      [2, 1, 0, 8, 7, 6],
      [0, 1, 2, 5, 3, 4],
    ];
    for (const move of moves) {
      const rows = (rowsOfThree * sources.length) / 3;
      const fed = Int32Array.from({ length: rows }, (_, row) => 10 + ((row * 7 + rows) % 13));
      const banned = [
        { row: 1, id: 12 },
        { row: rows - 1, id: 11 },
      ];
      for (const ranked of await decoder.step(fed, banned)) {
        ids.push(...Array.from(ranked.ids));
        logProbs.push(...Array.from(ranked.logProbs));
      }
      const origins = Array.from({ length: sources.length / 3 }, (_, i) => move.map((row) => row + i * rowsOfThree));
      decoder.keep(Int32Array.from(origins.flat()));
      rowsOfThree = move.length;
    }
  } finally {
    decoder.dispose();
  }
  return { ids, logProbs };
}
