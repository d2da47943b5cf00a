/** sacreBLEU's scores in TypeScript: same numbers, same signatures, no dependency. */
export { BLEU, type BleuOptions } from './bleu.ts';
export {
  BLEUScore,
  type BleuFormula,
  type BleuStatistics,
  bleuFromStatistics,
  type SmoothMethod,
  smoothDefaults,
} from './bleu-score.ts';
export { CHRF, type ChrfOptions } from './chrf.ts';
export { CHRFScore, type ChrfFormula, chrfFromStatistics } from './chrf-score.ts';
export { type Bucket, bucketLabel } from './comparison/buckets.ts';
export {
  compareByFrequency,
  type FrequencyBucket,
  type FrequencyComparison,
  type WordAccuracy,
} from './comparison/compare-by-frequency.ts';
export { compareByLength, type LengthBucket, type LengthComparison } from './comparison/compare-by-length.ts';
export { type NgramCounts, type NgramPrecision, ngramPrecisions } from './comparison/ngram-precisions.ts';
export { type SentenceGain, sentenceGains } from './comparison/sentence-gains.ts';
export {
  type CorpusScoreOptions,
  Metric,
  type References,
  type SignatureOptions,
  sumRows,
} from './metric.ts';
export { formatScores } from './output/format-scores.ts';
export {
  formatPairedTest,
  formatSystems,
  type MetricColumn,
  type SystemsFormat,
  type SystemsFormatOptions,
} from './output/format-systems.ts';
export { stripEnd } from './python/white-space.ts';
export { type FormatOptions, Score } from './score.ts';
export { type ResamplingSignature, SACREBLEU_VERSION } from './signature.ts';
export { bootstrapConfidence, bootstrapConfidenceAsync } from './statistics/bootstrap-confidence.ts';
export type { BootstrapOptions } from './statistics/confidence-steps.ts';
export { DefaultRng, type StreamPosition } from './statistics/default-rng.ts';
export {
  type KeptPairedTestInput,
  type NamedSystem,
  type PairedMetricResult,
  type PairedTestInput,
  type PairedTestResult,
  pairedTest,
  pairedTestAsync,
  pairedTestOfStatistics,
  pairedTestOfStatisticsAsync,
} from './statistics/paired-test.ts';
export type {
  MetricStatistics,
  PairedResult,
  PairedTestOptions,
  PairedTestType,
} from './statistics/paired-test-steps.ts';
export { type Profile, profiles, requireProfile } from './statistics/profile.ts';
export type { ResampledMetric } from './statistics/resampling.ts';
export type { StepOptions, StopSignal } from './statistics/run-steps.ts';
export type { Scalar } from './statistics/scalar.ts';
export type { Confidence } from './statistics/score-list.ts';
export type { Scoring } from './statistics/scoring.ts';
export type { StatisticsRow } from './statistics-row.ts';
export { TER, type TerOptions } from './ter.ts';
export { TERScore, terFromStatistics } from './ter-score.ts';
export type { SentencePieceEncoder, SentencePieceModel } from './tokenizers/sentence-piece.ts';
export {
  allTokenizerNames,
  type TokenizerName,
  type TokenizerOptions,
  tokenize,
  tokenizerNames,
} from './tokenizers/tokenizers.ts';
