/**
 * The finished outputs of one sentence: the best `numBeams` of them, and whether a better one can still come.
 * As BeamHypotheses of transformers 4.47, generation/beam_search.py.
 */
import type { GenerationSettings } from './generation-settings.ts';

export interface Hypothesis {
  /** Without the start, with the end where it has one. */
  readonly ids: readonly number[];
  /** Log-probability divided by length ** lengthPenalty. */
  readonly score: number;
}

type Settings = Pick<GenerationSettings, 'numBeams' | 'lengthPenalty' | 'earlyStopping' | 'maxLength'>;

export class Hypotheses {
  readonly #settings: Settings;
  /** In the order they came. */
  readonly #kept: Hypothesis[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Keeps an output when there is room or it beats the worst; `ids.length` pieces, the end counted, made `logProb`. */
  add(ids: readonly number[], logProb: number): void {
    const score = logProb / ids.length ** this.#settings.lengthPenalty;
    if (this.#kept.length >= this.#settings.numBeams) {
      if (score <= this.#worstScore()) return;
      this.#kept.splice(this.#worstIndex(), 1);
    }
    this.#kept.push({ ids, score });
  }

  /**
   * Whether the search can end.
   *
   * @param bestLogProb  of the best candidate of the step just made, as far as it counts
   * @param length       generated pieces after that step
   */
  isDone(bestLogProb: number, length: number): boolean {
    const { numBeams, earlyStopping, lengthPenalty, maxLength } = this.#settings;
    if (this.#kept.length < numBeams) return false;
    if (earlyStopping === true) return true;
    // A log-probability is negative: with a positive penalty the longest output has the best score to hope for.
    const hopedLength = earlyStopping === 'never' && lengthPenalty > 0 ? maxLength - 1 : length;
    return this.#worstScore() >= bestLogProb / hopedLength ** lengthPenalty;
  }

  /** The best; of equals the one that came last. */
  best(): Hypothesis | null {
    let best: Hypothesis | null = null;
    for (const hypothesis of this.#kept) if (best === null || hypothesis.score >= best.score) best = hypothesis;
    return best;
  }

  #worstScore(): number {
    return Math.min(...this.#kept.map(({ score }) => score));
  }

  /** Of equals the one that came first. */
  #worstIndex(): number {
    const worst = this.#worstScore();
    return this.#kept.findIndex(({ score }) => score === worst);
  }
}
