/** The greedy search of one sentence: the likeliest next piece until the end. As `generate(num_beams=1)` of transformers. */

import type { RankedPieces } from '../model/sentence-decoder.ts';
import type { GenerationSettings } from './generation-settings.ts';
import type { SentenceSearch } from './sentence-search.ts';

export class GreedySearch implements SentenceSearch {
  readonly #settings: GenerationSettings;
  readonly #output: number[];

  constructor(settings: GenerationSettings) {
    this.#settings = settings;
    this.#output = [settings.decoderStartTokenId];
  }

  get outputs(): readonly (readonly number[])[] {
    return [this.#output];
  }

  get isDone(): boolean {
    const { eosTokenIds, maxLength } = this.#settings;
    const last = this.#output.at(-1);
    const hasEnded = this.#output.length > 1 && last !== undefined && eosTokenIds.includes(last);
    return hasEnded || this.#output.length >= maxLength;
  }

  advance([row]: readonly RankedPieces[]): number[] {
    const id = row?.ids[0];
    if (id === undefined) throw new RangeError('A greedy search needs the next piece of its one row.');
    this.#output.push(id);
    return [0];
  }

  bestIds(): readonly number[] {
    return this.#output.slice(1);
  }
}
