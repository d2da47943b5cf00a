/**
 * One model scored on one validation set, as Hugging Face's Seq2SeqTrainer does it with predict_with_generate: the
 * teacher-forced loss of the references, and the BLEU of the model's own translations.
 */
import { BLEU } from 'sacrebleu-ts';
import { DataError } from '../../errors.ts';
import type { EvaluationConfig } from '../config/experiment.ts';
import type { Example, SentencePair } from '../data/example.ts';
import { padBatch } from '../data/pad-batch.ts';
import { generateAll } from '../decoding/generate-all.ts';
import type { GenerationSettings } from '../decoding/generation-settings.ts';
import type { Seq2SeqModel } from '../model/seq2seq-model.ts';
import type { BleuResult, Decoding } from '../run/protocol.ts';
import type { MarianTokenizer } from '../text/marian-tokenizer.ts';
import { stripBoth } from '../text/python-strip.ts';

export interface EvaluateOptions {
  readonly model: Seq2SeqModel;
  readonly tokenizer: MarianTokenizer;
  readonly examples: readonly Example[];
  /** The texts of `examples`, one for one. */
  readonly pairs: readonly SentencePair[];
  /** `decoded` scores against the decoded labels, as the course's compute_metrics does; `raw` against the file's text. */
  readonly references: EvaluationConfig['references'];
  readonly settings: GenerationSettings;
  /** Sentences in a batch, for the loss and for decoding. */
  readonly batchSize: number;
  /** Counts sentences; each batch scores and translates as many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Hears of each batch's translations, in the order they are made. */
  readonly onTranslations?: (items: readonly EvaluatedSentence[]) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds from any fixed point. */
  readonly now?: () => number;
}

/** One sentence of an evaluation; `index` is its place among the examples. */
export interface EvaluatedSentence {
  readonly index: number;
  readonly source: string;
  readonly reference: string;
  readonly hypothesis: string;
}

export interface Evaluation {
  readonly sentences: number;
  /** Trainer's eval_loss: the mean over batches, in the order of the examples, of each batch's mean over pieces. In nats. */
  readonly loss: number;
  /** Mean over all pieces, in nats: does not change with the batch size. */
  readonly lossPerToken: number;
  readonly bleu: BleuResult;
  readonly decoding: Decoding;
  readonly durationSeconds: number;
  /** In the order of the examples, like `references`. */
  readonly hypotheses: readonly string[];
  readonly references: readonly string[];
}

/**
 * Loss, BLEU and translations of `model`, without dropout. The losses are NaN where the model's are.
 *
 * @throws {DataError} without examples
 * @throws {CancelledError} when `signal` is aborted
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { model, tokenizer, examples, pairs, settings, batchSize, onProgress, onTranslations, signal } = options;
  const now = options.now ?? (() => performance.now());
  if (examples.length === 0) throw new DataError('There is nothing to evaluate; expected at least one sentence pair.');
  if (pairs.length !== examples.length) {
    throw new RangeError(`${pairs.length} pairs for ${examples.length} examples; expected as many.`);
  }
  const start = now();
  const references = referenceTexts(options);
  const hypotheses = examples.map(() => '');
  const losses = new MeanLosses();
  const sources = examples.map(({ sourceIds }) => sourceIds);
  let done = 0;
  for await (const batch of generateAll({ model, sources, settings, batchSize, signal })) {
    const items = batch.map(({ index, ids }) => {
      const hypothesis = stripBoth(tokenizer.decode(ids));
      hypotheses[index] = hypothesis;
      return { index, source: pairs[index]?.source ?? '', reference: references[index] ?? '', hypothesis };
    });
    onTranslations?.(items);
    // Batches of the loss keep the order of the examples; there are as many of them, of the same sizes.
    await losses.add(model, examples.slice(done, done + batch.length));
    done += batch.length;
    onProgress?.(done, examples.length);
  }
  return {
    sentences: examples.length,
    ...losses.means(),
    bleu: bleu(hypotheses, references),
    decoding: decodingOf(settings, options.references),
    durationSeconds: (now() - start) / 1000,
    hypotheses,
    references,
  };
}

function referenceTexts({ tokenizer, examples, pairs, references }: EvaluateOptions): string[] {
  if (references === 'raw') return pairs.map(({ target }) => stripBoth(target));
  return examples.map(({ targetIds }) => stripBoth(tokenizer.decode(targetIds)));
}

/** Gathers the teacher-forced losses of batches. */
class MeanLosses {
  #batches = 0;
  #sumOfMeans = 0;
  #pieces = 0;
  #sum = 0;

  async add(model: Seq2SeqModel, examples: readonly Example[]): Promise<void> {
    const batch = padBatch(examples, model.padTokenId);
    const scalar = model.loss(batch);
    const [loss = Number.NaN] = await scalar.data().finally(() => scalar.dispose());
    this.#batches += 1;
    this.#sumOfMeans += loss;
    this.#pieces += batch.targetTokens;
    this.#sum += loss * batch.targetTokens;
  }

  means(): { loss: number; lossPerToken: number } {
    return { loss: this.#sumOfMeans / this.#batches, lossPerToken: this.#sum / this.#pieces };
  }
}

function bleu(hypotheses: readonly string[], references: readonly string[]): BleuResult {
  const metric = new BLEU();
  const result = metric.corpusScore(hypotheses, [references]);
  return {
    score: result.score,
    counts: [...result.counts],
    totals: [...result.totals],
    precisions: [...result.precisions],
    brevityPenalty: result.bp,
    systemLength: result.sysLen,
    referenceLength: result.refLen,
    signature: metric.getSignature(),
  };
}

function decodingOf(settings: GenerationSettings, references: EvaluationConfig['references']): Decoding {
  const { numBeams, maxLength, lengthPenalty, earlyStopping } = settings;
  return { numBeams, maxLength, lengthPenalty, earlyStopping, references };
}
