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
export {
  type BootstrapOptions,
  bootstrapConfidence,
  bootstrapConfidenceAsync,
} from './statistics/bootstrap-confidence.ts';
export { DefaultRng } from './statistics/default-rng.ts';
export {
  type KeptPairedTestInput,
  type MetricStatistics,
  type NamedSystem,
  type PairedMetricResult,
  type PairedResult,
  type PairedTestInput,
  type PairedTestOptions,
  type PairedTestResult,
  type PairedTestType,
  pairedTest,
  pairedTestAsync,
  pairedTestOfStatistics,
  pairedTestOfStatisticsAsync,
} from './statistics/paired-test.ts';
export { type Profile, profiles, requireProfile } from './statistics/profile.ts';
export type { ResampledMetric } from './statistics/resampling.ts';
export type { StepOptions, StopSignal } from './statistics/run-steps.ts';
export type { Scalar } from './statistics/scalar.ts';
export type { Confidence } from './statistics/score-list.ts';
export type { StatisticsRow } from './statistics-row.ts';
export { TER, type TerOptions } from './ter.ts';
export { TERScore, terFromStatistics } from './ter-score.ts';
export type { SentencePieceEncoder, SentencePieceModel } from './tokenizers/sentence-piece.ts';
export {
  type TokenizerName,
  type TokenizerOptions,
  tokenize,
  tokenizerNames,
} from './tokenizers/tokenizers.ts';
