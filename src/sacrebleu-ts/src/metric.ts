/**
 * What every metric shares: segments become rows of numbers, rows are added, and the sum becomes a score.
 * A corpus and a sentence go the same way; a resampling would add other rows.
 */
import type { Score } from './score.ts';
import { formatSignature, type ResamplingSignature, type SignatureField } from './signature.ts';
import { confidenceSteps } from './statistics/confidence-steps.ts';
import type { Profile } from './statistics/profile.ts';
import { runToEnd } from './statistics/run-steps.ts';
import { double, type Scalar } from './statistics/scalar.ts';
import type { Scoring } from './statistics/scoring.ts';
import type { StatisticsRow } from './statistics-row.ts';

/** `references[k][i]` is the k-th reference of segment i; null where segment i has fewer. */
export type References = readonly (readonly (string | null)[])[];

export interface CorpusScoreOptions {
  /** Samples of a bootstrap that gives the score its `mean` and `ci`; 1, the default, makes none. */
  readonly nBootstrap?: number;
  /** Of the samples: 12345 by default; null takes one at random. */
  readonly seed?: number | bigint | null;
  /** Which Python's last digits. */
  readonly profile?: Profile;
}

export abstract class Metric<Result extends Score> {
  /** Whether a higher score is a better one. */
  readonly isHigherBetter: boolean = true;
  /** References of each segment scored last: null where it varied, undefined before the first score. */
  private referenceCount: number | null | undefined;
  /** The bootstrap made last: it stays in the signature, as in sacreBLEU. */
  private bootstrap: ResamplingSignature | undefined;

  /** The metric's way to score sums; null where another thread could not. */
  get scoring(): Scoring | null {
    return null;
  }

  /**
   * The counts of one segment, a row for each system's hypothesis: the references are taken apart once for all.
   * @throws {TypeError} when the segment has no reference at all
   */
  abstract segmentRows(hypotheses: readonly string[], references: readonly (string | null)[]): StatisticsRow[];
  abstract scoreFromStatistics(sum: StatisticsRow, profile?: Profile): Result;
  protected abstract signatureFields(): readonly SignatureField[];

  /**
   * The score of a corpus; with a bootstrap, its `mean` and `ci` too.
   *
   * @throws {RangeError} when there is no hypothesis or a reference list is shorter or longer than the hypotheses
   * @throws {TypeError}  when something is not a string, or a segment has no reference
   */
  corpusScore(hypotheses: readonly string[], references: References, options: CorpusScoreOptions = {}): Result {
    return this.scoreOfRows(this.corpusStatistics(hypotheses, references), options);
  }

  /**
   * The score of kept rows: `corpusScore` of their segments, with nothing tokenized again.
   * @throws {RangeError} without rows
   */
  scoreOfRows(rows: readonly StatisticsRow[], options: CorpusScoreOptions = {}): Result {
    const { nBootstrap = 1, seed = 12345, profile } = options;
    const result = this.scoreFromStatistics(sumRows(rows), profile);
    if (nBootstrap === 1) return result;
    const confidence = runToEnd(confidenceSteps(this, rows, { nBootstrap, seed, profile }));
    this.bootstrap = { bootstrap: nBootstrap, randomization: null, seed };
    return result.withConfidence(confidence);
  }

  /** The score of a bootstrap sample's sum, in the precision NumPy gives it. */
  resampledScore(sum: ArrayLike<number>, profile: Profile): Scalar {
    return double(this.scoreFromStatistics(Array.from(sum), profile).score);
  }

  /** The score of a randomization trial's sum. */
  trialScore(sum: StatisticsRow, profile: Profile): number {
    return this.scoreFromStatistics(sum, profile).score;
  }

  /**
   * The score of one sentence.
   * @throws as `corpusScore`
   */
  sentenceScore(hypothesis: string, references: readonly (string | null)[]): Result {
    if (typeof references === 'string') throw new TypeError('References should be an array of strings, not a string.');
    return this.corpusScore(
      [hypothesis],
      references.map((reference) => [reference]),
    );
  }

  /** The counts of one segment. @throws {TypeError} when it has no reference at all */
  segmentStatistics(hypothesis: string, references: readonly (string | null)[]): StatisticsRow {
    return this.segmentRows([hypothesis], references)[0] ?? [];
  }

  /** The rows of all segments, in order. @throws as `corpusScore` */
  corpusStatistics(hypotheses: readonly string[], references: References): StatisticsRow[] {
    return this.systemsStatistics([hypotheses], references)[0] ?? [];
  }

  /**
   * The rows of several systems, `[s][i]` of segment i of system s; quicker than `corpusStatistics` of each.
   * @throws as `corpusScore`
   */
  systemsStatistics(systems: readonly (readonly string[])[], references: References): StatisticsRow[][] {
    for (const hypotheses of systems) requireAligned(hypotheses, references);
    const referenceCounts = new Set<number>();
    const rows = systems.map((): StatisticsRow[] => []);
    for (let segment = 0; segment < (systems[0]?.length ?? 0); segment++) {
      const ofSegment = references.map((ofSystem) => ofSystem[segment] ?? null);
      referenceCounts.add(ofSegment.filter((reference) => reference !== null).length);
      const hypotheses = systems.map((ofSystem) => ofSystem[segment] ?? '');
      for (const [place, row] of this.segmentRows(hypotheses, ofSegment).entries()) rows[place]?.push(row);
    }
    const [first = null] = referenceCounts;
    this.referenceCount = referenceCounts.size === 1 ? first : null;
    return rows;
  }

  /**
   * The signature of the scores this metric gives.
   * @throws {RangeError} before the first score: the number of references is not known yet
   */
  getSignature({ short = false, resampling = this.bootstrap }: SignatureOptions = {}): string {
    if (this.referenceCount === undefined) {
      throw new RangeError('The signature holds the number of references: score something first.');
    }
    return formatSignature(this.referenceCount, this.signatureFields(), { isShort: short, resampling });
  }
}

export interface SignatureOptions {
  readonly short?: boolean;
  /** The resampling to name, if another than this metric's last bootstrap. */
  readonly resampling?: ResamplingSignature;
}

/** Adds rows place by place. @throws {RangeError} without rows */
export function sumRows(rows: readonly StatisticsRow[]): StatisticsRow {
  const [first, ...others] = rows;
  if (first === undefined) throw new RangeError('There are no statistics to add.');
  const sum = [...first];
  for (const row of others) {
    for (let place = 0; place < row.length; place++) sum[place] = (sum[place] ?? 0) + (row[place] ?? 0);
  }
  return sum;
}

function requireAligned(hypotheses: readonly string[], references: References): void {
  if (hypotheses.length === 0) throw new RangeError('There are no hypotheses to score.');
  if (references.length === 0) throw new RangeError('There are no references to score against.');
  for (const [index, hypothesis] of hypotheses.entries()) {
    if (typeof hypothesis !== 'string') throw new TypeError(`Hypothesis ${index} is not a string.`);
  }
  for (const [system, ofSystem] of references.entries()) {
    if (!Array.isArray(ofSystem)) throw new TypeError(`References ${system} should be an array, one entry a segment.`);
    if (ofSystem.length !== hypotheses.length) {
      throw new RangeError(
        `There are ${hypotheses.length} hypotheses but ${ofSystem.length} segments in references ${system}.`,
      );
    }
    for (const [index, reference] of ofSystem.entries()) {
      if (reference !== null && typeof reference !== 'string') {
        throw new TypeError(`Reference ${system} of segment ${index} is neither a string nor null.`);
      }
    }
  }
}
