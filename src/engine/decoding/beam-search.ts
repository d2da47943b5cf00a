/**
 * The beam search of one sentence, without its tensors: open beams, their scores, and the finished hypotheses.
 * As BeamSearchScorer of transformers 4.47, generation/beam_search.py.
 */

import type { RankedPieces } from '../model/sentence-decoder.ts';
import type { GenerationSettings } from './generation-settings.ts';
import { Hypotheses } from './hypotheses.ts';
import type { SentenceSearch } from './sentence-search.ts';

/** An output that goes on. */
interface Beam {
  /** With the start. */
  readonly ids: readonly number[];
  /** Sum of log-probabilities, float32 as in PyTorch. */
  readonly score: number;
}

/** A beam continued by one piece. */
interface Candidate {
  readonly beamIndex: number;
  readonly id: number;
  readonly score: number;
}

/** Score of all beams but the first at the start, so that they do not all begin the same. */
const NOT_STARTED = -1e9;

const NOTHING: RankedPieces = { ids: [], logProbs: [] };

export class BeamSearch implements SentenceSearch {
  readonly #settings: GenerationSettings;
  readonly #hypotheses: Hypotheses;
  #beams: readonly Beam[];
  #isDone = false;

  constructor(settings: GenerationSettings) {
    this.#settings = settings;
    this.#hypotheses = new Hypotheses(settings);
    const ids = [settings.decoderStartTokenId];
    this.#beams = Array.from({ length: settings.numBeams }, (_, index) => ({
      ids,
      score: index === 0 ? 0 : NOT_STARTED,
    }));
  }

  /** At first one, since all beams begin the same. */
  get outputs(): readonly (readonly number[])[] {
    const outputs = this.#beams.map(({ ids }) => ids);
    return outputs[0]?.length === 1 ? outputs.slice(0, 1) : outputs;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  advance(ranked: readonly RankedPieces[]): number[] {
    const candidates = this.#bestCandidates(ranked);
    const beams: Beam[] = [];
    const origins: number[] = [];
    for (const [rank, { beamIndex, id, score }] of candidates.entries()) {
      if (beams.length === this.#settings.numBeams) break;
      const ids = [...(this.#beams[beamIndex]?.ids ?? []), id];
      if (!this.#settings.eosTokenIds.includes(id)) {
        beams.push({ ids, score });
        origins.push(Math.min(beamIndex, ranked.length - 1));
      } else if (rank < this.#settings.numBeams) {
        this.#hypotheses.add(ids.slice(1), score);
      }
    }
    const length = (this.#beams[0]?.ids.length ?? 0) + 1;
    this.#beams = beams;
    // What may still come is estimated from the best candidate, which may just have ended; in 5 from the best that goes on.
    const [best] = this.#settings.compatibility === 'transformers-4' ? candidates : beams;
    this.#settle(best?.score ?? Number.NEGATIVE_INFINITY, length);
    return origins;
  }

  bestIds(): readonly number[] {
    return this.#hypotheses.best()?.ids ?? [];
  }

  /** The best candidates over all beams; equal scores in the order of beams, then of ids. */
  #bestCandidates(ranked: readonly RankedPieces[]): Candidate[] {
    const wanted = candidateCount(this.#settings);
    const best: Candidate[] = [];
    for (const [beamIndex, beam] of this.#beams.entries()) {
      const { ids, logProbs } = ranked[Math.min(beamIndex, ranked.length - 1)] ?? NOTHING;
      for (let rank = 0; rank < ids.length; rank++) {
        const score = Math.fround(beam.score + (logProbs[rank] ?? 0));
        const worst = best[wanted - 1];
        if (worst !== undefined && score < worst.score) break; // What follows in this row is no better.
        insert(best, { beamIndex, id: ids[rank] ?? -1, score });
        if (best.length > wanted) best.pop();
      }
    }
    return best;
  }

  #settle(bestLogProb: number, length: number): void {
    const hasEnough = this.#hypotheses.isDone(bestLogProb, length - 1);
    if (!hasEnough && length >= this.#settings.maxLength) {
      for (const { ids, score } of this.#beams) this.#hypotheses.add(ids.slice(1), score);
    }
    this.#isDone = hasEnough || length >= this.#settings.maxLength || this.#beams.length === 0;
  }
}

/** Puts a candidate of the beams that were inserted so far, or the next, to its place. */
function insert(best: Candidate[], candidate: Candidate): void {
  let place = best.length;
  for (; place > 0; place--) {
    const other = best[place - 1];
    if (other === undefined || !isBefore(candidate, other)) break;
    best[place] = other;
  }
  best[place] = candidate;
}

function isBefore(a: Candidate, b: Candidate): boolean {
  if (a.score !== b.score) return a.score > b.score;
  return a.beamIndex === b.beamIndex && a.id < b.id;
}

/** How many candidates a step looks at: enough that `numBeams` go on even if every beam could end in each way. */
export function candidateCount({ numBeams, eosTokenIds }: GenerationSettings): number {
  return Math.max(2, 1 + eosTokenIds.length) * numBeams;
}
