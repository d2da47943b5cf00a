import type { DataConfig } from '../config/experiment.ts';
import type { LineProblem } from '../run/protocol.ts';
import type { MarianTokenizer } from '../text/marian-tokenizer.ts';
import { PROBLEMS_KEPT } from './corpus-builder.ts';
import type { CorpusWorld } from './corpus-format.ts';
import type { Example, SentencePair } from './example.ts';
import { type SplitCorpus, splitCorpus } from './split-corpus.ts';

/** A corpus as training and evaluation take it. `validation[i]` is `validationPairs[i]` in pieces. */
export interface PreparedData extends SplitCorpus {
  readonly train: Example[];
  readonly validation: Example[];
  /** Sides cut to their longest length, of training and validation together. */
  readonly truncatedSources: number;
  readonly truncatedTargets: number;
  /** Of both corpora, where validation has its own; the first 1,000. */
  readonly problems: LineProblem[];
  readonly problemCounts: Record<string, number>;
}

/**
 * Reads, splits and tokenizes the data of an experiment.
 * @throws {DataError} when a corpus cannot be read, or a side is empty
 */
export async function prepareData(
  config: DataConfig,
  tokenizer: MarianTokenizer,
  world?: CorpusWorld,
): Promise<PreparedData> {
  const split = await splitCorpus(config, world);
  const counts = { truncatedSources: 0, truncatedTargets: 0 };
  const encode = ({ source, target }: SentencePair): Example => {
    const sourceEncoding = tokenizer.encodeSource(config.source_prefix + source, {
      maxLength: config.max_source_length,
    });
    const targetEncoding = tokenizer.encodeTarget(target, { maxLength: config.max_target_length });
    counts.truncatedSources += Number(sourceEncoding.isTruncated);
    counts.truncatedTargets += Number(targetEncoding.isTruncated);
    return { sourceIds: sourceEncoding.ids, targetIds: targetEncoding.ids };
  };
  const train = split.trainPairs.map(encode);
  const validation = split.validationPairs.map(encode);
  return { ...split, ...gatherProblems(split), train, validation, ...counts };
}

/** The problems of all corpora of a split. */
export function gatherProblems({
  corpus,
  validationCorpus,
}: SplitCorpus): Pick<PreparedData, 'problems' | 'problemCounts'> {
  const corpora = validationCorpus === null ? [corpus] : [corpus, validationCorpus];
  const problemCounts: Record<string, number> = {};
  for (const [reason, count] of corpora.flatMap((each) => Object.entries(each.problemCounts))) {
    problemCounts[reason] = (problemCounts[reason] ?? 0) + count;
  }
  return { problems: corpora.flatMap((each) => each.problems).slice(0, PROBLEMS_KEPT), problemCounts };
}
