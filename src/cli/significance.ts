/** Whether a gain in BLEU is more than the luck of the test set: paired bootstrap resampling (Koehn, 2004), as sacreBLEU does it. */
import { BLEU, pairedTestAsync } from 'sacrebleu-ts';
import type { TranslationRow } from '../store/rows.ts';
import type { TestedSystem } from '../ui/services.ts';
import { sharedSentences } from '../ui/state/shared-sentences.ts';

/** Below this chance a difference counts as found. */
export const SIGNIFICANCE_LEVEL = 0.05;

/**
 * Gives each system's BLEU with its interval and, but for the first, the p-value of its difference to the first; null
 * where there is no sentence, or a translation is missing. 1,000 samples, seed 12345.
 *
 * @param systems  translations of the same sentences, one list a system
 * @throws the signal's reason once it is aborted
 */
export async function testSystems(
  references: readonly string[],
  systems: readonly (readonly (string | null)[])[],
  signal?: AbortSignal,
): Promise<readonly TestedSystem[] | null> {
  const complete = systems.filter((hypotheses): hypotheses is readonly string[] => !hypotheses.includes(null));
  if (references.length === 0 || complete.length < systems.length || systems.length < 2) return null;
  const { metrics } = await pairedTestAsync({
    type: 'bs',
    metrics: [new BLEU()],
    systems: complete.map((hypotheses, index) => ({ name: String(index), hypotheses })),
    refs: [references],
    ...(signal && { signal }),
  });
  return (
    metrics[0]?.results.map(({ score, ci: interval, pValue }) => {
      return { score, interval, pValue, isSignificant: pValue === null ? null : pValue < SIGNIFICANCE_LEVEL };
    }) ?? null
  );
}

/** As `testSystems`, for runs on the sentences that all have translated. */
export function testRuns(
  runs: readonly (readonly TranslationRow[])[],
  signal?: AbortSignal,
): Promise<readonly TestedSystem[] | null> {
  const shared = sharedSentences(runs);
  const references = shared.map(({ reference }) => reference);
  const systems = runs.map((_run, place) => shared.map(({ byRun }) => byRun[place]?.after ?? null));
  return testSystems(references, systems, signal);
}

/** As `testSystems`, for the model of one run before and after its training. */
export function testGain(
  rows: readonly TranslationRow[],
  signal?: AbortSignal,
): Promise<readonly TestedSystem[] | null> {
  const systems = [rows.map(({ before }) => before), rows.map(({ after }) => after)];
  return testSystems(
    rows.map(({ reference }) => reference),
    systems,
    signal,
  );
}
