import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { generate } from '../../../src/engine/decoding/generate.ts';
import { type LoadedModel, loadModel } from '../../../src/engine/model/load-model.ts';
import { CancelledError } from '../../../src/errors.ts';
import { isAddonBuilt } from '../native/native-support.ts';
import {
  casesOf,
  DEMO,
  expectAsVersion4,
  expectAsVersion5,
  SMALL,
  settingsOf,
  type WrittenCase,
  written,
} from './written-by-transformers.ts';

// Where the addon was built, native-decoder.test.ts has every source.
const every = isAddonBuilt ? 4 : 1;
let demo: LoadedModel;
let small: LoadedModel;

beforeAll(async () => {
  await openBackend('wasm');
  [demo, small] = [await loadModel(DEMO), await loadModel(SMALL)];
});

afterAll(() => {
  demo.dispose();
  small.dispose();
});

describe('generate with the demo model writes what transformers writes, id for id,', () => {
  itWritesTheSame([...casesOf('demoBeams', every), ...casesOf('demoCases', every)], DEMO, () => demo);
});

describe('generate with a small random model writes what transformers writes, id for id,', () => {
  itWritesTheSame(casesOf('smallCases'), SMALL, () => small);
});

describe('generate', () => {
  it('writes for a sentence among others what it writes for it alone', async () => {
    const settings = await settingsOf(DEMO, demo, { num_beams: 4 });
    const sources = written.demoSources.slice(0, 8);
    const together = await generate(demo, sources, settings);
    for (const [row, source] of sources.entries()) {
      expect(await generate(demo, [source], settings)).toEqual([together[row]]);
    }
  });

  it('writes nothing for no sources, and something for the end of sentence alone', async () => {
    const settings = await settingsOf(DEMO, demo, { max_length: 8 });
    expect(await generate(demo, [], settings)).toEqual([]);
    const [ids] = await generate(demo, [[0]], settings);
    expect(ids?.at(-1)).toBe(0);
  });

  for (const num_beams of [1, 4]) {
    it(`leaves no tensor behind with ${num_beams} beams, whether it ends, is cancelled or fails`, async () => {
      const settings = await settingsOf(SMALL, small, { num_beams, bad_words_ids: [[30], [26, 26]] });
      const before = tf.memory().numTensors;
      await generate(small, written.smallSources, settings);
      expect(tf.memory().numTensors).toBe(before);

      const controller = new AbortController();
      setImmediate(() => setImmediate(() => controller.abort()));
      const { signal } = controller;
      const cancelled = await generate(small, written.smallSources, settings, { signal }).catch((error) => error);
      expect(cancelled).toBeInstanceOf(CancelledError);
      expect(cancelled.message).toBe('Decoding was cancelled.');
      expect(tf.memory().numTensors).toBe(before);

      // Never ending, and longer than the model's 12 positions: it throws in the middle.
      const tooLong = { ...settings, maxLength: 20, eosTokenIds: [30] };
      await expect(generate(small, written.smallSources, tooLong)).rejects.toThrow('12 positions');
      expect(tf.memory().numTensors).toBe(before);
    });
  }
});

function itWritesTheSame(cases: readonly WrittenCase[], folder: string, model: () => LoadedModel): void {
  for (const one of cases) {
    it(`with ${one.name}`, async () => await expectAsVersion4(folder, model(), one));
    if (one.differing.length === 0) continue;
    it(`with ${one.name}, as version 5 does`, async () => await expectAsVersion5(folder, model(), one));
  }
}
