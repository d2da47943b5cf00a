import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BeamSearch } from '../../../src/engine/decoding/beam-search.ts';
import type { GenerationSettings } from '../../../src/engine/decoding/generation-settings.ts';

interface ToyCase extends Pick<GenerationSettings, 'numBeams' | 'lengthPenalty' | 'earlyStopping' | 'maxLength'> {
  readonly eosTokenIds: readonly number[];
  /** Position in the table at which the output starts. */
  readonly shift: number;
  readonly output: readonly number[];
}

interface Toy {
  readonly start: number;
  /** Scores of the next piece by position and last piece. */
  readonly scores: readonly (readonly (readonly number[])[])[];
  readonly cases: readonly ToyCase[];
}

const toy = JSON.parse(
  readFileSync(new URL('../../fixtures/decoding/beam-search.json', import.meta.url), 'utf8'),
) as Toy;

describe('a beam search over a toy language', () => {
  for (const numBeams of [2, 3, 4]) {
    it(`finds what transformers 4.47 finds with ${numBeams} beams, all penalties, stops, lengths and ends`, () => {
      const cases = toy.cases.filter((toyCase) => toyCase.numBeams === numBeams);
      for (const toyCase of cases) {
        const found = search(toyCase);
        // That version writes its first end for whichever end was found.
        const last = found.at(-1) ?? -1;
        if (toyCase.eosTokenIds.includes(last)) found.splice(-1, 1, toyCase.eosTokenIds[0] ?? -1);
        expect({ ...toyCase, output: found }).toEqual(toyCase);
      }
      expect(cases.length).toBe(360);
    });
  }

  it('is done, with what it has, when no piece may follow', () => {
    const beams = new BeamSearch(settingsOf({ ...firstCase(), numBeams: 2 }));
    beams.advance([
      { ids: [0], logProbs: [-1] },
      { ids: [], logProbs: [] },
    ]);
    expect(beams.isDone).toBe(true);
    expect(beams.bestIds()).toEqual([0]);
  });

  it('takes the earlier beam, then the smaller id, when scores are equal', () => {
    const beams = new BeamSearch(settingsOf({ ...firstCase(), numBeams: 2, maxLength: 9 }));
    expect(
      beams.advance([
        { ids: [4, 3], logProbs: [-1, -1] },
        { ids: [1], logProbs: [0] },
      ]),
    ).toEqual([0, 0]);
    expect(beams.outputs).toEqual([
      [8, 3],
      [8, 4],
    ]);
    expect(
      beams.advance([
        { ids: [7], logProbs: [-1] },
        { ids: [6, 2], logProbs: [-1, -1] },
      ]),
    ).toEqual([0, 1]);
    expect(beams.outputs).toEqual([
      [8, 3, 7],
      [8, 4, 2],
    ]);
  });
});

function firstCase(): ToyCase {
  const [first] = toy.cases;
  if (first === undefined) throw new RangeError('The fixture is empty.');
  return first;
}

function settingsOf({ output: _output, shift: _shift, ...decisive }: ToyCase): GenerationSettings {
  return {
    ...decisive,
    compatibility: 'transformers-4',
    minLength: 0,
    noRepeatNgramSize: 0,
    suppressedIds: [],
    suppressedFirstIds: [],
    badWordsIds: [],
    forcedBosTokenId: null,
    forcedEosTokenIds: [],
    padTokenId: toy.start,
    decoderStartTokenId: toy.start,
    renormalizeLogits: false,
  };
}

function search(toyCase: ToyCase): number[] {
  const beams = new BeamSearch(settingsOf(toyCase));
  while (!beams.isDone) {
    beams.advance(
      beams.outputs.map((output) => {
        const scores = toy.scores[(output.length - 1 + toyCase.shift) % toy.scores.length]?.[output.at(-1) ?? 0] ?? [];
        const logSum = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
        const ranked = [...scores.entries()].sort(([, a], [, b]) => b - a);
        return { ids: ranked.map(([id]) => id), logProbs: ranked.map(([, score]) => Math.fround(score - logSum)) };
      }),
    );
  }
  return [...beams.bestIds()];
}
