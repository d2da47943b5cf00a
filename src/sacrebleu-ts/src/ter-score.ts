/** TER from its statistics: the formula and the result. */
import { Score } from './score.ts';

export class TERScore extends Score {
  readonly numEdits: number;
  /** Sum over the segments of the mean length of their references. */
  readonly refLength: number;

  constructor(score: number, numEdits: number, refLength: number) {
    super('TER', score);
    this.numEdits = Math.trunc(numEdits);
    this.refLength = refLength;
  }

  get verbose(): string {
    return '';
  }
}

/** Edits a hundred words of reference; 100 where there are edits but no words. */
export function terFromStatistics(edits: number, referenceLength: number): number {
  if (referenceLength > 0) return 100 * (edits / referenceLength);
  return edits > 0 ? 100 : 0;
}
