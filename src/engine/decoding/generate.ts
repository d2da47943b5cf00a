/**
 * Outputs for a batch of source sentences: beam search, or greedy search with one beam.
 * A sentence that is done gives its decoder rows back at once; the others go on as they were.
 */
import { setImmediate } from 'node:timers/promises';
import { CancelledError } from '../../errors.ts';
import { padBatch } from '../data/pad-batch.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import { BeamSearch, candidateCount } from './beam-search.ts';
import type { GenerationSettings } from './generation-settings.ts';
import { GreedySearch } from './greedy-search.ts';
import { type PieceRules, pieceRules } from './piece-rules.ts';
import {
  type BannedPieces,
  banningBias,
  bestNextPieces,
  type RankedPieces,
  rankNextPieces,
} from './rank-next-pieces.ts';
import type { SentenceSearch } from './sentence-search.ts';

export interface GenerateOptions {
  /** Looked at before each step. */
  readonly signal?: AbortSignal;
}

/**
 * The outputs of all sources, in their order, decoded as one batch.
 *
 * @param sources  piece ids, each ending in the end-of-sentence id
 * @returns        ids without the start and without pads at the end, with the end where it was reached
 * @throws {ModelError} when the model's logits are not finite
 * @throws {CancelledError} when `signal` is aborted
 */
export async function generate(
  model: Seq2SeqModel,
  sources: readonly (readonly number[])[],
  settings: GenerationSettings,
  { signal }: GenerateOptions = {},
): Promise<number[][]> {
  if (sources.length === 0) return [];
  const searches = sources.map(() => (settings.numBeams === 1 ? new GreedySearch(settings) : new BeamSearch(settings)));
  const batch = padBatch(
    sources.map((sourceIds) => ({ sourceIds, targetIds: [] })),
    model.padTokenId,
  );
  const rules = pieceRules(settings);
  const bias = banningBias(rules.bannedIds, model.vocabSize);
  const state = model.startDecoding(batch, settings.numBeams);
  try {
    let open: readonly SentenceSearch[] = searches;
    while (open.length > 0) {
      await setImmediate(); // Lets messages and signals in: a backend may answer without ever leaving the event loop.
      if (signal?.aborted) throw new CancelledError('Decoding was cancelled.');
      const outputs = open.flatMap((search) => search.outputs);
      const logits = model.decodeStep(
        state,
        Int32Array.from(outputs, (ids) => ids.at(-1) ?? settings.padTokenId),
      );
      const ranked = await rank(logits, outputs, { settings, rules, bias }).finally(() => logits.dispose());
      const origins = advanceAll(open, ranked);
      open = open.filter((search) => !search.isDone);
      if (open.length > 0 && !isIdentity(origins, outputs.length)) model.reorderRows(state, origins);
    }
  } finally {
    state.dispose();
    bias?.dispose();
  }
  return searches.map((search) => withoutFinalPads(search.bestIds(), settings));
}

function rank(
  logits: Parameters<typeof rankNextPieces>[0],
  outputs: readonly (readonly number[])[],
  { settings, rules, bias }: { settings: GenerationSettings; rules: PieceRules; bias: BannedPieces['bias'] },
): Promise<RankedPieces[]> {
  const forced = rules.forcedIds(outputs[0]?.length ?? 0);
  if (forced !== null) return Promise.resolve(outputs.map(() => ({ ids: forced, logProbs: forced.map(() => 0) })));
  const banned = rules.bannedPieces(outputs);
  if (settings.numBeams === 1) return bestNextPieces(logits, { bias, banned });
  const { renormalizeLogits: renormalize } = settings;
  return rankNextPieces(logits, { count: candidateCount(settings), bias, banned, renormalize });
}

/** Moves every search on. @returns for each row that stays the row it continues */
function advanceAll(searches: readonly SentenceSearch[], ranked: readonly RankedPieces[]): Int32Array {
  const origins: number[] = [];
  let firstRow = 0;
  for (const search of searches) {
    const rows = search.outputs.length;
    const start = firstRow;
    const kept = search.advance(ranked.slice(start, start + rows));
    if (!search.isDone) origins.push(...kept.map((row) => start + row));
    firstRow += rows;
  }
  return Int32Array.from(origins);
}

function isIdentity(origins: Int32Array, rows: number): boolean {
  return origins.length === rows && origins.every((origin, row) => origin === row);
}

function withoutFinalPads(ids: readonly number[], { padTokenId, eosTokenIds }: GenerationSettings): number[] {
  if (eosTokenIds.includes(padTokenId)) return [...ids];
  return ids.slice(0, ids.findLastIndex((id) => id !== padTokenId) + 1);
}
