/**
 * The edits of TER (Snover et al., 2006): shifts of blocks of words, one after the other as long as they shorten the
 * edit distance, and then the distance.
 */
import { BeamMatrix } from './beam-matrix.ts';
import { findBestShift, MAX_SHIFT_CANDIDATES, type Shift } from './best-shift.ts';

/**
 * The edits that make the reference of the hypothesis, as sacreBLEU counts them. Words are given as numbers.
 *
 * Time grows with the sum of both lengths for each shift made, and at most 1,000 shifts are tried in all.
 */
export function countEdits(hypothesis: Int32Array, reference: Int32Array): number {
  if (reference.length === 0 || hypothesis.length === 0) return Math.max(hypothesis.length, reference.length);
  if (isSame(hypothesis, reference)) return 0;
  const matrix = new BeamMatrix(hypothesis.length, reference);
  let words = hypothesis;
  let distance = matrix.setHypothesis(words);
  let shifts = 0;
  let candidates = 0;
  while (distance > 0) {
    const search = findBestShift(words, reference, matrix, distance, MAX_SHIFT_CANDIDATES - candidates);
    candidates += search.candidates;
    // As sacreBLEU: a search that reaches the limit does not shift.
    if (candidates >= MAX_SHIFT_CANDIDATES || search.best === null || search.best.gain <= 0) break;
    const { shift } = search.best;
    words = afterShift(words, shift);
    distance = matrix.setHypothesis(words, shift.start, shift.end);
    shifts += 1;
  }
  return shifts + distance;
}

function isSame(hypothesis: Int32Array, reference: Int32Array): boolean {
  return hypothesis.length === reference.length && hypothesis.every((word, index) => word === reference[index]);
}

function afterShift(words: Int32Array, { start, middle, end }: Shift): Int32Array {
  const shifted = words.slice();
  shifted.set(words.subarray(middle, end), start);
  shifted.set(words.subarray(start, middle), start + end - middle);
  return shifted;
}
