/** From the data settings of an experiment to the sentence pairs of its two sides. */
import { createHash } from 'node:crypto';
import { DataError } from '../../errors.ts';
import type { DataConfig } from '../config/experiment.ts';
import { describeLeftOut } from './corpus-builder.ts';
import type { CorpusWorld } from './corpus-format.ts';
import type { SentencePair } from './example.ts';
import { type Corpus, readCorpus } from './read-corpus.ts';
import { type Split, splitIndices } from './split.ts';

export interface SplitCorpus {
  readonly corpus: Corpus;
  /** Null where the validation side is a part of `corpus`. */
  readonly validationCorpus: Corpus | null;
  readonly trainPairs: readonly SentencePair[];
  readonly validationPairs: readonly SentencePair[];
  /** Hex; the corpus's own, or of both sides' where there are two. */
  readonly dataHash: string;
}

/**
 * Reads what `config` names and divides it. Without a corpus of its own the validation side is held out of `corpus`;
 * max_train_samples and max_eval_samples then keep the first pairs of each side, as run_translation.py does.
 *
 * @throws {DataError} as readCorpus and splitIndices
 */
export async function splitCorpus(config: DataConfig, world?: CorpusWorld): Promise<SplitCorpus> {
  const corpus = await readCorpus(config.corpus, config, world);
  const validationCorpus =
    config.validation_corpus === null ? null : await readCorpus(config.validation_corpus, config, world);
  const sides = validationCorpus === null ? holdOut(corpus, config) : [corpus.pairs, validationCorpus.pairs];
  const [trainPairs = [], validationPairs = []] = sides;
  return {
    corpus,
    validationCorpus,
    trainPairs: trainPairs.slice(0, config.max_train_samples ?? trainPairs.length),
    validationPairs: validationPairs.slice(0, config.max_eval_samples ?? validationPairs.length),
    dataHash: validationCorpus === null ? corpus.sha256 : hashBoth(corpus, validationCorpus),
  };
}

function holdOut(corpus: Corpus, config: DataConfig): [SentencePair[], SentencePair[]] {
  const { pairs } = corpus;
  const { train, validation } = split(corpus, config);
  const pick = (rows: readonly number[]): SentencePair[] =>
    rows.flatMap((row) => {
      const pair = pairs[row];
      return pair === undefined ? [] : [pair];
    });
  return [pick(train), pick(validation)];
}

/** Where pairs are too few, that may be for what was left out. */
function split(corpus: Corpus, { train_size, validation_size, split_seed: seed }: DataConfig): Split {
  try {
    return splitIndices(corpus.pairs.length, { trainSize: train_size, validationSize: validation_size, seed });
  } catch (error) {
    const leftOut = describeLeftOut(corpus);
    if (!(error instanceof DataError) || leftOut === null) throw error;
    throw new DataError(`${error.message} Of the corpus, ${leftOut.text}.`, { hint: error.hint, cause: error });
  }
}

function hashBoth(corpus: Corpus, validationCorpus: Corpus): string {
  return createHash('sha256').update(`${corpus.sha256}\n${validationCorpus.sha256}\n`).digest('hex');
}
