import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open-backend.ts';
import { banningBias, bestNextPieces, rankNextPieces } from '../../../src/engine/decoding/rank-next-pieces.ts';
import type { BannedPiece } from '../../../src/engine/model/sentence-decoder.ts';
import { ModelError } from '../../../src/errors.ts';

/** Float32 logits of up to 20 and their differences from the normaliser round to about 1e-6. */
const TOLERANCE = 4e-6;
const ROWS = 5;
const VOCABULARY = 300;

describe.each(['wasm', 'cpu'] as const)('ranking next pieces on %s', (device) => {
  const rows = pseudoRandomRows();
  const everywhere = [7, 250];
  const banned: BannedPiece[] = [
    { row: 1, id: bestOf(rows[1]) },
    { row: 1, id: bestOf(rows[1]) },
    { row: 3, id: 7 },
  ];

  beforeAll(async () => {
    await openBackend(device);
  });

  for (const renormalize of [true, false]) {
    for (const isRestricted of [true, false]) {
      const title = `${isRestricted ? 'some' : 'no'} pieces banned and ${renormalize ? 'renormalised' : 'as they are'}`;
      it(`agrees with a sort of all log-probabilities, ${title}`, async () => {
        const before = tf.memory().numTensors;
        const logits = tf.tensor2d(rows);
        const bias = isRestricted ? banningBias(everywhere, VOCABULARY) : null;
        const ranked = await rankNextPieces(logits, {
          count: 8,
          bias,
          banned: isRestricted ? banned : [],
          renormalize,
        });
        expect(ranked).toHaveLength(ROWS);
        for (const [row, { ids, logProbs }] of ranked.entries()) {
          const isBanned = (id: number): boolean =>
            isRestricted && (everywhere.includes(id) || banned.some((ban) => ban.row === row && ban.id === id));
          const expected = slowRanking(rows[row] ?? [], isBanned, renormalize).slice(0, 8);
          expect([...Array.from(ids)]).toEqual(expected.map(({ id }) => id));
          for (const [rank, { logProb }] of expected.entries()) {
            expect(Math.abs((logProbs[rank] ?? Number.NaN) - logProb)).toBeLessThan(TOLERANCE);
          }
        }
        tf.dispose([logits, ...(bias === null ? [] : [bias])]);
        expect(tf.memory().numTensors).toBe(before);
      });
    }
  }

  it('gives fewer pieces where fewer are allowed, and equal ones by id', async () => {
    const logits = tf.tensor2d([[2, 5, 5, 1, 0]]);
    const bias = banningBias([0, 4], 5);
    const [first] = await rankNextPieces(logits, { count: 8, bias, banned: [], renormalize: true });
    expect(Array.from(first?.ids ?? [])).toEqual([1, 2, 3]);
    tf.dispose([logits, bias ?? []]);
  });

  it('finds the best piece that is not banned, of equals the one with the smaller id', async () => {
    const before = tf.memory().numTensors;
    const logits = tf.tensor2d([
      [1, 9, 4, 4],
      [3, 9, 8, 2],
    ]);
    const bias = banningBias([1], 4);
    const best = await bestNextPieces(logits, { bias, banned: [{ row: 1, id: 2 }] });
    expect(best.map(({ ids }) => ids[0])).toEqual([2, 0]);
    tf.dispose([logits, bias ?? []]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses logits that are not numbers', async () => {
    const before = tf.memory().numTensors;
    const logits = tf.tensor2d([
      [1, 2, 3],
      [1, Number.NaN, 3],
    ]);
    for (const rank of [
      () => rankNextPieces(logits, { count: 2, bias: null, banned: [], renormalize: true }),
      () => bestNextPieces(logits, { bias: null, banned: [] }),
    ]) {
      const error = await rank().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ModelError);
      expect((error as ModelError).message).toBe("The model's logits are not finite numbers (decoder row 1, NaN).");
      expect((error as ModelError).hint).toContain('lower learning_rate');
    }
    logits.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Spread like a model's: most far below a few. Float32, and no two alike. */
function pseudoRandomRows(): number[][] {
  return Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: VOCABULARY }, (_, id) => Math.fround(((id * 7919 + row * 104729 + 17) % 10007) / 500 - 12)),
  );
}

function bestOf(row: readonly number[] = []): number {
  return row.indexOf(Math.max(...row));
}

/** Every allowed piece with its log-probability in float64, best first. */
function slowRanking(row: readonly number[], isBanned: (id: number) => boolean, renormalize: boolean) {
  const pieces = row.map((logit, id) => ({ id, logit, isAllowed: !isBanned(id) }));
  const counted = pieces.filter(({ isAllowed }) => isAllowed || !renormalize);
  const logSum = Math.log(counted.reduce((sum, { logit }) => sum + Math.exp(logit), 0));
  return pieces
    .filter(({ isAllowed }) => isAllowed)
    .map(({ id, logit }) => ({ id, logProb: logit - logSum }))
    .sort((a, b) => b.logProb - a.logProb || a.id - b.id);
}
