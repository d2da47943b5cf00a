import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { generate } from '../../../src/engine/decoding/generate.ts';
import {
  type GenerationSettings,
  resolveGenerationSettings,
} from '../../../src/engine/decoding/generation-settings.ts';
import { type LoadedModel, loadModel } from '../../../src/engine/model/load-model.ts';
import { readGenerationConfig } from '../../../src/engine/model/model-directory.ts';
import { CancelledError } from '../../../src/errors.ts';

type Ids = readonly number[];

interface Case {
  /** Generation settings that differ from the model's. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Ids[];
}

interface Fixture {
  readonly demoSources: readonly Ids[];
  /** With all sources. */
  readonly demoBeams: readonly Case[];
  /** With every second source. */
  readonly demoCases: readonly Case[];
  readonly smallSources: readonly Ids[];
  readonly smallCases: readonly Case[];
}

type CaseGroup = 'demoBeams' | 'demoCases' | 'smallCases';

const DEMO = fileURLToPath(new URL('../../../experiments/models/demo-en-fr', import.meta.url));
const SMALL = fileURLToPath(new URL('../../fixtures/model/tied', import.meta.url));
const old = readFixture('generation-4.47.json');
const recent = readFixture('generation-5.23.json');
const everySecond = old.demoSources.filter((_, index) => index % 2 === 0);

/**
 * Rows that 5.23 writes otherwise than 4.47, by group and case; all with early_stopping false and a positive length_penalty.
 * Its estimate of what may still come looks at the open beams, that of 4.47 at candidates that have just ended too: 5.23
 * stops a step or more earlier, and misses a longer hypothesis that the penalty prefers.
 */
const STOPPED_EARLIER_IN_5: Readonly<Record<string, readonly number[]>> = {
  'demoCases 34': [19], // min_new_tokens 9
  'smallCases 19': [6], // 1.5
  'smallCases 22': [6], // 2
  'smallCases 34': [10], // 1
  'smallCases 37': [6], // 1.5
  'smallCases 40': [6], // 2
};

interface Loaded {
  readonly model: LoadedModel;
  readonly fromModel: Record<string, unknown>;
}

let demo: Loaded;
let small: Loaded;

beforeAll(async () => {
  await openBackend('wasm');
  [demo, small] = [await load(DEMO), await load(SMALL)];
});

afterAll(() => {
  demo.model.dispose();
  small.model.dispose();
});

describe('generate with the demo model writes what transformers writes, id for id,', () => {
  itWritesTheSame('demoBeams', old.demoSources, () => demo);
  itWritesTheSame('demoCases', everySecond, () => demo);
});

describe('generate with a small random model writes what transformers writes, id for id,', () => {
  itWritesTheSame('smallCases', old.smallSources, () => small);
});

describe('generate', () => {
  it('writes for a sentence among others what it writes for it alone', async () => {
    const settings = settingsOf(demo, { num_beams: 4 });
    const sources = old.demoSources.slice(0, 8);
    const together = await generate(demo.model, sources, settings);
    for (const [row, source] of sources.entries()) {
      expect(await generate(demo.model, [source], settings)).toEqual([together[row]]);
    }
  });

  it('writes nothing for no sources, and something for the end of sentence alone', async () => {
    const settings = settingsOf(demo, { max_length: 8 });
    expect(await generate(demo.model, [], settings)).toEqual([]);
    const [ids] = await generate(demo.model, [[0]], settings);
    expect(ids?.at(-1)).toBe(0);
  });

  for (const num_beams of [1, 4]) {
    it(`leaves no tensor behind with ${num_beams} beams, whether it ends, is cancelled or fails`, async () => {
      const settings = settingsOf(small, { num_beams, bad_words_ids: [[30], [26, 26]] });
      const before = tf.memory().numTensors;
      await generate(small.model, old.smallSources, settings);
      expect(tf.memory().numTensors).toBe(before);

      const controller = new AbortController();
      setImmediate(() => setImmediate(() => controller.abort()));
      const { signal } = controller;
      const cancelled = await generate(small.model, old.smallSources, settings, { signal }).catch((error) => error);
      expect(cancelled).toBeInstanceOf(CancelledError);
      expect(cancelled.message).toBe('Decoding was cancelled.');
      expect(tf.memory().numTensors).toBe(before);

      // Never ending, and longer than the model's 12 positions: it throws in the middle.
      const tooLong = { ...settings, maxLength: 20, eosTokenIds: [30] };
      await expect(generate(small.model, old.smallSources, tooLong)).rejects.toThrow('12 positions');
      expect(tf.memory().numTensors).toBe(before);
    });
  }
});

function itWritesTheSame(group: CaseGroup, sources: readonly Ids[], loaded: () => Loaded): void {
  for (const [index, { arguments: given, outputs }] of old[group].entries()) {
    const told = JSON.stringify(given).slice(0, 100);
    const differing = STOPPED_EARLIER_IN_5[`${group} ${index}`] ?? [];
    const newer = recent[group][index]?.outputs ?? [];
    it(`with ${told}`, async () => {
      const settings = settingsOf(loaded(), given);
      const found = await generate(loaded().model, sources, settings);
      expect(found.map((ids) => withFirstEnd(ids, settings))).toEqual(outputs);
      expect(found.flatMap((ids, row) => (isEqual(ids, newer[row]) ? [] : [row]))).toEqual(differing);
    });

    if (differing.length > 0) {
      it(`with ${told}, as version 5 does`, async () => {
        const settings = settingsOf(loaded(), given, 'transformers-5');
        expect(await generate(loaded().model, sources, settings)).toEqual(newer);
      });
    }
  }
}

function readFixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`../../fixtures/decoding/${name}`, import.meta.url), 'utf8')) as Fixture;
}

async function load(directory: string): Promise<Loaded> {
  return { model: await loadModel(directory), fromModel: await readGenerationConfig(directory) };
}

function settingsOf(
  { model, fromModel }: Loaded,
  given: Readonly<Record<string, unknown>>,
  compatibility: GenerationSettings['compatibility'] = 'transformers-4',
): GenerationSettings {
  const none = { num_beams: null, max_length: null, length_penalty: null, early_stopping: null, compatibility };
  return resolveGenerationSettings({ ...fromModel, ...given }, none, model);
}

/** Beam search of 4.47 writes its first end for whichever end was found; 5.23 and we write the one found. */
function withFirstEnd(ids: Ids, { numBeams, eosTokenIds }: GenerationSettings): Ids {
  const endedIn = eosTokenIds.indexOf(ids.at(-1) ?? -1);
  return numBeams > 1 && endedIn > 0 ? [...ids.slice(0, -1), eosTokenIds[0] ?? -1] : ids;
}

function isEqual(a: Ids, b: Ids = []): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
