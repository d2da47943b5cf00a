/** Runs one case of sacreBLEU's golden answers through the package and tells where it differs. */
import {
  BLEU,
  type BLEUScore,
  type BleuOptions,
  bleuFromStatistics,
  type SmoothMethod,
  smoothDefaults,
  type TokenizerName,
  tokenize,
  tokenizerNames,
} from 'sacrebleu-ts';
import * as z from 'zod';
import { splitWords } from '../../src/sacrebleu-ts/src/python/white-space.ts';

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

/** Whether the case asks for BLEU as the package has it: no other tokenizer, no resampling. */
export function isSupported({ metric, options, n_bootstrap }: GoldenCase): boolean {
  if (metric === 'tokenizer') return isTokenizer(options.name);
  if (metric === 'bleu-stats') return true;
  const tokenizer = options.tokenize ?? (options.trg_lang === 'zh' ? 'zh' : '13a');
  return metric === 'bleu' && n_bootstrap === undefined && tokenizer !== 'zh';
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
    .filter((field) => !isSame(actual[field], expected[field]))
    .map((field) => `${golden.id} ${field}: ${JSON.stringify(actual[field])}, not ${JSON.stringify(expected[field])}`);
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
  const bleu = new BLEU(camelCased(options));
  // The error cases are ill-typed on purpose.
  const score =
    level === 'sentence'
      ? bleu.sentenceScore(hyps as string, refs as string[])
      : bleu.corpusScore(hyps as string[], refs as string[][]);
  const signature = bleu.getSignature();
  const short = bleu.getSignature({ short: true });
  return {
    ...scoreFields(score),
    signature,
    signature_short: short,
    format_w4_sig: score.format({ width: 4, signature: short }),
    json_w1: score.format({ width: 1, signature, isJson: true }),
    score_only_w2: score.format({ width: 2, scoreOnly: true }),
  };
}

function scoreFields(score: BLEUScore): Record<string, unknown> {
  const { name, counts, totals, precisions, bp, sysLen, refLen, ratio, verbose } = score;
  const lengths = { sys_len: sysLen, ref_len: refLen };
  return { score: score.score, name, counts, totals, precisions, bp, ...lengths, ratio, verbose, str: String(score) };
}

function tokenizerFields(name: TokenizerName, lines: readonly string[]): Record<string, unknown> {
  const tokenized = lines.map((line) => tokenize(name, line));

  return { tokenized, tokens: lines.map((line) => splitWords(tokenize(name, line))) };
}

function isSame(actual: unknown, expected: unknown): boolean {
  if (typeof expected === 'number') return Object.is(actual, expected);
  return JSON.stringify(actual) === JSON.stringify(expected);
}

function camelCased(options: Readonly<Record<string, unknown>>): BleuOptions {
  const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value]));
}

function isTokenizer(name: unknown): name is TokenizerName {
  return tokenizerNames.some((known) => known === name);
}

function isSmoothMethod(name: string): name is SmoothMethod {
  return Object.hasOwn(smoothDefaults, name);
}
