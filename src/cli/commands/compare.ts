/** `bleubird compare RUN RUN…`: runs side by side. */
import type { Command } from 'commander';
import { fieldText } from '../../engine/config/check-values.ts';
import { findField } from '../../engine/config/experiment-fields.ts';
import { ConfigError } from '../../errors.ts';
import type { EvaluationRow, RunRecord } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { TestedSystem } from '../../ui/services.ts';
import { beforeAndAfter, bleuDifference, incomparabilities } from '../../ui/state/comparability.ts';
import { compareSettings, type SettingRow } from '../../ui/state/config-difference.ts';
import type { SentenceComparison } from '../../ui/state/sentence-difference.ts';
import { visibleText } from '../../ui/text/fit-text.ts';
import { positiveNumber } from '../arguments.ts';
import { findRuns } from '../find-runs.ts';
import type { Output } from '../output.ts';
import { storeOption, withRuns } from '../store-option.ts';
import { formatTable } from '../table.ts';
import { counted, difference, loss, MISSING, score } from '../text.ts';
import type { World } from '../world.ts';

interface CompareOptions {
  readonly store?: string;
  readonly sentences: number;
  readonly buckets?: boolean;
  readonly json?: boolean;
}

interface ComparedRun {
  readonly run: RunRecord;
  readonly before: EvaluationRow | null;
  readonly after: EvaluationRow | null;
}

interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** Only settings that differ. */
  readonly settings: readonly SettingRow[];
  readonly incomparabilities: readonly string[];
  readonly sentences: SentenceComparison;
  /** The runs on the sentences that all have translated; null where they must not be compared or share none. */
  readonly standing: readonly TestedSystem[] | null;
}

export function addCompareCommand(program: Command, world: World): void {
  program
    .command('compare')
    .argument('<runs...>', 'two runs or more: ids, their beginnings, or "last"; the first is what others are held to')
    .summary('put runs side by side')
    .description(
      'Puts runs side by side: the settings that differ, BLEU and loss before and after, and the sentences on which ' +
        'they differ most. Says so when their scores must not be compared.',
    )
    .option('-n, --sentences <count>', 'sentences to show', positiveNumber, 5)
    .option('--buckets', 'of the first two: n-gram precision, BLEU by length, F1 of words by frequency')
    .option('--json', 'one JSON object')
    .addOption(storeOption())
    .addHelpText('after', '\nExample:\n  bleubird compare 3f2a 91bc')
    .action((runs: string[], _options: unknown, command: Command) =>
      compareRuns(runs, command.optsWithGlobals<CompareOptions>(), world),
    );
}

async function compareRuns(typed: readonly string[], options: CompareOptions, world: World): Promise<void> {
  const { describeBuckets } = await import('../compare-buckets.ts');
  const { comparison, buckets } = await withRuns(world, options.store, async (store) => {
    const records = findRuns(typed, store, world.now());
    if (records.length < 2) throw new ConfigError('compare needs two different runs; `bleubird ls` lists them.');
    const comparison = await compare(records, store);
    const [first, second] = records.map(({ id }) => ({ id, translations: store.translations(id) }));
    const isWanted = options.buckets && comparison.incomparabilities.length === 0 && first && second;
    return { comparison, buckets: isWanted ? describeBuckets(first, second) : [] };
  });
  const { output } = world;
  for (const reason of comparison.incomparabilities) output.warn(reason);
  if (options.json) {
    const differing = comparison.sentences.differing.slice(0, options.sentences);
    output.json({ ...comparison, sentences: { ...comparison.sentences, differing } });
  } else {
    describe(comparison, options.sentences, output);
    for (const line of buckets) output.line(line);
  }
}

async function compare(records: readonly RunRecord[], store: Store): Promise<Comparison> {
  const { compareSentences } = await import('../../ui/state/sentence-difference.ts');
  const { testRuns } = await import('../significance.ts');
  const scored = records.map((run) => {
    const { id: label, dataHash } = run;
    return { run, label, dataHash, parameters: store.parameters(label), evaluations: store.evaluations(label) };
  });
  const reasons = incomparabilities(scored);
  const translations = records.map(({ id }) => store.translations(id));
  return {
    runs: scored.map(({ run, evaluations }) => ({
      run,
      ...beforeAndAfter(evaluations),
    })),
    settings: compareSettings(scored.map(({ parameters }) => parameters)).filter(({ isDifferent }) => isDifferent),
    incomparabilities: reasons,
    sentences: compareSentences(translations),
    standing: reasons.length > 0 ? null : await testRuns(translations),
  };
}

function describe(comparison: Comparison, shown: number, output: Output): void {
  const { runs, settings, sentences, standing } = comparison;
  // A difference of scores that must not be compared is not computed.
  const firstBleu = comparison.incomparabilities.length > 0 ? undefined : runs[0]?.after?.bleu?.score;
  const print = ([titles = '', ...lines]: readonly string[]) => {
    output.line(output.tone('bold', titles));
    for (const line of lines) output.line(line);
    output.line();
  };
  const beyondFirst = ({ after }: ComparedRun) =>
    !after?.bleu || firstBleu === undefined ? null : after.bleu.score - firstBleu;
  print(
    formatTable(
      runs,
      [
        { title: 'RUN', text: ({ run }) => run.id },
        { title: 'NAME', text: ({ run }) => run.name, canShrink: true },
        { title: 'STATE', text: ({ run }) => run.state },
        { title: 'BLEU BEFORE', text: ({ before }) => score(before?.bleu?.score ?? null), align: 'right' },
        { title: 'AFTER', text: ({ after }) => score(after?.bleu?.score ?? null), align: 'right' },
        { title: 'GAIN', text: (entry) => difference(bleuDifference(entry.before, entry.after)), align: 'right' },
        {
          title: 'TO FIRST',
          text: (entry) => (entry === runs[0] ? '' : difference(beyondFirst(entry))),
          align: 'right',
        },
        { title: 'LOSS BEFORE', text: ({ before }) => (before === null ? MISSING : loss(before.loss)), align: 'right' },
        { title: 'AFTER', text: ({ after }) => (after === null ? MISSING : loss(after.loss)), align: 'right' },
      ],
      output.columns,
    ),
  );
  const tested = describeStanding(runs, standing, sentences.shared);
  for (const line of tested) output.line(line);
  if (tested.length > 0) output.line();
  if (settings.length === 0) output.line('Their settings are the same.\n');
  else {
    const titles = runs.map(({ run }) => run.id);
    print(
      formatTable(
        settings,
        [
          { title: 'SETTING', text: ({ path }) => path },
          ...titles.map((title, index) => ({
            title,
            text: ({ path, values }: SettingRow) => settingText(path, values[index] || null),
          })),
        ],
        null,
      ),
    );
  }
  describeSentences(sentences, runs, shown, output);
}

/** As `show` and the screens write it: 5e-4, not 0.0005. */
function settingText(path: string, value: string | null): string {
  if (value === null) return MISSING;
  return findField(path)?.kind === 'number' ? fieldText(Number(value)) : value;
}

/** How sure it is that a run is better or worse than the first. */
function describeStanding(runs: readonly ComparedRun[], standing: Comparison['standing'], shared: number): string[] {
  const [first, ...others] = standing ?? [];
  if (first === undefined) return [];
  const lines = others.map(({ score: own, pValue, isSignificant }, index) => {
    const verdict = isSignificant ? 'significant' : 'may be chance';
    return `${runs[index + 1]?.run.id} to ${runs[0]?.run.id}: ${difference(own - first.score)} BLEU, p = ${pValue?.toFixed(4)}: ${verdict}`;
  });
  return [...lines, `(paired bootstrap resampling over ${counted(shared, 'sentence')}, 1,000 samples)`];
}

function describeSentences(
  { shared, differing }: SentenceComparison,
  runs: readonly ComparedRun[],
  shown: number,
  output: Output,
): void {
  const order = differing.length === 0 ? '.' : '; furthest apart in sentence BLEU:';
  output.line(`${counted(shared, 'sentence')} in common, ${differing.length} with different translations${order}`);
  const width = Math.max(9, ...runs.map(({ run }) => run.id.length));
  for (const { source, reference, byRun, spread } of differing.slice(0, shown)) {
    output.line();
    output.line(`  ${'source'.padEnd(width)}  ${visibleText(source)}`);
    output.line(`  ${'reference'.padEnd(width)}  ${visibleText(reference)}`);
    for (const [index, { after, bleu }] of byRun.entries()) {
      output.line(`  ${(runs[index]?.run.id ?? '').padEnd(width)}  ${visibleText(after)}  [${bleu.toFixed(1)}]`);
    }
    output.line(`  ${'apart'.padEnd(width)}  ${spread.toFixed(1)}`);
  }
}
