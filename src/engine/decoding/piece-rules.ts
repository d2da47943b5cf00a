/**
 * Which pieces may come next: bad words and forced pieces.
 * As NoBadWords-, ForcedBOS- and ForcedEOSTokenLogitsProcessor of transformers, in their order.
 */
import type { BannedPiece } from '../model/sentence-decoder.ts';
import type { GenerationSettings } from './generation-settings.ts';

export interface PieceRules {
  /** Ids no output ever has. */
  readonly bannedIds: readonly number[];
  /** The only ids that may follow an output of `length` pieces (start counted), each with probability 1; null when free. */
  forcedIds(length: number): readonly number[] | null;
  /** Ids that would complete a bad word of several pieces. @param outputs  one for each row, start included */
  bannedPieces(outputs: readonly (readonly number[])[]): BannedPiece[];
}

export function pieceRules(settings: GenerationSettings): PieceRules {
  const { badWordsIds, eosTokenIds, forcedBosTokenId, forcedEosTokenIds, maxLength } = settings;
  const single = badWordsIds.filter((word) => word.length === 1).flat();
  const longer = badWordsIds.filter((word) => word.length > 1);
  // In the order of ids, as all are equally likely.
  const forcedEnds = forcedEosTokenIds.toSorted((a, b) => a - b);
  return {
    // The end cannot be banned: an output would have none.
    bannedIds: single.filter((id) => !eosTokenIds.includes(id)),
    forcedIds(length) {
      if (length === maxLength - 1 && forcedEnds.length > 0) return forcedEnds;
      return length === 1 && forcedBosTokenId !== null ? [forcedBosTokenId] : null;
    },
    bannedPieces(outputs) {
      if (longer.length === 0) return [];
      return outputs.flatMap((output, row) =>
        longer.filter((word) => wouldComplete(output, word)).map((word) => ({ row, id: word.at(-1) ?? -1 })),
      );
    },
  };
}

/** Whether `output` ends in all but the last piece of `word`. As in transformers a word longer than the output is skipped. */
function wouldComplete(output: readonly number[], word: readonly number[]): boolean {
  if (word.length > output.length) return false;
  const start = output.length - (word.length - 1);
  return word.slice(0, -1).every((id, index) => output[start + index] === id);
}
