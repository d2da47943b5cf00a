/**
 * A few validation sentences, the same ones all along, translated while the training goes on: for the eye, not for a score.
 * Greedy, and rationed to a small part of the training's time.
 */
import { ModelError } from '../../errors.ts';
import { generate } from '../decoding/generate.ts';
import type { LoadedRun } from './loaded-run.ts';

const SAMPLE_COUNT = 3;
/** Time spent on samples is at most this share of the time that passes. */
const SHARE_OF_TIME = 0.05;

export class SampleSentences {
  readonly #run: LoadedRun;
  readonly #rows: readonly number[];
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(run: LoadedRun) {
    this.#run = run;
    const count = Math.min(SAMPLE_COUNT, run.data.validation.length);
    this.#rows = Array.from({ length: count }, (_, index) => Math.floor((index * run.data.validation.length) / count));
  }

  /** Translates the sentences with the model as it stands and sends them, unless that would take too large a share. */
  async send(step: number): Promise<void> {
    const { data, events, model, now, settings, tokenizer } = this.#run;
    const startedAt = now();
    if (startedAt < this.#nextAt) return;
    const sources = this.#rows.map((row) => data.validation[row]?.sourceIds ?? []);
    const longest = Math.max(...sources.map(({ length }) => length));
    // A model in the middle of training may repeat itself up to its limit: that is not worth the time.
    const maxLength = Math.min(settings.maxLength, 2 * longest + 10);
    const outputs = await generate(model, sources, { ...settings, numBeams: 1, maxLength }).catch((error) => {
      // A model that diverged: the next step finds it out, and its error says what to change.
      if (error instanceof ModelError) return [];
      throw error;
    });
    for (const [index, ids] of outputs.entries()) {
      const row = this.#rows[index] ?? 0;
      const pair = data.validationPairs[row];
      if (pair === undefined) continue;
      const hypothesis = tokenizer.decode(ids);
      await events.send({ type: 'sample', step, index: row, source: pair.source, reference: pair.target, hypothesis });
    }
    this.#nextAt = now() + (now() - startedAt) / SHARE_OF_TIME;
  }
}
