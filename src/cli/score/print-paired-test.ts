/** Prints whether systems differ from the first by more than chance, as sacreBLEU does, and meanwhile how far it is. */
import { formatPairedTest, type Metric, pairedTestAsync, type Score } from 'sacrebleu-ts';
import { percent } from '../text.ts';
import type { World } from '../world.ts';
import type { ScoreSystem } from './read-score-input.ts';
import { ScoreError } from './score-error.ts';
import type { ScoreSettings } from './score-settings.ts';

export async function printPairedTest(
  systems: readonly ScoreSystem[],
  references: readonly (readonly string[])[],
  metrics: readonly Metric<Score>[],
  settings: ScoreSettings,
  { output, onInterrupt }: World,
): Promise<void> {
  const { switches, seed, profile } = settings;
  const stop = new AbortController();
  const ignoreInterrupts = onInterrupt(() => stop.abort(new ScoreError('The paired test was interrupted.')));
  const isShown = output.noteColumns !== null && !switches.has('quiet');
  try {
    const test = await pairedTestAsync({
      metrics,
      systems: systems.map(({ name, lines }) => ({ name, hypotheses: lines })),
      refs: references,
      type: switches.has('pairedBs') ? 'bs' : 'ar',
      nSamples: settings.pairedSamples,
      seed,
      profile,
      signal: stop.signal,
      onProgress: (share) => {
        if (isShown) output.transient(`Resampling: ${percent(share, 1)}`);
      },
    });
    if (isShown) output.transient('');
    output.line(formatPairedTest(test, { ...settings, short: switches.has('short') }));
  } finally {
    ignoreInterrupts();
  }
}

/** The systems; the first one's name says that it is the baseline. */
export function withBaseline(systems: readonly ScoreSystem[], isPiped: boolean): ScoreSystem[] {
  return systems.map((system, index) => {
    if (isPiped) return { ...system, name: index === 0 ? 'Baseline' : `System ${index}` };
    return index === 0 ? { ...system, name: `Baseline: ${system.name}` } : system;
  });
}
