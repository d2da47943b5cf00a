/** What `bleubird score` does, in sacreBLEU's order: read, check, score, print. */
import {
  BLEU,
  CHRF,
  formatPairedTest,
  formatScores,
  formatSystems,
  type Metric,
  type Profile,
  pairedTestAsync,
  profiles,
  SACREBLEU_VERSION,
  type Score,
  TER,
  type TokenizerName,
  tokenizerNames,
} from 'sacrebleu-ts';
import type { World } from '../world.ts';
import { readPipedSystems, readReferences, readSystems, type ScoreSystem } from './read-score-input.ts';
import { type GivenFlags, readScoreArguments, type ScoreFormat } from './score-arguments.ts';
import { ScoreError } from './score-error.ts';

/** @param showHelp prints the help and ends the command */
export async function score(args: readonly string[], world: World, showHelp: () => never): Promise<void> {
  const given = readScoreArguments(args);
  const { switches, numbers, texts, lists } = given;
  const { output } = world;
  if (switches.has('help')) showHelp();
  if (switches.has('version')) return output.line(`sacrebleu ${SACREBLEU_VERSION}`);

  const isPaired = switches.has('pairedBs') || switches.has('pairedAr');
  const names = [...new Set(lists.get('metrics') ?? ['bleu'])];
  const encoding = texts.get('encoding') ?? 'utf-8';
  const isSentenceLevel = switches.has('sentenceLevel');
  const count = numbers.get('numRefs') ?? 1;
  const files = lists.get('input');
  if (isSentenceLevel && names.length > 1) throw new ScoreError('Only one metric can be used in sentence-level mode.');
  requireReferences(given, count);
  const metrics = createMetrics(names, given, world);
  const references = await readReferences(given.references, count, encoding, world);
  const systems =
    files === undefined
      ? await readPipedSystems(encoding, world)
      : await readSystems(files, { isPaired, encoding, world });
  requireFitting(systems, references, given);

  const view = viewOf(given, world);
  const options: PrintOptions = {
    ...view,
    switches,
    width: numbers.get('width') ?? 1,
    profile: profileOf(given),
    seed: seedOf(world.env),
  };
  const [first] = systems;
  if (isSentenceLevel) printSentences(first?.lines ?? [], references, metrics, options, world);
  else if (systems.length === 1)
    printSystem(
      first?.lines ?? [],
      references,
      metrics,
      { ...options, samples: numbers.get('confidenceN') ?? 1000 },
      world,
    );
  else if (isPaired)
    await printPairedTest(named(systems, files === undefined), references, metrics, { ...options, numbers }, world);
  else printSystems(systems, references, metrics, options, world);
}

interface PrintOptions {
  readonly format: ScoreFormat;
  readonly isColourful: boolean;
  readonly width: number;
  readonly profile: Profile;
  readonly seed: bigint | null;
  readonly switches: GivenFlags['switches'];
}

function printSentences(
  lines: readonly string[],
  references: readonly (readonly string[])[],
  [metric]: readonly Metric<Score>[],
  { width, switches, profile }: PrintOptions,
  { output }: World,
): void {
  for (const [index, line] of lines.entries()) {
    const result = metric?.corpusScore(
      [line],
      references.map((ofSystem) => [ofSystem[index] ?? null]),
      { profile },
    );
    const signature = metric?.getSignature({ short: switches.has('short') });
    output.line(result?.format({ width, scoreOnly: switches.has('scoreOnly'), signature }));
  }
}

function printSystem(
  lines: readonly string[],
  references: readonly (readonly string[])[],
  metrics: readonly Metric<Score>[],
  { format, isColourful, width, switches, samples, seed, profile }: PrintOptions & { readonly samples: number },
  { output }: World,
): void {
  const isJson = format === 'json';
  const nBootstrap = switches.has('confidence') ? Math.max(samples, 1) : 1;
  const results = byName(metrics).map((metric) => {
    const result = metric.corpusScore(lines, references, { nBootstrap, seed, profile });
    const signature = metric.getSignature({ short: switches.has('short') && !isJson });
    return result.format({ width, scoreOnly: switches.has('scoreOnly'), signature, isJson });
  });
  output.line(formatScores(results, { isJson, isColourful }));
  if (switches.has('detail')) output.line('No subset information found. Consider using --origlang argument.');
}

function printSystems(
  systems: readonly ScoreSystem[],
  references: readonly (readonly string[])[],
  metrics: readonly Metric<Score>[],
  { format, isColourful, width, switches, profile }: PrintOptions,
  { output }: World,
): void {
  const columns = byName(metrics).map((metric) => {
    const results = systems.map(({ lines }) => metric.corpusScore(lines, references, { profile }));
    const signature = metric.getSignature({ short: switches.has('short') });
    const scores = results.map((result) => result.format({ width, scoreOnly: true }));
    return { name: results[0]?.name ?? '', signature, scores };
  });
  output.line(
    formatSystems(
      systems.map(({ name }) => name),
      columns,
      { format, isColourful },
    ),
  );
}

async function printPairedTest(
  systems: readonly ScoreSystem[],
  references: readonly (readonly string[])[],
  metrics: readonly Metric<Score>[],
  options: PrintOptions & { readonly numbers: GivenFlags['numbers'] },
  { output, onInterrupt }: World,
): Promise<void> {
  const { switches, numbers, seed, profile } = options;
  const isBootstrap = switches.has('pairedBs');
  const nSamples = Math.max(numbers.get(isBootstrap ? 'pairedBsN' : 'pairedArN') ?? 0, 0);
  const stop = new AbortController();
  const ignoreInterrupts = onInterrupt(() => stop.abort(new ScoreError('The paired test was interrupted.')));
  try {
    const test = await pairedTestAsync({
      metrics,
      systems: systems.map(({ name, lines }) => ({ name, hypotheses: lines })),
      refs: references,
      type: isBootstrap ? 'bs' : 'ar',
      nSamples,
      seed,
      profile,
      signal: stop.signal,
    });
    output.line(formatPairedTest(test, { ...options, short: switches.has('short') }));
  } finally {
    ignoreInterrupts();
  }
}

/** The first system's name says that it is the baseline. */
function named(systems: readonly ScoreSystem[], isPiped: boolean): ScoreSystem[] {
  return systems.map((system, index) => {
    if (isPiped) return { ...system, name: index === 0 ? 'Baseline' : `System ${index}` };
    return index === 0 ? { ...system, name: `Baseline: ${system.name}` } : system;
  });
}

/** Sorted by sacreBLEU's names of the classes. */
function byName(metrics: readonly Metric<Score>[]): Metric<Score>[] {
  const order = [BLEU, CHRF, TER];
  const rank = (metric: Metric<Score>): number => order.findIndex((type) => metric instanceof type);
  return [...metrics].sort((left, right) => rank(left) - rank(right));
}

function createMetrics(
  names: readonly string[],
  { switches, texts, numbers }: GivenFlags,
  { output }: World,
): Metric<Score>[] {
  const [, trgLang = ''] = (texts.get('langpair') ?? '').split('-');
  try {
    return names.map((name) => {
      if (name === 'chrf') {
        return new CHRF({
          charOrder: numbers.get('chrfCharOrder') ?? 6,
          wordOrder: numbers.get('chrfWordOrder') ?? 0,
          beta: numbers.get('chrfBeta') ?? 2,
          whitespace: switches.has('chrfWhitespace'),
          lowercase: switches.has('chrfLowercase'),
          epsSmoothing: switches.has('chrfEpsSmoothing'),
        });
      }
      if (name === 'ter') {
        return new TER({
          caseSensitive: switches.has('terCaseSensitive'),
          asianSupport: switches.has('terAsianSupport'),
          noPunct: switches.has('terNoPunct'),
          normalized: switches.has('terNormalized'),
        });
      }
      return new BLEU({
        lowercase: switches.has('lowercase'),
        tokenize: tokenizerOf(texts.get('tokenize')),
        smoothMethod: smoothMethodOf(texts.get('smoothMethod')),
        smoothValue: numbers.get('smoothValue') ?? null,
        effectiveOrder: switches.has('sentenceLevel'),
        trgLang,
        force: switches.has('force'),
        onWarning: (message) => {
          if (!switches.has('quiet')) output.warn(message);
        },
      });
    });
  } catch (cause) {
    // The package's own words for an option or a tokenizer it cannot take.
    if (!(cause instanceof RangeError || cause instanceof TypeError)) throw cause;
    throw new ScoreError(cause.message, 1, { cause });
  }
}

function tokenizerOf(name: string | undefined): TokenizerName | undefined {
  if (name === undefined) return undefined;
  const known = tokenizerNames.find((tokenizer) => tokenizer === name);
  if (known === undefined) {
    const expected = tokenizerNames.map((tokenizer) => `'${tokenizer}'`).join(', ');
    throw new ScoreError(`argument --tokenize/-tok: invalid choice: '${name}' (choose from ${expected})`, 2);
  }
  return known;
}

function smoothMethodOf(name: string | undefined): 'none' | 'floor' | 'add-k' | 'exp' {
  return name === 'none' || name === 'floor' || name === 'add-k' ? name : 'exp';
}

function profileOf({ texts }: GivenFlags): Profile {
  const name = texts.get('profile') ?? 'py312_np2';
  const known = profiles.find((profile) => profile === name);
  if (known === undefined)
    throw new ScoreError(`argument --profile: invalid choice: '${name}' (choose from ${profiles.join(', ')})`, 2);
  return known;
}

/** @throws {ScoreError} when SACREBLEU_SEED is neither a whole number nor none */
function seedOf({ SACREBLEU_SEED = '12345' }: NodeJS.ProcessEnv): bigint | null {
  if (SACREBLEU_SEED.toLowerCase() === 'none') return null;
  if (!/^\d+$/.test(SACREBLEU_SEED)) {
    throw new ScoreError(`SACREBLEU_SEED is '${SACREBLEU_SEED}'; expected a whole number, 0 or more, or none.`);
  }
  return BigInt(SACREBLEU_SEED);
}

function viewOf(
  { switches, texts }: GivenFlags,
  { env, stdout }: World,
): { format: ScoreFormat; isColourful: boolean } {
  const fromEnvironment = formatOf(env.SACREBLEU_FORMAT?.toLowerCase());
  const format = fromEnvironment ?? formatOf(texts.get('format')) ?? 'json';
  const isColourful = Boolean(stdout.isTTY) && !env.NO_COLOR && !switches.has('noColor');
  return { format: switches.has('detail') && format === 'json' ? 'text' : format, isColourful };
}

function formatOf(name: string | undefined): ScoreFormat | undefined {
  return name === 'json' || name === 'text' || name === 'latex' ? name : undefined;
}

function requireReferences({ references }: GivenFlags, count: number): void {
  if (references.length === 0) {
    throw new ScoreError('There are no references.', 1, {
      hint: 'give their files before -i: bleubird score REF… -i HYP… (test sets are not available)',
    });
  }
  if (count !== 1 && references.length > 1) {
    throw new ScoreError('--num-refs splits one file of references at its tabs; it cannot be used with several files.');
  }
  if (count < 1) throw new ScoreError(`--num-refs is ${count}; expected 1 or more.`);
}

function requireFitting(
  systems: readonly ScoreSystem[],
  references: readonly (readonly string[])[],
  { switches }: GivenFlags,
): void {
  const isPaired = switches.has('pairedBs') || switches.has('pairedAr');
  if (switches.has('sentenceLevel')) {
    if (systems.length > 1) throw new ScoreError('Only one system can be evaluated in sentence-level mode.');
    if (switches.has('confidence') || isPaired) {
      throw new ScoreError('Statistical tests are unavailable in sentence-level mode.');
    }
  }
  if (isPaired && systems.length === 1) {
    throw new ScoreError('Paired tests require multiple input systems given to --input (-i).');
  }
  if (systems.length > 1 && switches.has('confidence')) {
    throw new ScoreError('Use paired tests (--paired) for multiple systems.');
  }
  if (systems.length === 0) throw new ScoreError('There is no system to score: --input (-i) names no file.');
  for (const { name, lines } of systems) {
    if (lines.length === 0) throw new ScoreError(`${name} contains no sentence.`);
    if (references.some((ofSystem) => ofSystem.length !== lines.length)) {
      throw new ScoreError('System and reference streams have different lengths.', 1, {
        hint: `${name} has ${lines.length} lines, the references have ${references.map((ofSystem) => ofSystem.length).join(', ')}`,
      });
    }
  }
}
