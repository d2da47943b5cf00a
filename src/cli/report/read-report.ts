/** What a report tells, read from the store in one go. */
import type { EvaluationRow, MetricPoint, RunRecord } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { TestedSystem } from '../../ui/services.ts';
import { beforeAndAfter, incomparabilities } from '../../ui/state/comparability.ts';
import { compareSettings, type SettingRow } from '../../ui/state/config-difference.ts';
import { type ScoredSentence, scoreSentences } from '../sentence-scores.ts';
import { testGain, testRuns } from '../significance.ts';

export interface ReportedRun {
  readonly run: RunRecord;
  readonly evaluations: readonly EvaluationRow[];
  readonly before: EvaluationRow | null;
  readonly after: EvaluationRow | null;
  /** The model before and after its training; null where one has not translated all. */
  readonly gain: readonly TestedSystem[] | null;
  /** By metric, thinned out for a chart. */
  readonly series: ReadonlyMap<string, readonly MetricPoint[]>;
  /** By falling gain in sentence BLEU; only those that changed. */
  readonly sentences: readonly ScoredSentence[];
  /** Sentences translated before and after. */
  readonly translated: number;
}

export interface Report {
  readonly runs: readonly ReportedRun[];
  /** Settings that differ. */
  readonly settings: readonly SettingRow[];
  /** Why the runs' scores must not be compared; none when they may. */
  readonly incomparabilities: readonly string[];
  /** Every run beside the first on the same sentences; null where they must not be compared or share none. */
  readonly standing: readonly TestedSystem[] | null;
}

const CHART_POINTS = 1_200;
const CHARTED = ['loss', 'eval_loss', 'eval_bleu', 'learning_rate', 'grad_norm', 'samples_per_second'];

/** Gives all that a report of these runs, one or more, tells. */
export async function readReport(store: Store, records: readonly RunRecord[]): Promise<Report> {
  const runs: ReportedRun[] = [];
  for (const run of records) runs.push(await readRun(store, run));
  const scored = runs.map(({ run: { id: label, dataHash }, evaluations }) => {
    return { label, dataHash, parameters: store.parameters(label), evaluations };
  });
  const reasons = incomparabilities(scored);
  return {
    runs,
    settings: compareSettings(scored.map(({ parameters }) => parameters)).filter(({ isDifferent }) => isDifferent),
    incomparabilities: reasons,
    standing: reasons.length > 0 ? null : await testRuns(records.map(({ id }) => store.translations(id))),
  };
}

async function readRun(store: Store, run: RunRecord): Promise<ReportedRun> {
  const evaluations = store.evaluations(run.id);
  const rows = store.translations(run.id);
  const sentences = scoreSentences(rows).filter(({ before, after }) => before !== null && after !== null);
  return {
    run,
    evaluations,
    ...beforeAndAfter(evaluations),
    gain: store.beforeAfter(run.id) && (await testGain(rows)),
    series: new Map(CHARTED.map((metric) => [metric, store.metricSeries(run.id, metric, CHART_POINTS)])),
    sentences: sentences
      .filter((sentence) => sentence.before !== sentence.after)
      .sort((a, b) => (b.bleuDelta ?? 0) - (a.bleuDelta ?? 0) || a.index - b.index),
    translated: sentences.length,
  };
}
