/**
 * Which pieces may come next: bad words, repetitions, ends that come too soon, and forced pieces, which go before all others.
 * As the logits processors of transformers: NoRepeatNGram, NoBadWords, MinLength, ForcedBOS, ForcedEOS, SuppressTokens and
 * SuppressTokensAtBegin.
 */
import type { BannedPiece } from '../model/sentence-decoder.ts';
import type { GenerationSettings } from './generation-settings.ts';

type Ids = readonly number[];

export interface PieceRules {
  /** Ids no output ever has. */
  readonly bannedIds: Ids;
  /** The only ids that may follow an output of `length` pieces (start counted), each with probability 1; null when free. */
  forcedIds(length: number): Ids | null;
  /** Ids that may not come next, row by row. @param outputs  one for each row, start included */
  bannedPieces(outputs: readonly Ids[]): BannedPiece[];
}

export function pieceRules(settings: GenerationSettings): PieceRules {
  const { badWordsIds, suppressedIds, eosTokenIds, forcedBosTokenId, forcedEosTokenIds, maxLength } = settings;
  const single = badWordsIds.filter((word) => word.length === 1).flat();
  // In the order of ids, as all are equally likely.
  const forcedEnds = forcedEosTokenIds.toSorted((a, b) => a - b);
  const rules = rowRules(settings);
  return {
    // A bad word cannot ban the end: an output would have none.
    bannedIds: [...single.filter((id) => !eosTokenIds.includes(id)), ...suppressedIds],
    forcedIds(length) {
      if (length === maxLength - 1 && forcedEnds.length > 0) return forcedEnds;
      return length === 1 && forcedBosTokenId !== null ? [forcedBosTokenId] : null;
    },
    bannedPieces(outputs) {
      if (rules.length === 0) return [];
      return outputs.flatMap((output, row) => rules.flatMap((rule) => rule(output)).map((id) => ({ row, id })));
    },
  };
}

/** Gives the ids that may not follow an output. */
type RowRule = (output: Ids) => Ids;

/** Only those that can ban anything. */
function rowRules(settings: GenerationSettings): RowRule[] {
  const { badWordsIds, noRepeatNgramSize, minLength, eosTokenIds, suppressedFirstIds, forcedBosTokenId } = settings;
  const rules: RowRule[] = [];
  const longer = badWordsIds.filter((word) => word.length > 1);
  const firstFree = forcedBosTokenId === null ? 1 : 2;
  if (longer.length > 0) {
    rules.push((output) => longer.filter((word) => wouldComplete(output, word)).map((word) => word.at(-1) ?? -1));
  }
  if (noRepeatNgramSize > 0) rules.push((output) => repetitions(output, noRepeatNgramSize));
  if (minLength > 1) rules.push((output) => (output.length < minLength ? eosTokenIds : []));
  if (suppressedFirstIds.length > 0) rules.push((output) => (output.length === firstFree ? suppressedFirstIds : []));
  return rules;
}

/** Whether `output` ends in all but the last piece of `word`. As in transformers a word longer than the output is skipped. */
function wouldComplete(output: Ids, word: Ids): boolean {
  return word.length <= output.length && hasAt(output, output.length - (word.length - 1), word.slice(0, -1));
}

/** The ids with which `output` would end in `size` pieces that it has already. */
function repetitions(output: Ids, size: number): number[] {
  const end = output.slice(output.length - (size - 1));
  const found: number[] = [];
  for (let start = 0; start + size <= output.length; start++) {
    if (hasAt(output, start, end)) found.push(output[start + size - 1] ?? -1);
  }
  return found;
}

function hasAt(output: Ids, start: number, ids: Ids): boolean {
  return ids.every((id, index) => output[start + index] === id);
}
