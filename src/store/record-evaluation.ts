/** Writes evaluations, and with the one after training the before/after record, if the two can be compared. */
import type { Database } from 'better-sqlite3';
import * as z from 'zod';
import type { Decoding, TrainerEventOf } from '../engine/run/protocol.ts';
import type { AddToDiary } from './diary.ts';

type EvaluationEvent = TrainerEventOf<'evaluation'>;

const beforeRow = z.object({
  id: z.number(),
  bleu: z.number().nullable(),
  loss: z.number().nullable(),
  signature: z.string().nullable(),
  decoding: z.string().nullable(),
  sentences: z.number(),
});

/** Gives back a function that records an evaluation of the run `number`. */
export function prepareEvaluations(
  database: Database,
  number: number,
  addToDiary: AddToDiary,
): (event: EvaluationEvent, time: number) => void {
  // The same evaluation made again, after a resume, keeps its id, which the before/after record points to.
  const insert = database.prepare(`
    INSERT INTO evaluations (run, stage, step, epoch, sentences, loss, loss_per_token, bleu, bleu_counts, bleu_totals,
      bleu_precisions, brevity_penalty, system_length, reference_length, signature, decoding, duration_seconds, time)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run, stage, step) DO UPDATE SET epoch = excluded.epoch, sentences = excluded.sentences,
      loss = excluded.loss, loss_per_token = excluded.loss_per_token, bleu = excluded.bleu,
      bleu_counts = excluded.bleu_counts, bleu_totals = excluded.bleu_totals,
      bleu_precisions = excluded.bleu_precisions, brevity_penalty = excluded.brevity_penalty,
      system_length = excluded.system_length, reference_length = excluded.reference_length,
      signature = excluded.signature, decoding = excluded.decoding, duration_seconds = excluded.duration_seconds,
      time = excluded.time
    RETURNING id`);
  const scoreBefore = database.prepare('UPDATE runs SET bleu_before = ? WHERE number = ?');
  const scoreAfter = database.prepare('UPDATE runs SET bleu_after = ? WHERE number = ?');
  const newestBefore = database.prepare(`
    SELECT id, bleu, loss, signature, decoding, sentences FROM evaluations
    WHERE run = ? AND stage = 'before' ORDER BY step DESC LIMIT 1`);
  const forget = database.prepare('DELETE FROM comparisons WHERE run = ?');
  const compare = database.prepare('INSERT INTO comparisons VALUES (?, ?, ?, ?, ?, ?)');

  const compareWithBefore = (event: EvaluationEvent, afterId: number, time: number) => {
    forget.run(number);
    const found = newestBefore.get(number);
    if (found === undefined) return;
    const before = beforeRow.parse(found);
    if (before.bleu === null && event.bleu === null) return;
    if (before.bleu === null || event.bleu === null) {
      const side = before.bleu === null ? 'before' : 'after';
      addToDiary('warning', `BLEU before and after are not compared: nothing was translated ${side}.`, time);
      return;
    }
    const reason = incomparable(before, event, event.bleu.signature);
    if (reason !== null) {
      addToDiary('warning', `BLEU before and after are not compared: ${reason}.`, time);
      return;
    }
    const lossDelta = before.loss === null || event.loss === null ? null : event.loss - before.loss;
    compare.run(number, before.id, afterId, event.bleu.signature, event.bleu.score - before.bleu, lossDelta);
  };

  return (event, time) => {
    const { bleu } = event;
    const row = insert.get(
      number,
      event.stage,
      event.step,
      event.epoch,
      event.sentences,
      event.loss,
      event.lossPerToken,
      bleu?.score ?? null,
      bleu && JSON.stringify(bleu.counts),
      bleu && JSON.stringify(bleu.totals),
      bleu && JSON.stringify(bleu.precisions),
      bleu?.brevityPenalty ?? null,
      bleu?.systemLength ?? null,
      bleu?.referenceLength ?? null,
      bleu?.signature ?? null,
      decodingText(event.decoding),
      event.durationSeconds,
      time,
    );
    if (event.stage === 'before') scoreBefore.run(bleu?.score ?? null, number);
    if (event.stage === 'after') {
      scoreAfter.run(bleu?.score ?? null, number);
      compareWithBefore(event, z.object({ id: z.number() }).parse(row).id, time);
    }
  };
}

/** Says why two evaluations must not be compared, or null when they may. */
function incomparable(before: z.infer<typeof beforeRow>, after: EvaluationEvent, signature: string): string | null {
  const decoding = decodingText(after.decoding);
  if (before.decoding !== decoding) return `the decoding settings differ (${before.decoding}, then ${decoding})`;
  if (before.signature !== signature) {
    return `the metric signatures differ (${before.signature}, then ${signature})`;
  }
  if (before.sentences !== after.sentences) {
    return `the numbers of sentences differ (${before.sentences}, then ${after.sentences})`;
  }
  return null;
}

/** Settings as JSON with its keys in one order: equal texts are equal settings. */
function decodingText(decoding: Decoding | null): string | null {
  if (decoding === null) return null;
  const { numBeams, maxLength, lengthPenalty, earlyStopping, compatibility, references } = decoding;
  return JSON.stringify({ numBeams, maxLength, lengthPenalty, earlyStopping, compatibility, references });
}
