/**
 * One model scored on one validation set, as Hugging Face's Seq2SeqTrainer does it: the teacher-forced loss of the
 * references, and with predict_with_generate the BLEU of the model's own translations.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BLEU } from 'sacrebleu-ts';
import { CancelledError, DataError } from '../../errors.ts';
import type { EvaluationConfig } from '../config/experiment.ts';
import type { Example, SentencePair } from '../data/example.ts';
import { packBatch } from '../data/pack-batch.ts';
import { generateAll } from '../decoding/generate-all.ts';
import type { GenerationSettings } from '../decoding/generation-settings.ts';
import type { LossOptions, Seq2SeqModel } from '../model/seq2seq-model.ts';
import type { BleuResult, Decoding } from '../run/protocol.ts';
import type { MarianTokenizer } from '../text/marian-tokenizer.ts';
import { stripBoth } from '../text/python-strip.ts';

export interface LossMeasureOptions {
  readonly model: Seq2SeqModel;
  readonly examples: readonly Example[];
  /** Sentences in a batch, for the loss and for decoding. */
  readonly batchSize: number;
  /** The places of the examples in the order in which batches of the loss are cut; theirs by default. */
  readonly order?: readonly number[];
  /** ε of the loss, 0 by default: Trainer evaluates with the loss it trains with. */
  readonly labelSmoothing?: number;
  /** Counts sentences; each batch scores, and translates, as many. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** Asked between two layers, where no signal is heard for seconds: whether the result is still wanted by anybody. */
  readonly isAbandoned?: () => boolean;
  /** Milliseconds from any fixed point. */
  readonly now?: () => number;
}

export interface EvaluateOptions extends LossMeasureOptions {
  readonly tokenizer: MarianTokenizer;
  /** The texts of `examples`, one for one. */
  readonly pairs: readonly SentencePair[];
  /** `decoded` scores against the decoded labels, as the course's compute_metrics does; `raw` against the file's text. */
  readonly references: EvaluationConfig['references'];
  readonly settings: GenerationSettings;
  /** Hears of each batch's translations, in the order they are made. */
  readonly onTranslations?: (items: readonly EvaluatedSentence[]) => void;
}

/** One sentence of an evaluation; `index` is its place among the examples. */
export interface EvaluatedSentence {
  readonly index: number;
  readonly source: string;
  readonly reference: string;
  readonly hypothesis: string;
}

export interface LossMeasure {
  readonly sentences: number;
  /** Trainer's eval_loss: the mean over batches, in the order asked for, of each batch's mean over pieces. In nats. */
  readonly loss: number;
  /** Mean over all pieces, in nats: does not change with the batch size. */
  readonly lossPerToken: number;
  readonly durationSeconds: number;
}

export interface Evaluation extends LossMeasure {
  readonly bleu: BleuResult;
  readonly decoding: Decoding;
  /** In the order of the examples, like `references`. */
  readonly hypotheses: readonly string[];
  readonly references: readonly string[];
}

/**
 * Loss, BLEU and translations of `model`, without dropout. The losses are NaN where the model's are.
 *
 * @throws {DataError} without examples
 * @throws {CancelledError} when `signal` is aborted, or it is abandoned
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { model, tokenizer, examples, pairs, settings, batchSize, onProgress, onTranslations, signal } = options;
  const now = options.now ?? (() => performance.now());
  assertExamples(examples);
  if (pairs.length !== examples.length) {
    throw new RangeError(`${pairs.length} pairs for ${examples.length} examples; expected as many.`);
  }
  const start = now();
  const references = referenceTexts(options.references, options);
  const hypotheses = examples.map(() => '');
  const losses = new MeanLosses(options);
  const ordered = inOrder(options);
  const sources = examples.map(({ sourceIds }) => sourceIds);
  let done = 0;
  for await (const batch of generateAll({ model, sources, settings, batchSize, signal })) {
    const items = batch.map(({ index, ids }) => {
      const hypothesis = stripBoth(tokenizer.decode(ids));
      hypotheses[index] = hypothesis;
      return { index, source: pairs[index]?.source ?? '', reference: references[index] ?? '', hypothesis };
    });
    onTranslations?.(items);
    // Batches of the loss have an order of their own; there are as many of them, of the same sizes.
    await losses.add(model, ordered.slice(done, done + batch.length));
    done += batch.length;
    onProgress?.(done, examples.length);
  }
  return {
    sentences: examples.length,
    ...losses.means(),
    bleu: scoreBleu(hypotheses, references),
    decoding: decodingOf(settings, options.references),
    durationSeconds: (now() - start) / 1000,
    hypotheses,
    references,
  };
}

/**
 * The losses alone, without translating; they are those of `evaluate`.
 *
 * @throws {DataError} without examples
 * @throws {CancelledError} when `signal` is aborted, or it is abandoned
 */
export async function measureLoss(options: LossMeasureOptions): Promise<LossMeasure> {
  const { model, examples, batchSize, onProgress, signal } = options;
  const now = options.now ?? (() => performance.now());
  assertExamples(examples);
  const start = now();
  const losses = new MeanLosses(options);
  const ordered = inOrder(options);
  for (let done = 0; done < examples.length; ) {
    await nextTurn(); // a wish to cancel arrives here
    if (signal?.aborted) throw cancelled();
    const batch = ordered.slice(done, done + batchSize);
    await losses.add(model, batch);
    done += batch.length;
    onProgress?.(done, examples.length);
  }
  return { sentences: examples.length, ...losses.means(), durationSeconds: (now() - start) / 1000 };
}

function assertExamples(examples: readonly Example[]): void {
  if (examples.length === 0) throw new DataError('There is nothing to evaluate; expected at least one sentence pair.');
}

/** @throws {RangeError} when the order is not one of the examples */
function inOrder({ examples, order }: LossMeasureOptions): readonly Example[] {
  if (order === undefined) return examples;
  const ordered = [...new Set(order)].flatMap((place) => examples[place] ?? []);
  if (ordered.length === examples.length && order.length === examples.length) return ordered;
  throw new RangeError(`The order does not name each of ${examples.length} examples once.`);
}

/** What hypotheses are scored against: see `EvaluateOptions.references`. */
export function referenceTexts(
  kind: EvaluationConfig['references'],
  { tokenizer, examples, pairs }: Pick<EvaluateOptions, 'tokenizer' | 'examples' | 'pairs'>,
): string[] {
  if (kind === 'raw') return pairs.map(({ target }) => stripBoth(target));
  return examples.map(({ targetIds }) => stripBoth(tokenizer.decode(targetIds)));
}

function cancelled(): CancelledError {
  return new CancelledError('The evaluation was cancelled.');
}

/** Gathers the teacher-forced losses of batches. */
class MeanLosses {
  readonly #options: LossOptions;
  #batches = 0;
  #sumOfMeans = 0;
  #pieces = 0;
  #sum = 0;

  constructor({ labelSmoothing = 0, isAbandoned }: Pick<LossMeasureOptions, 'labelSmoothing' | 'isAbandoned'>) {
    const assertWanted = () => {
      if (isAbandoned?.()) throw cancelled();
    };
    this.#options = { labelSmoothing, assertWanted };
  }

  async add(model: Seq2SeqModel, examples: readonly Example[]): Promise<void> {
    const batch = packBatch(examples);
    const targetTokens = batch.labels.ids.length;
    const scalar = model.loss(batch, this.#options);
    const [loss = Number.NaN] = await scalar.data().finally(() => scalar.dispose());
    this.#batches += 1;
    this.#sumOfMeans += loss;
    this.#pieces += targetTokens;
    this.#sum += loss * targetTokens;
  }

  means(): { loss: number; lossPerToken: number } {
    return { loss: this.#sumOfMeans / this.#batches, lossPerToken: this.#sum / this.#pieces };
  }
}

/** The corpus BLEU of hypotheses, with sacreBLEU's defaults. */
export function scoreBleu(hypotheses: readonly string[], references: readonly string[]): BleuResult {
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
  const { numBeams, maxLength, lengthPenalty, earlyStopping, compatibility } = settings;
  const newer = compatibility === 'transformers-5' ? { compatibility } : {};
  return { numBeams, maxLength, lengthPenalty, earlyStopping, ...newer, references };
}
