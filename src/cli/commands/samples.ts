/** `bleubird samples RUN`: the validation sentences with their translations before and after. */
import { type Command, Option } from 'commander';
import type { RunSummary, TranslationRow } from '../../store/rows.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { positiveNumber } from '../arguments.ts';
import type { ScoredSentence } from '../sentence-scores.ts';
import { storeOption, withRuns } from '../store-option.ts';
import { counted, difference } from '../text.ts';
import type { World } from '../world.ts';

interface SamplesOptions {
  readonly store?: string;
  readonly limit: number;
  readonly sort: 'index' | 'delta';
  readonly reverse?: boolean;
  readonly json?: boolean;
}

export function addSamplesCommand(program: Command, world: World): void {
  program
    .command('samples')
    .argument('<run>', 'id of the run, its beginning, or "last"')
    .summary('show sentences translated before and after')
    .description('Shows validation sentences of a run: source, reference, and the translations before and after.')
    .option('-n, --limit <count>', 'at most so many sentences', positiveNumber, 10)
    .addOption(
      new Option('--sort <order>', 'index: order of the validation set; delta: greatest gain in sentence BLEU first')
        .choices(['index', 'delta'])
        .default('index'),
    )
    .option('--reverse', 'the other way round: with --sort delta, the greatest loss first')
    .option('--json', 'one JSON object a sentence')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird samples last --sort delta --limit 5')
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
  for (const sentence of await choose(rows, options)) {
    if (options.json) output.json(sentence);
    else for (const line of describe(sentence)) output.line(line);
  }
  if (rows.length > options.limit && !options.json) {
    output.note(`${options.limit} of ${counted(rows.length, 'sentence')}; --limit shows more.`);
  }
}

function whyNone({ state }: RunSummary, isEvaluated: boolean): string {
  if (isEvaluated) return 'its evaluations measured the loss alone (training.predict_with_generate: false)';
  const isOver = state !== 'pending' && state !== 'running';
  return isOver ? 'it ended before its first evaluation' : 'its first evaluation is not done';
}

/** Only what is shown is scored, unless the order needs all scores. */
async function choose(
  rows: readonly TranslationRow[],
  { sort, reverse, limit }: SamplesOptions,
): Promise<ScoredSentence[]> {
  const { scoreSentences } = await import('../sentence-scores.ts');
  if (sort === 'index') return scoreSentences((reverse ? rows.toReversed() : rows).slice(0, limit));
  const sign = reverse ? 1 : -1;
  const known = scoreSentences(rows).filter(({ bleuDelta }) => bleuDelta !== null);
  return known.sort((a, b) => sign * ((a.bleuDelta ?? 0) - (b.bleuDelta ?? 0)) || a.index - b.index).slice(0, limit);
}

function describe(sentence: ScoredSentence): string[] {
  const { index, source, reference, before, after, bleuBefore, bleuAfter, bleuDelta } = sentence;
  const withScore = (text: string | null, bleu: number | null) =>
    text === null ? '(not translated)' : `${visibleText(text)}${bleu === null ? '' : `  [${bleu.toFixed(1)}]`}`;
  const change = bleuDelta === null ? '' : `  sentence BLEU ${difference(bleuDelta, 1)}`;
  return [
    `#${index}${change}`,
    `  source     ${visibleText(source)}`,
    `  reference  ${visibleText(reference)}`,
    `  before     ${withScore(before, bleuBefore)}`,
    `  after      ${withScore(after, bleuAfter)}`,
    '',
  ];
}
