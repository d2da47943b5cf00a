/** `bleubird samples RUN`: the validation sentences with their translations before and after. */
import { type Command, Option } from 'commander';
import { StoreError } from '../../errors.ts';
import type { RunSummary, TranslationRow } from '../../store/rows.ts';
import { isUnfinished } from '../../store/run-state.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { positiveNumber } from '../arguments.ts';
import type { ScoredSentence } from '../sentence-scores.ts';
import { storeOption, withRuns } from '../store-option.ts';
import { counted, difference } from '../text.ts';
import type { World } from '../world.ts';

interface SamplesOptions {
  readonly store?: string;
  readonly limit?: number;
  readonly sort: 'index' | 'delta';
  readonly reverse?: boolean;
  readonly json?: boolean;
  readonly plain?: PlainText;
}

const PLAIN_TEXTS = ['before', 'after', 'source', 'reference'] as const;
type PlainText = (typeof PLAIN_TEXTS)[number];

/** Sentences shown unless it is said how many. */
const LIMIT = 10;

export function addSamplesCommand(program: Command, world: World): void {
  program
    .command('samples')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('show sentences translated before and after')
    .description('Shows validation sentences of a run: source, reference, and the translations before and after.')
    .option('-n, --limit <count>', 'at most so many sentences (default: 10, with --plain all)', positiveNumber)
    .addOption(
      new Option('--sort <order>', 'index: order of the validation set; delta: greatest gain in sentence BLEU first')
        .choices(['index', 'delta'])
        .default('index'),
    )
    .option('--reverse', 'the other way round: with --sort delta, the greatest loss first')
    .addOption(
      new Option('--plain <text>', 'one text of each sentence, one a line, as score takes it')
        .choices(PLAIN_TEXTS)
        .conflicts('json'),
    )
    .option('--json', 'one JSON object a sentence')
    .addOption(storeOption())
    .addHelpText(
      'after',
      '\nExamples:\n  bleubird samples last --sort delta --limit 5\n' +
        '  bleubird samples last --plain reference > ref\n  bleubird samples last --plain after | bleubird score ref',
    )
    .action((run: string, _options: unknown, command: Command) =>
      showSamples(run, command.optsWithGlobals<SamplesOptions>(), world),
    );
}

async function showSamples(typed: string, options: SamplesOptions, world: World): Promise<void> {
  const { output } = world;
  const { run, rows, isEvaluated } = await withRuns(world, options.store, (store) => {
    const run = store.findRun(typed);
    return { run, rows: store.translations(run.id), isEvaluated: store.evaluations(run.id).length > 0 };
  });
  if (rows.length === 0) {
    output.note(`Run ${run.id} has no translations: ${whyNone(run, isEvaluated)}.`);
    return;
  }
  if (options.sort === 'delta' && !rows.some(({ before, after }) => before !== null && after !== null)) {
    output.note(`Run ${run.id} has translations of one model only; --sort index shows them.`);
    return;
  }
  const { scoreSentences } = await import('../sentence-scores.ts');
  const ordered = options.sort === 'index' ? rows : byGain(scoreSentences(rows));
  const sentences = options.reverse ? ordered.toReversed() : ordered;
  if (options.plain !== undefined) {
    for (const line of plainLines(sentences.slice(0, options.limit), options.plain, run)) output.line(line);
    return;
  }
  const { limit = LIMIT } = options;
  // Only what is shown is scored, unless the order needs all scores.
  for (const sentence of scoreSentences(sentences.slice(0, limit))) {
    if (options.json) output.json(sentence);
    else for (const line of describe(sentence)) output.line(line);
  }
  if (rows.length > limit && !options.json) {
    output.note(`${limit} of ${counted(rows.length, 'sentence')}; --limit shows more.`);
  }
}

/** One line a sentence, whatever is in it; a sentence without a translation has an empty one, so that lines stay paired. */
function plainLines(rows: readonly TranslationRow[], text: PlainText, run: RunSummary): string[] {
  if (rows.every((row) => row[text] === null)) {
    throw new StoreError(`Run ${run.id} has no translations of the model ${text}.`, {
      hint: 'Those of the other model are there.',
    });
  }
  return rows.map((row) => (row[text] ?? '').replaceAll(/[\r\n]+/g, ' '));
}

function whyNone({ state }: RunSummary, isEvaluated: boolean): string {
  if (isEvaluated) return 'its evaluations measured the loss alone (training.predict_with_generate: false)';
  return isUnfinished(state) ? 'its first evaluation is not done' : 'it ended before its first evaluation';
}

/** The greatest gain first; sentences of which one translation is missing are left out. */
function byGain(sentences: readonly ScoredSentence[]): ScoredSentence[] {
  const known = sentences.filter(({ bleuDelta }) => bleuDelta !== null);
  return known.sort((a, b) => (b.bleuDelta ?? 0) - (a.bleuDelta ?? 0) || a.index - b.index);
}

function describe(sentence: ScoredSentence): string[] {
  const { index, source, reference, before, after, bleuBefore, bleuAfter, bleuDelta } = sentence;
  const withScore = (text: string | null, bleu: number | null) =>
    text === null ? '(not translated)' : `${visibleText(text)}${bleu === null ? '' : `  [${bleu.toFixed(1)}]`}`;
  const change = bleuDelta === null ? '' : `  change in sentence BLEU ${difference(bleuDelta, 1)}`;
  return [
    `#${index}${change}`,
    `  source     ${visibleText(source)}`,
    `  reference  ${visibleText(reference)}`,
    `  before     ${withScore(before, bleuBefore)}`,
    `  after      ${withScore(after, bleuAfter)}`,
    '',
  ];
}
