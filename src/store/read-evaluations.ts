/** Reads evaluations, the before/after record, and the validation sentences with their translations. */
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import type { BeforeAfter, EvaluationRow, TranslationRow } from './rows.ts';
import { jsonColumn, selectAll, selectOne } from './select.ts';

const columns = {
  id: z.number(),
  runId: z.string(),
  stage: z.enum(['before', 'epoch', 'after']),
  step: z.number(),
  epoch: z.number(),
  sentences: z.number(),
  loss: z.number().nullable(),
  lossPerToken: z.number().nullable(),
  durationSeconds: z.number(),
  time: z.number(),
};

const numbers = jsonColumn(z.array(z.number()));

const scoredRow = z
  .object({
    ...columns,
    score: z.number(),
    counts: numbers,
    totals: numbers,
    precisions: numbers,
    brevityPenalty: z.number(),
    systemLength: z.number(),
    referenceLength: z.number(),
    signature: z.string(),
    decoding: jsonColumn(
      z.object({
        numBeams: z.number(),
        maxLength: z.number(),
        lengthPenalty: z.number(),
        earlyStopping: z.union([z.boolean(), z.literal('never')]),
        compatibility: z.literal('transformers-5').optional(),
        references: z.enum(['decoded', 'raw']),
      }),
    ),
  })
  .transform(
    ({ score, counts, totals, precisions, brevityPenalty, systemLength, referenceLength, signature, ...row }) => ({
      ...row,
      bleu: { score, counts, totals, precisions, brevityPenalty, systemLength, referenceLength, signature },
    }),
  );

/** Of an evaluation that measured the loss alone. */
const lossRow = z
  .object({ ...columns, score: z.null() })
  .transform(({ score: bleu, ...row }) => ({ ...row, bleu, decoding: null }));

const evaluationRow: z.ZodType<EvaluationRow> = z.union([scoredRow, lossRow]);

const SELECT_EVALUATIONS = `
  SELECT evaluations.id, runs.id AS runId, stage, evaluations.step, epoch, sentences, evaluations.loss,
    loss_per_token AS lossPerToken, bleu AS score, bleu_counts AS counts, bleu_totals AS totals,
    bleu_precisions AS precisions, brevity_penalty AS brevityPenalty, system_length AS systemLength,
    reference_length AS referenceLength, signature, decoding, duration_seconds AS durationSeconds, time
  FROM evaluations JOIN runs ON runs.number = evaluations.run`;

/** Gives back a run's evaluations in the order they were made. */
export function evaluations(database: Database, id: string): EvaluationRow[] {
  return selectAll(database, evaluationRow, `${SELECT_EVALUATIONS} WHERE runs.id = ? ORDER BY evaluations.id`, id);
}

/** Gives back the before/after record of a run, or null while there is none or the two cannot be compared. */
export function beforeAfter(database: Database, id: string): BeforeAfter | null {
  const comparison = selectOne(
    database,
    z.object({
      before: z.number(),
      after: z.number(),
      signature: z.string(),
      bleuDelta: z.number(),
      lossDelta: z.number().nullable(),
    }),
    `SELECT before_evaluation AS "before", after_evaluation AS "after", signature, bleu_delta AS bleuDelta,
       loss_delta AS lossDelta
     FROM comparisons WHERE run = (SELECT number FROM runs WHERE id = ?)`,
    id,
  );
  if (comparison === null) return null;
  const { signature, bleuDelta, lossDelta } = comparison;
  const [before, after] = [comparison.before, comparison.after].map((evaluation) =>
    selectOne(database, evaluationRow, `${SELECT_EVALUATIONS} WHERE evaluations.id = ?`, evaluation),
  );
  if (!before || !after) return null;
  return { runId: id, before, after, signature, bleuDelta, lossDelta };
}

const translationRow = z.object({
  index: z.number(),
  source: z.string(),
  reference: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

/**
 * Gives back validation sentences with their translations before and after, by index.
 * @param limit  how many at most; -1 for all from `offset` on
 */
export function translations(database: Database, id: string, offset: number, limit: number): TranslationRow[] {
  const sql = `
    WITH
      this_run(number) AS (SELECT number FROM runs WHERE id = ?),
      newest(stage, step) AS (
        SELECT stage, max(step) FROM evaluations
        WHERE run = (SELECT number FROM this_run) AND stage IN ('before', 'after') GROUP BY stage
      )
    SELECT sentences.sentence AS "index", source, reference, b.hypothesis AS "before", a.hypothesis AS "after"
    FROM sentences
    LEFT JOIN hypotheses b ON b.run = sentences.run AND b.sentence = sentences.sentence AND b.stage = 'before'
      AND b.step = (SELECT step FROM newest WHERE stage = 'before')
    LEFT JOIN hypotheses a ON a.run = sentences.run AND a.sentence = sentences.sentence AND a.stage = 'after'
      AND a.step = (SELECT step FROM newest WHERE stage = 'after')
    WHERE sentences.run = (SELECT number FROM this_run)
    ORDER BY sentences.sentence LIMIT ? OFFSET ?`;
  return selectAll(database, translationRow, sql, id, limit, offset);
}
