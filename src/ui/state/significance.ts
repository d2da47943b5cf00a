/** Which test of significance the shown screen wants, and what is known of it. The testing itself is the services' work. */
import type { EvaluationRow } from '../../store/rows.ts';
import { beforeAndAfter, bleuDifference, incomparabilities } from './comparability.ts';
import type { RunDetail } from './run-detail.ts';
import { plottedRuns } from './selectors.ts';
import { type TestOutcome, topScreen, type UiState } from './ui-state.ts';

export interface WantedTest {
  /** The same for the same evaluations of the same runs. */
  readonly key: string;
  /** One run: before and after its training. Several: their tuned models, the first being what others are held to. */
  readonly runIds: readonly string[];
}

/** Gives the test whose outcome the shown tab shows; null where it shows none. */
export function wantedTest(state: UiState): WantedTest | null {
  const details = plottedRuns(state);
  // A comparison of which one run could be read is not about that run's gain.
  return topScreen(state).type === 'compare' && details.length < 2 ? null : testOf(details);
}

/** Gives the test of a completed run's gain, or of several runs against the first; null where their scores must not be compared. */
export function testOf(details: readonly RunDetail[]): WantedTest | null {
  const isTestable = details.length === 1 ? details.every(hasGain) : details.length > 1 && areComparable(details);
  if (!isTestable) return null;
  const made = details.map(({ record, evaluations }) => {
    const { before, after } = beforeAndAfter(evaluations);
    return [record.id, momentOf(after), details.length === 1 ? momentOf(before) : null];
  });
  return { key: JSON.stringify(made), runIds: details.map(({ record }) => record.id) };
}

/** Gives what is known of the test of these runs; null where none is wanted. */
export function testOutcome({ tests }: Pick<UiState, 'tests'>, details: readonly RunDetail[]): TestOutcome {
  const wanted = testOf(details);
  return wanted === null ? null : (tests[wanted.key] ?? null);
}

function hasGain({ record, evaluations }: RunDetail): boolean {
  const { before, after } = beforeAndAfter(evaluations);
  return record.state === 'completed' && bleuDifference(before, after) !== null;
}

function areComparable(details: readonly RunDetail[]): boolean {
  const isScored = ({ evaluations }: RunDetail) => (beforeAndAfter(evaluations).after?.bleu ?? null) !== null;
  const runs = details.map(({ record: { id: label, dataHash }, parameters, evaluations }) => {
    return { label, dataHash, parameters, evaluations };
  });
  return details.every(isScored) && incomparabilities(runs).length === 0;
}

// An evaluation made again after a resume keeps its id, but not its time.
function momentOf(evaluation: EvaluationRow | null): readonly [number, number] | null {
  return evaluation === null ? null : [evaluation.id, evaluation.time];
}
