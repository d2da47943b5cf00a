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
export { Metric, type References, type StatisticsRow, sumRows } from './metric.ts';
export { type FormatOptions, Score } from './score.ts';
export { SACREBLEU_VERSION } from './signature.ts';
export { type TokenizerName, tokenize, tokenizerNames } from './tokenizers/tokenizers.ts';
