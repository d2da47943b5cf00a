/**
 * From logits to the best next pieces of each row: the tensor half of a decoding step, and the only file of decoding
 * that reads tensors back. R decoder rows, V vocabulary, K pieces asked for.
 * Softmax and top-k run on the device, so that only [R, K] numbers come back. On wasm too: for 256 rows of 8,001 pieces
 * 10 ms, against 25 ms for reading the logits and ranking them in JavaScript.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assertFinite } from '../model/assert-finite-logits.ts';
import type { BannedPiece, RankedPieces } from '../model/sentence-decoder.ts';

export interface BannedPieces {
  /** For every row: [1, V] from `banningBias`, or null. */
  readonly bias: tf.Tensor2D | null;
  /** For some rows. */
  readonly banned: readonly BannedPiece[];
}

export interface RankOptions extends BannedPieces {
  readonly count: number;
  /** Whether probabilities are shares of the pieces that are left, or of all. */
  readonly renormalize: boolean;
}

/** Stands for -Infinity on the device, where not every kernel takes that; its exponential is 0. */
const BANNED = -1e30;

/**
 * The `count` best pieces of each row, or fewer where fewer are allowed.
 *
 * @param logits  [R, V]; left to the caller
 * @throws {ModelError} when a logit is not a number
 */
export async function rankNextPieces(logits: tf.Tensor2D, options: RankOptions): Promise<RankedPieces[]> {
  const [rows, vocabSize] = logits.shape;
  const count = Math.min(options.count, vocabSize);
  const { values, indices, maximum, maximumProbability } = tf.tidy(() => {
    const allowed = withoutBanned(logits, options); // [R, V]
    const counted = options.renormalize ? allowed : logits;
    return {
      ...tf.topk(allowed, count, true), // values, indices [R, K]
      maximum: tf.max(counted, 1), // [R]
      maximumProbability: tf.max(tf.softmax(counted), 1), // [R]
    };
  });
  const tensors = [values, indices, maximum, maximumProbability] as const;
  const [topLogits, topIds, maxima, maximaProbabilities] = await readAndDispose(tensors);
  return Array.from({ length: rows }, (_, row) => {
    // log p = logit - log Σ exp(logits), and the likeliest piece tells the sum: log Σ = its logit - its log p.
    const normalizer = numberAt(maxima, row) - Math.log(numberAt(maximaProbabilities, row));
    assertFinite(normalizer, row);
    const logits = topLogits.slice(row * count, (row + 1) * count);
    const bannedFrom = logits.findIndex((logit) => logit < BANNED / 2);
    const end = bannedFrom === -1 ? count : bannedFrom;
    return {
      ids: topIds.slice(row * count, row * count + end),
      logProbs: Float32Array.from(logits.subarray(0, end), (logit) => logit - normalizer),
    };
  });
}

/**
 * The best piece of each row, of equals the one with the smaller id; `logProbs` are left empty.
 *
 * @param logits  [R, V]; left to the caller
 * @throws {ModelError} when a logit is not a number
 */
export async function bestNextPieces(logits: tf.Tensor2D, options: BannedPieces): Promise<RankedPieces[]> {
  const tensors = tf.tidy(() => {
    const allowed = withoutBanned(logits, options); // [R, V]
    return [tf.argMax(allowed, 1), tf.max(allowed, 1)] as const; // [R], [R]
  });
  const [ids, maxima] = await readAndDispose(tensors);
  return Array.from(ids, (id, row) => {
    assertFinite(numberAt(maxima, row), row);
    return { ids: [id], logProbs: [] };
  });
}

/** What takes `ids` out of every row when added to logits: [1, V] for the caller to dispose, or null without ids. */
export function banningBias(ids: readonly number[], vocabSize: number): tf.Tensor2D | null {
  if (ids.length === 0) return null;
  const bias = new Float32Array(vocabSize);
  for (const id of ids) bias[id] = BANNED;
  return tf.tensor2d(bias, [1, vocabSize]);
}

function withoutBanned(logits: tf.Tensor2D, { bias, banned }: BannedPieces): tf.Tensor2D {
  const allowed = bias === null ? logits : tf.add<tf.Tensor2D>(logits, bias); // [R, V]
  if (banned.length === 0) return allowed;
  const places = tf.tensor2d(Int32Array.from(banned.flatMap(({ row, id }) => [row, id])), [banned.length, 2], 'int32');
  return tf.add(allowed, tf.scatterND(places, tf.fill([banned.length], BANNED), logits.shape));
}

type Numbers = Float32Array | Int32Array;

/** Asynchronous, as a GPU needs it. */
async function readAndDispose<const T extends readonly tf.Tensor[]>(tensors: T): Promise<{ [K in keyof T]: Numbers }> {
  try {
    return (await Promise.all(tensors.map((tensor) => tensor.data()))) as { [K in keyof T]: Numbers };
  } finally {
    tf.dispose([...tensors]);
  }
}

function numberAt(numbers: Numbers, index: number): number {
  return numbers[index] ?? Number.NaN;
}
