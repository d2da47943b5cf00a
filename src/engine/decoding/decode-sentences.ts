/**
 * Runs the searches of many sentences side by side: feeds the model with what their rows end in, and gives each search the
 * ranked next pieces. A sentence that is done gives its rows back at once, and where the decoder refills, others take them.
 */
import { setImmediate } from 'node:timers/promises';
import { CancelledError } from '../../errors.ts';
import { packSequences } from '../data/pack-batch.ts';
import type { RankedPieces, SentenceDecoder } from '../model/sentence-decoder.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import { BatchDecoder } from './batch-decoder.ts';
import { BeamSearch, candidateCount } from './beam-search.ts';
import type { GenerationSettings } from './generation-settings.ts';
import { GreedySearch } from './greedy-search.ts';
import { type PieceRules, pieceRules } from './piece-rules.ts';
import type { SentenceSearch } from './sentence-search.ts';

export interface DecodeOptions {
  readonly model: Seq2SeqModel;
  /** Piece ids, each ending in the end-of-sentence id. */
  readonly sources: readonly (readonly number[])[];
  readonly settings: GenerationSettings;
  /** Most sentences under way, unless the decoder works well only with more. */
  readonly atOnce: number;
  /** Looked at before each step. */
  readonly signal?: AbortSignal | undefined;
}

/** One output and the place of its source. */
export interface GeneratedItem {
  readonly index: number;
  /** Without the start and without pads at the end, with the end where it was reached. */
  readonly ids: readonly number[];
}

interface OpenSentence {
  readonly index: number;
  readonly search: SentenceSearch;
}

/** A decoder that refills does so when this share of its sentences is done: encoding few at a time is slow. */
const REFILLED_SHARE = 0.25;

/**
 * Yields the outputs of sentences as they end; those of a step together.
 *
 * @throws {ModelError} when the model's logits are not finite
 * @throws {CancelledError} when `signal` is aborted
 */
export async function* decodeSentences(options: DecodeOptions): AsyncGenerator<readonly GeneratedItem[]> {
  const { model, sources, settings, signal } = options;
  const rules = pieceRules(settings);
  const { numBeams: beams, renormalizeLogits: renormalize } = settings;
  const count = beams === 1 ? 1 : candidateCount(settings);
  const ranking = { beams, count, bannedIds: rules.bannedIds, renormalize };
  const decoder = model.openDecoder(ranking) ?? new BatchDecoder(model, ranking);
  const atOnce = Math.max(decoder.leastAtOnce, options.atOnce);
  try {
    let open: OpenSentence[] = [];
    let next = 0;
    while (open.length > 0 || next < sources.length) {
      await setImmediate(); // Lets messages and signals in: a backend may answer without ever leaving the event loop.
      if (signal?.aborted) throw new CancelledError('Decoding was cancelled.');
      const room = Math.min(atOnce - open.length, sources.length - next);
      if (open.length === 0 || (decoder.refills && room > 0 && atOnce - open.length >= REFILLED_SHARE * atOnce)) {
        decoder.start(packSequences(sources.slice(next, next + room)));
        for (let i = 0; i < room; i++) open.push({ index: next + i, search: startSearch(settings) });
        next += room;
      }
      await advanceAll(decoder, open, rules, settings);
      const done = open.filter(({ search }) => search.isDone);
      if (done.length === 0) continue;
      open = open.filter(({ search }) => !search.isDone);
      yield done.map(({ index, search }) => ({ index, ids: withoutFinalPads(search.bestIds(), settings) }));
    }
  } finally {
    decoder.dispose();
  }
}

function startSearch(settings: GenerationSettings): SentenceSearch {
  return settings.numBeams === 1 ? new GreedySearch(settings) : new BeamSearch(settings);
}

/** Moves every search on by a piece. */
async function advanceAll(
  decoder: SentenceDecoder,
  open: readonly OpenSentence[],
  rules: PieceRules,
  settings: GenerationSettings,
): Promise<void> {
  const ofSentences = open.map(({ search }) => search.outputs);
  const outputs = ofSentences.flat();
  const ids = new Int32Array(outputs.map((output) => output.at(-1) ?? settings.padTokenId));
  const ranked = await decoder.step(ids, rules.bannedPieces(outputs));
  const origins: number[] = [];
  let firstRow = 0;
  for (const [index, { search }] of open.entries()) {
    const before = ofSentences[index] ?? [];
    const forced = rules.forcedIds(before[0]?.length ?? 0);
    const ofSentence = ranked.slice(firstRow, firstRow + before.length);
    const kept = search.advance(forced === null ? ofSentence : ofSentence.map(() => certain(forced)));
    if (!search.isDone) for (const row of kept) origins.push(firstRow + row);
    firstRow += before.length;
  }
  decoder.keep(new Int32Array(origins));
}

function certain(ids: readonly number[]): RankedPieces {
  return { ids, logProbs: ids.map(() => 0) };
}

function withoutFinalPads(ids: readonly number[], { padTokenId, eosTokenIds }: GenerationSettings): number[] {
  if (eosTokenIds.includes(padTokenId)) return [...ids];
  return ids.slice(0, ids.findLastIndex((id) => id !== padTokenId) + 1);
}
