/** Whether the scores of runs may be put side by side, and if not, why. */
import type { EvaluationRow, RunRecord } from '../store/rows.ts';
import { describeDecoding } from './before-after.ts';

export interface ScoredRun {
  readonly run: RunRecord;
  readonly before: EvaluationRow | null;
  readonly after: EvaluationRow | null;
}

/** Lists the reasons why the BLEU of the runs does not tell which is better; none when it does. */
export function incomparabilities(runs: readonly ScoredRun[]): string[] {
  const scored = runs.flatMap(({ run, before, after }) => {
    const evaluation = after ?? before;
    return evaluation === null ? [] : [{ run, evaluation }];
  });
  const tell = (what: string, textOf: (entry: (typeof scored)[number]) => string | null): string[] => {
    const values = scored.map((entry) => ({ id: entry.run.id, value: textOf(entry) }));
    if (new Set(values.map(({ value }) => value)).size < 2) return [];
    return [`${what}: ${values.map(({ id, value }) => `${id} ${value ?? 'unknown'}`).join('; ')}`];
  };
  return [
    ...tell('their scores have different signatures', ({ evaluation }) => evaluation.bleu.signature),
    ...tell('they were decoded or scored differently', ({ evaluation }) => describeDecoding(evaluation)),
    ...tell('they rest on different data', ({ run }) => run.dataHash),
    ...tell('their held-out parts differ', ({ run }) => heldOutPart(run)),
  ];
}

/** What decides which pairs of a corpus are held out. */
function heldOutPart({ experiment }: RunRecord): string {
  const data = (experiment as { data?: Record<string, unknown> } | null)?.data ?? {};
  const { train_size = null, validation_size = null, split_seed = null, max_eval_samples = null } = data;
  const parts = { train_size, validation_size, split_seed, max_eval_samples };
  return Object.entries(parts)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}
