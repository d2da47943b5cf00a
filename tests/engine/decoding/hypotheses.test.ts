import { describe, expect, it } from 'vitest';
import { Hypotheses } from '../../../src/engine/decoding/hypotheses.ts';

describe('the finished hypotheses of a sentence', () => {
  it('hope, when they never stop early, for the longest output: maxLength without the start', () => {
    const hypotheses = new Hypotheses({ numBeams: 1, lengthPenalty: 1, earlyStopping: 'never', maxLength: 9 });
    hypotheses.add([5, 0], -2); // scores -1
    expect(hypotheses.isDone(-8, 3)).toBe(true); // -8 / 8
    expect(hypotheses.isDone(-7.9, 3)).toBe(false);
  });

  it('hope, when the penalty favours short outputs, for the length reached', () => {
    const hypotheses = new Hypotheses({ numBeams: 1, lengthPenalty: -1, earlyStopping: 'never', maxLength: 9 });
    hypotheses.add([5, 0], -2); // scores -4
    expect(hypotheses.isDone(-1, 3)).toBe(false); // -1 * 3
    expect(hypotheses.isDone(-1.4, 3)).toBe(true); // -1.4 * 3
  });

  it('are not done before there are as many as beams', () => {
    const hypotheses = new Hypotheses({ numBeams: 2, lengthPenalty: 1, earlyStopping: true, maxLength: 9 });
    hypotheses.add([5, 0], -2);
    expect(hypotheses.isDone(-100, 3)).toBe(false);
    hypotheses.add([6, 0], -3);
    expect(hypotheses.isDone(-1, 3)).toBe(true);
  });

  it('keep the best, and of equals the newer', () => {
    const hypotheses = new Hypotheses({ numBeams: 2, lengthPenalty: 0, earlyStopping: false, maxLength: 9 });
    expect(hypotheses.best()).toBeNull();
    for (const [id, logProb] of [
      [1, -3],
      [2, -2],
      [3, -4], // worse than both
      [4, -2], // takes the place of 1
      [5, -2], // no better than the worst
    ] as const) {
      hypotheses.add([id], logProb);
    }
    expect(hypotheses.best()).toEqual({ ids: [4], score: -2 });
  });
});
