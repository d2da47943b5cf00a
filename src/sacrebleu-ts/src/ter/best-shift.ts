/** The search for the shift of a block of words that shortens the edit distance most, with tercom's limits. */
import type { BeamMatrix } from './beam-matrix.ts';

const MAX_SHIFT_SIZE = 10;
const MAX_SHIFT_DISTANCE = 50;
export const MAX_SHIFT_CANDIDATES = 1000;

/** A shift: the words `start` to `middle - 1` change places with those from `middle` to `end - 1`. */
export interface Shift {
  readonly start: number;
  readonly middle: number;
  readonly end: number;
}

export interface ShiftSearch {
  /** The best shift and by how much it shortens the distance, which may be 0 or less; null without candidates. */
  readonly best: { readonly shift: Shift; readonly gain: number } | null;
  /** Candidates whose distance was looked at. */
  readonly candidates: number;
}

/**
 * Looks at blocks of words that occur in the reference elsewhere, and both places are wrong as they stand: puts each
 * where the reference has it. Best is the largest gain, then the longest block, then the one furthest to the left,
 * then the target furthest to the left.
 *
 * @param distance of the hypothesis as it is
 * @param limit    the search ends with the first block after which this many candidates have been looked at
 */
export function findBestShift(
  words: Int32Array,
  reference: Int32Array,
  matrix: BeamMatrix,
  distance: number,
  limit: number,
): ShiftSearch {
  const { positions, hypothesisErrors, referenceErrors } = matrix.align(words);
  let best: { shift: Shift; gain: number; length: number; start: number; target: number } | null = null;
  let candidates = 0;
  for (let start = 0; start < words.length; start++) {
    // Shorter blocks from here have no error.
    const shortest = lengthToFirstError(hypothesisErrors, start);
    if (shortest > MAX_SHIFT_SIZE) continue;
    const lastPlace = Math.min(reference.length - 1, start + MAX_SHIFT_DISTANCE);
    for (let place = Math.max(0, start - MAX_SHIFT_DISTANCE); place <= lastPlace; place++) {
      const longest = matchLength(words, start, reference, place);
      const alignedTo = positions[place] ?? -1;
      for (let length = shortest; length <= longest; length++) {
        if (referenceErrors[place + length] === referenceErrors[place]) continue;
        if (start <= alignedTo && alignedTo < start + length) continue;
        let lastTarget = -1;
        for (let offset = -1; offset < length; offset++) {
          // Before the block's first word in the reference, or behind one of its words.
          const target = place + offset === -1 ? 0 : (positions[place + offset] ?? -1) + 1;
          if (target === lastTarget) continue;
          lastTarget = target;
          const shift = shiftTo(start, length, target, words.length);
          const gain = distance - matrix.distanceAfterSwap(words, shift.start, shift.middle, shift.end);
          candidates += 1;
          const order =
            best === null ? 1 : gain - best.gain || length - best.length || best.start - start || best.target - target;
          if (order > 0) best = { shift, gain, length, start, target };
        }
        if (candidates >= limit) return { best, candidates };
      }
    }
  }
  return { best, candidates };
}

/** How many words from `start` on it takes to have an error among them, more than a block may have where there is none. */
function lengthToFirstError(errors: Int32Array, start: number): number {
  let length = 1;
  while (length <= MAX_SHIFT_SIZE && start + length < errors.length && errors[start + length] === errors[start])
    length++;
  return start + length < errors.length ? length : MAX_SHIFT_SIZE + 1;
}

/** Length of the block both have from there on, up to the longest that may be shifted. */
function matchLength(words: Int32Array, start: number, reference: Int32Array, place: number): number {
  const most = Math.min(MAX_SHIFT_SIZE, words.length - start, reference.length - place);
  let length = 0;
  while (length < most && words[start + length] === reference[place + length]) length++;
  return length;
}

/** Moves the block in front of the word `target`, or by `target - start` words where that is inside or just behind it. */
function shiftTo(start: number, length: number, target: number, words: number): Shift {
  const end = start + length;
  if (target < start) return { start: target, middle: start, end };
  if (target > end) return { start, middle: end, end: target };
  return { start, middle: end, end: Math.min(words, target + length) };
}
