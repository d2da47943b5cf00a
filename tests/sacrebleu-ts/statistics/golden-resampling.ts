/** Runs one resampling case of sacreBLEU's golden answers and tells where it differs. */
import { BLEU, CHRF, DefaultRng, type Metric, type Profile, pairedTest, type Score, TER } from 'sacrebleu-ts';
import * as z from 'zod';

const lines = z.array(z.string());
const references = z.array(z.array(z.string().nullable()));
const fields = z.record(z.string(), z.unknown());

export const resamplingCase = z.object({
  id: z.string(),
  group: z.string(),
  metric: z.string(),
  options: fields,
  hyps: z.unknown(),
  refs: z.unknown(),
  n_bootstrap: z.number().optional(),
  seed: z.string().optional(),
  expected: fields,
  expected_py312_np1: fields.optional(),
  expected_py312_np2: fields.optional(),
});
export type ResamplingCase = z.infer<typeof resamplingCase>;

const pairedOptions = z.object({
  metrics: z.array(z.object({ name: z.string(), options: fields })),
  test_type: z.enum(['bs', 'ar']),
  n_samples: z.number(),
  n_ar_confidence: z.number(),
  seed: z.string(),
  system_names: lines,
});

/** What the profile's Python gives: each profile names only what changes from the one before. */
export function expectedOf(golden: ResamplingCase, profile: Profile): Record<string, unknown> {
  if (profile === 'py311_np1') return golden.expected;
  const { expected, expected_py312_np1: onPython312, expected_py312_np2: onNumpy2 } = golden;
  return { ...expected, ...onPython312, ...(profile === 'py312_np2' ? onNumpy2 : {}) };
}

/** Each field that differs, with both values; nothing when the case passes. */
export function resamplingDifferences(golden: ResamplingCase, profile: Profile): string[] {
  const expected = expectedOf(golden, profile);
  const actual = answer(golden, profile);
  const text = (value: unknown): string => JSON.stringify(value);
  return Object.keys(actual)
    .filter((field) => text(actual[field]) !== text(expected[field]))
    .map((field) => `${golden.id} ${profile} ${field}: ${text(actual[field])}, not ${text(expected[field])}`);
}

function answer(golden: ResamplingCase, profile: Profile): Record<string, unknown> {
  if (golden.group === 'rng') return randomDraws(BigInt(String(golden.options.seed)));
  return golden.group === 'paired' ? pairedFields(golden, profile) : confidenceFields(golden, profile);
}

function randomDraws(seed: bigint): Record<string, unknown> {
  const integers = (rng: DefaultRng, bound: number, count: number): number[] => {
    const drawn = new Int32Array(count);
    rng.fillIntegers(drawn, bound);
    return [...drawn];
  };
  const words = new DefaultRng(seed);
  const word = (): string => String(BigInt(words.nextUint32()) | (BigInt(words.nextUint32()) << 32n));
  const coins = new DefaultRng(seed);
  const tossed = new Uint8Array(91);
  coins.booleans()(tossed);
  return {
    raw_u64: Array.from({ length: 8 }, word),
    ...Object.fromEntries(
      [1, 2, 3, 10, 100, 21018].map((bound) => [`choice_${bound}_x12`, integers(new DefaultRng(seed), bound, 12)]),
    ),
    bools_7x13: tossed.join(''),
    then_choice_13_x8: integers(coins, 13, 8),
  };
}

function confidenceFields(golden: ResamplingCase, profile: Profile): Record<string, unknown> {
  const metric = metricOf(golden.metric, golden.options);
  const seed = BigInt(golden.seed ?? '12345');
  const nBootstrap = golden.n_bootstrap ?? 1;
  const result = metric.corpusScore(lines.parse(golden.hyps), references.parse(golden.refs), {
    nBootstrap,
    seed,
    profile,
  });
  const signature = metric.getSignature();
  const short = metric.getSignature({ short: true });
  return {
    score: result.score,
    name: result.name,
    str: String(result),
    signature,
    signature_short: short,
    format_w4_sig: result.format({ width: 4, signature: short }),
    json_w1: result.format({ width: 1, signature, isJson: true }),
    score_only_w2: result.format({ width: 2, scoreOnly: true }),
    mean: result.mean,
    ci: result.ci,
  };
}

function pairedFields(golden: ResamplingCase, profile: Profile): Record<string, unknown> {
  const options = pairedOptions.parse(golden.options);
  const hypotheses = z.array(lines).parse(golden.hyps);
  const test = pairedTest({
    metrics: options.metrics.map((metric) => metricOf(metric.name, metric.options)),
    systems: options.system_names.map((name, index) => ({ name, hypotheses: hypotheses[index] ?? [] })),
    refs: references.parse(golden.refs),
    type: options.test_type,
    nSamples: options.n_samples,
    nArConfidence: options.n_ar_confidence,
    seed: BigInt(options.seed),
    profile,
  });
  const byName = <Value>(value: (metric: (typeof test.metrics)[number]) => Value): Record<string, Value> =>
    Object.fromEntries(test.metrics.map((metric) => [metric.name, value(metric)]));
  return {
    signatures: byName(({ signature }) => signature),
    signatures_short: byName(({ shortSignature }) => shortSignature),
    systems: test.systems,
    scores: byName(({ results }) =>
      results.map(({ score, pValue, mean, ci }) => ({ score, p_value: pValue, mean, ci })),
    ),
  };
}

function metricOf(name: string, options: Readonly<Record<string, unknown>>): Metric<Score> {
  const camel = (key: string): string => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const camelCased = Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value]));
  if (name === 'bleu') return new BLEU(camelCased);
  return name === 'chrf' ? new CHRF(camelCased) : new TER(camelCased);
}
