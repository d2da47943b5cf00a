/** TER, the translation edit rate (Snover et al., 2006), with sacreBLEU's options, names and numbers. */
import { Metric } from './metric.ts';
import { requireNoOption } from './options.ts';
import { stripEnd } from './python/white-space.ts';
import type { SignatureField } from './signature.ts';
import type { Profile } from './statistics/profile.ts';
import { resampledTer } from './statistics/resampled-scores.ts';
import type { Scalar } from './statistics/scalar.ts';
import type { Scoring } from './statistics/scoring.ts';
import type { StatisticsRow } from './statistics-row.ts';
import { SymbolRoom, WordNumbers } from './symbols.ts';
import { countEdits } from './ter/translation-edit-rate.ts';
import { TERScore, terFromStatistics } from './ter-score.ts';
import { splitWordsTercom, type TercomOptions } from './tokenizers/tercom.ts';

export type TerOptions = Partial<TercomOptions>;

const supportedOptions = ['normalized', 'noPunct', 'asianSupport', 'caseSensitive'] as const;

export class TER extends Metric<TERScore> {
  override readonly isHigherBetter = false;
  private readonly options: TercomOptions;
  private readonly room = new SymbolRoom();
  private readonly numbers = new WordNumbers(this.room);

  /** @throws {RangeError} when there is no such option */
  constructor(options: TerOptions = {}) {
    super();
    const { normalized = false, noPunct = false, asianSupport = false, caseSensitive = false, ...unknown } = options;
    requireNoOption(unknown, supportedOptions);
    this.options = { normalized, noPunct, asianSupport, caseSensitive };
  }

  override get scoring(): Scoring {
    return { type: 'ter' };
  }

  /** Each row: `[edits against the reference that needs fewest, mean length of the references]`. */
  segmentRows(hypotheses: readonly string[], references: readonly (string | null)[]): StatisticsRow[] {
    this.room.clear();
    this.numbers.clear();
    const ofReferences: Int32Array[] = [];
    let lengths = 0;
    for (const reference of references) {
      if (reference === null) continue;
      const ofReference = this.numbers.of(this.splitReference(reference));
      ofReferences.push(ofReference);
      lengths += ofReference.length;
    }
    if (ofReferences.length === 0) throw new TypeError('A segment has no reference: all are null.');
    return hypotheses.map((hypothesis) => {
      const words = this.numbers.of(splitWordsTercom(stripEnd(hypothesis), this.options));
      const edits = ofReferences.map((ofReference) => countEdits(words, ofReference));
      return [Math.min(...edits), lengths / ofReferences.length];
    });
  }

  scoreFromStatistics(sum: StatisticsRow): TERScore {
    const [edits = 0, referenceLength = 0] = sum;
    return new TERScore(terFromStatistics(edits, referenceLength), edits, referenceLength);
  }

  override resampledScore(sum: ArrayLike<number>, profile: Profile): Scalar {
    return resampledTer(sum, profile);
  }

  protected signatureFields(): readonly SignatureField[] {
    const { normalized, noPunct, asianSupport, caseSensitive } = this.options;
    return [
      ['case', 'c', caseSensitive ? 'mixed' : 'lc'],
      ['tok', 't', 'tercom'],
      ['norm', 'nr', normalized ? 'yes' : 'no'],
      ['punct', 'pn', noPunct ? 'no' : 'yes'],
      ['asian', 'as', asianSupport ? 'yes' : 'no'],
    ];
  }

  /** sacreBLEU tokenizes references twice; only splitting off punctuation is not done with after the first time. */
  private splitReference(reference: string): string[] {
    const words = splitWordsTercom(stripEnd(reference), this.options);
    return this.options.normalized ? splitWordsTercom(words.join(' '), this.options) : words;
  }
}
