/** An imaginary evaluation as a trainer tells of it: plausible numbers; a test names those that matter. */
import type { BleuResult, Decoding, TrainerEventOf } from '../../src/engine/run/protocol.ts';
import type { EvaluationRow } from '../../src/store/rows.ts';

export const SIGNATURE = 'nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0';

/** Gives greedy decoding. */
export function greedy(changes: Partial<Decoding> = {}): Decoding {
  return {
    numBeams: 1,
    maxLength: 128,
    lengthPenalty: 1,
    earlyStopping: false,
    references: 'decoded',
    ...changes,
  };
}

/** Gives a score; its counts are any. */
export function bleu(score: number, changes: Partial<BleuResult> = {}): BleuResult {
  return {
    score,
    counts: [9, 7, 5, 3],
    totals: [10, 8, 6, 4],
    precisions: [90, 87.5, 83.3, 75],
    brevityPenalty: 0.95,
    systemLength: 10,
    referenceLength: 11,
    signature: SIGNATURE,
    ...changes,
  };
}

/** Gives the evaluation of the untouched model. */
export function evaluationEvent(changes: Partial<TrainerEventOf<'evaluation'>> = {}): TrainerEventOf<'evaluation'> {
  return {
    type: 'evaluation',
    stage: 'before',
    step: 0,
    epoch: 0,
    sentences: 2,
    loss: 4,
    lossPerToken: 3.5,
    bleu: bleu(20.5),
    decoding: greedy(),
    durationSeconds: 2.5,
    ...changes,
  };
}

/** Gives the same as the store gives it back. */
export function evaluationRow(changes: Partial<EvaluationRow> = {}): EvaluationRow {
  const { type: _, ...evaluation } = evaluationEvent();
  return { id: 1, runId: 'r', time: 0, ...evaluation, ...changes };
}
