/** Runs one case of sacreBLEU's golden answers through the package and tells where it differs. */
import {
  BLEU,
  BLEUScore,
  bleuFromStatistics,
  CHRF,
  CHRFScore,
  type Score,
  type SmoothMethod,
  smoothDefaults,
  TER,
  TERScore,
  type TokenizerName,
  tokenize,
  tokenizerNames,
} from 'sacrebleu-ts';
import * as z from 'zod';
import { splitWords } from '../../src/sacrebleu-ts/src/python/white-space.ts';
import { splitWordsTercom } from '../../src/sacrebleu-ts/src/tokenizers/tercom.ts';

export const goldenCase = z.object({
  id: z.string(),
  group: z.string(),
  metric: z.string(),
  level: z.string(),
  options: z.record(z.string(), z.unknown()),
  hyps: z.unknown(),
  refs: z.unknown(),
  n_bootstrap: z.number().optional(),
  stats: z
    .object({ correct: z.array(z.number()), total: z.array(z.number()), sys_len: z.number(), ref_len: z.number() })
    .optional(),
  expected: z.record(z.string(), z.unknown()),
  expected_py312_np1: z.record(z.string(), z.unknown()).optional(),
  expected_py312_np2: z.record(z.string(), z.unknown()).optional(),
});
export type GoldenCase = z.infer<typeof goldenCase>;

const metrics = { bleu: BLEU, chrf: CHRF, ter: TER };
const others = ['bleu-stats', 'tokenizer', 'ter-tokenizer'];

/** Whether the case asks for a score or words; resampling and the command line are tested elsewhere. */
export function isSupported({ metric, n_bootstrap }: GoldenCase): boolean {
  return n_bootstrap === undefined && (Object.hasOwn(metrics, metric) || others.includes(metric));
}

/** Python zips hypotheses and references to the shorter; the package refuses them. */
export function isUneven({ level, hyps, refs }: GoldenCase): boolean {
  if (level !== 'corpus' || !Array.isArray(hyps) || !Array.isArray(refs)) return false;
  return refs.some((ofSystem: unknown) => Array.isArray(ofSystem) && ofSystem.length !== hyps.length);
}

/** Each field that differs, with both values; nothing when the case passes. */
export function differences(golden: GoldenCase): string[] {
  const expected = { ...golden.expected, ...golden.expected_py312_np1, ...golden.expected_py312_np2 };
  let actual: Record<string, unknown>;
  try {
    actual = answer(golden);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return 'error' in expected || isUneven(golden) ? [] : [`${golden.id} throws ${error.message}`];
  }
  if ('error' in expected || isUneven(golden)) return [`${golden.id} throws nothing`];
  return Object.keys(expected)
    .filter((field) => !isNamedAfterFloat(golden, field))
    .filter((field) => !isSame(actual[field], expected[field]))
    .map((field) => `${golden.id} ${field}: ${JSON.stringify(actual[field])}, not ${JSON.stringify(expected[field])}`);
}

/**
 * In this case Python was given beta as the float 2.0, not the int 2, and names the score `chrF2.0+++`. JavaScript has
 * one number for both: the one exception among the cases, in the fields that hold the name.
 */
function isNamedAfterFloat({ id }: GoldenCase, field: string): boolean {
  return id === 'chrf-random-0574' && ['name', 'str', 'format_w4_sig', 'json_w1'].includes(field);
}

function answer(golden: GoldenCase): Record<string, unknown> {
  const { metric, level, options, hyps, refs, stats } = golden;
  if (metric === 'tokenizer') {
    const name = isTokenizer(options.name) ? options.name : 'none';
    return tokenizerFields(name, z.array(z.string()).parse(hyps));
  }
  if (stats !== undefined) {
    const formula = z
      .object({ smooth_method: z.string(), smooth_value: z.number().nullable(), effective_order: z.boolean() })
      .parse(options);
    const smoothMethod = formula.smooth_method;
    if (!isSmoothMethod(smoothMethod)) throw new RangeError(smoothMethod);
    return scoreFields(
      bleuFromStatistics(
        { counts: stats.correct, totals: stats.total, sysLen: stats.sys_len, refLen: stats.ref_len },
        { smoothMethod, smoothValue: formula.smooth_value, effectiveOrder: formula.effective_order },
      ),
    );
  }
  if (metric === 'ter-tokenizer') return tercomFields(golden);
  const scorer = metricOf(golden);
  // The error cases are ill-typed on purpose.
  const score =
    level === 'sentence'
      ? scorer.sentenceScore(hyps as string, refs as string[])
      : scorer.corpusScore(hyps as string[], refs as string[][]);
  const signature = scorer.getSignature();
  const short = scorer.getSignature({ short: true });
  return {
    ...scoreFields(score),
    signature,
    signature_short: short,
    format_w4_sig: score.format({ width: 4, signature: short }),
    json_w1: score.format({ width: 1, signature, isJson: true }),
    score_only_w2: score.format({ width: 2, scoreOnly: true }),
  };
}

function metricOf({ metric, options }: GoldenCase): BLEU | CHRF | TER {
  const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const camelCased = Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value]));
  if (metric === 'chrf') return new CHRF(camelCased);
  return metric === 'ter' ? new TER(camelCased) : new BLEU(camelCased);
}

function scoreFields(score: Score): Record<string, unknown> {
  const common = { score: score.score, name: score.name, verbose: score.verbose, str: String(score) };
  if (score instanceof BLEUScore) {
    const { counts, totals, precisions, bp, sysLen, refLen, ratio } = score;
    return { ...common, counts, totals, precisions, bp, sys_len: sysLen, ref_len: refLen, ratio };
  }
  if (score instanceof CHRFScore) {
    return { ...common, char_order: score.charOrder, word_order: score.wordOrder, beta: score.beta };
  }
  if (score instanceof TERScore) return { ...common, num_edits: score.numEdits, ref_length: score.refLength };
  return common;
}

function tercomFields({ options, hyps }: GoldenCase): Record<string, unknown> {
  const flag = z.boolean();
  const { normalized, no_punct, asian_support, case_sensitive } = z
    .object({ normalized: flag, no_punct: flag, asian_support: flag, case_sensitive: flag })
    .parse(options);
  const tercom = { normalized, noPunct: no_punct, asianSupport: asian_support, caseSensitive: case_sensitive };
  const once = (line: string): string => splitWordsTercom(line, tercom).join(' ');
  const tokenized = z.array(z.string()).parse(hyps).map(once);
  return { tokenized, tokenized_twice: tokenized.map(once) };
}

function tokenizerFields(name: TokenizerName, lines: readonly string[]): Record<string, unknown> {
  const tokenized = lines.map((line) => tokenize(name, line));

  return { tokenized, tokens: lines.map((line) => splitWords(tokenize(name, line))) };
}

function isSame(actual: unknown, expected: unknown): boolean {
  if (typeof expected === 'number') return Object.is(actual, expected);
  return JSON.stringify(actual) === JSON.stringify(expected);
}

function isTokenizer(name: unknown): name is TokenizerName {
  return tokenizerNames.some((known) => known === name);
}

function isSmoothMethod(name: string): name is SmoothMethod {
  return Object.hasOwn(smoothDefaults, name);
}
