/** What `bleubird data` shows before a training: sizes, lengths, what is cut off, what the vocabulary does not know. */
import type { DataConfig } from '../config/experiment.ts';
import type { LineProblem } from '../run/protocol.ts';
import type { MarianTokenizer } from '../text/marian-tokenizer.ts';
import type { CorpusWorld } from './corpus-format.ts';
import type { SentencePair } from './example.ts';
import { gatherProblems } from './prepare-data.ts';
import { splitCorpus } from './split-corpus.ts';

/** Lengths in pieces, the end of sentence included, before anything is cut. */
export interface SideDescription {
  readonly pieces: number;
  readonly meanLength: number;
  /** Each a length that occurs: the smallest that so many of the sentences do not pass. */
  readonly lengths: {
    readonly min: number;
    readonly median: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly maxLength: number;
  /** Sentences longer than `maxLength`, and their share of all. */
  readonly truncated: number;
  readonly truncatedShare: number;
  /** `<unk>` pieces, and their share of all. */
  readonly unknownPieces: number;
  readonly unknownShare: number;
}

export interface PartDescription {
  readonly pairs: number;
  readonly source: SideDescription;
  readonly target: SideDescription;
}

export interface ExamplePair extends SentencePair {
  readonly sourcePieces: string[];
  readonly targetPieces: string[];
}

export interface DataDescription {
  /** Names and pairs of the corpora: one, or that of training and that of validation. */
  readonly corpora: { readonly name: string; readonly pairs: number }[];
  readonly dataHash: string;
  readonly train: PartDescription;
  readonly validation: PartDescription;
  /** The first 1,000. */
  readonly problems: LineProblem[];
  readonly problemCounts: Record<string, number>;
  readonly notes: string[];
  /** The first training pairs, the source with its prefix. */
  readonly examples: ExamplePair[];
}

/**
 * Reads and splits the data of an experiment and measures it in the model's pieces.
 *
 * @param exampleCount examples to give
 * @throws {DataError} as prepareData
 */
export async function describeData(
  config: DataConfig,
  tokenizer: MarianTokenizer,
  exampleCount = 3,
  world?: CorpusWorld,
): Promise<DataDescription> {
  const split = await splitCorpus(config, world);
  const corpora = split.validationCorpus === null ? [split.corpus] : [split.corpus, split.validationCorpus];
  const describePart = (pairs: readonly SentencePair[]): PartDescription => ({
    pairs: pairs.length,
    source: describeSide(
      pairs.map(({ source }) => tokenizer.encodeSource(config.source_prefix + source).ids),
      config.max_source_length,
      tokenizer.unkTokenId,
    ),
    target: describeSide(
      pairs.map(({ target }) => tokenizer.encodeTarget(target).ids),
      config.max_target_length,
      tokenizer.unkTokenId,
    ),
  });
  return {
    corpora: corpora.map(({ name, pairs }) => ({ name, pairs: pairs.length })),
    dataHash: split.dataHash,
    train: describePart(split.trainPairs),
    validation: describePart(split.validationPairs),
    ...gatherProblems(split),
    notes: corpora.flatMap(({ notes }) => notes),
    examples: split.trainPairs.slice(0, exampleCount).map(({ source, target, line }) => {
      const prefixed = config.source_prefix + source;
      return {
        source: prefixed,
        target,
        line,
        sourcePieces: tokenizer.pieces(tokenizer.encodeSource(prefixed).ids, { useSourceTokenizer: true }),
        targetPieces: tokenizer.pieces(tokenizer.encodeTarget(target).ids),
      };
    }),
  };
}

function describeSide(
  sentences: readonly (readonly number[])[],
  maxLength: number,
  unknownId: number,
): SideDescription {
  const lengths = sentences.map((ids) => ids.length).sort((a, b) => a - b);
  const pieces = lengths.reduce((sum, length) => sum + length, 0);
  const quantile = (share: number): number => lengths[Math.max(Math.ceil(share * lengths.length) - 1, 0)] ?? 0;
  const truncated = lengths.filter((length) => length > maxLength).length;
  const unknownPieces = sentences.reduce((sum, ids) => sum + ids.filter((id) => id === unknownId).length, 0);
  return {
    pieces,
    meanLength: pieces / lengths.length,
    lengths: { min: quantile(0), median: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: quantile(1) },
    maxLength,
    truncated,
    truncatedShare: truncated / lengths.length,
    unknownPieces,
    unknownShare: unknownPieces / pieces,
  };
}
