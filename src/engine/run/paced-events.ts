/**
 * Sends a trainer's events at a pace a reader can follow: metric points gathered into about ten messages a second,
 * progress at most five times a second. Order is kept: whatever else is sent comes after the points gathered before it.
 */
import type { TrainerEvent, TrainerEventOf } from './protocol.ts';
import { type MetricTable, metricTableOf } from './wire.ts';

const METRICS_INTERVAL_MS = 100;
const PROGRESS_INTERVAL_MS = 200;

/** The sending half of a channel. */
export interface EventOutlet {
  send(event: TrainerEvent | MetricTable): Promise<void>;
  /** Resolves when all that was sent is recorded, or kept where a later runner finds it. */
  flush(): Promise<void>;
}

export class PacedEvents {
  readonly #outlet: EventOutlet;
  readonly #now: () => number;
  /** Gathered rows, all of the same columns. */
  #columns: readonly string[] = [];
  #steps: number[] = [];
  #values: number[] = [];
  #lastMetrics = Number.NEGATIVE_INFINITY;
  #lastProgress = Number.NEGATIVE_INFINITY;

  /** @param now  milliseconds of a clock that is never set back: nothing would be sent until it has caught up */
  constructor(outlet: EventOutlet, now: () => number) {
    this.#outlet = outlet;
    this.#now = now;
  }

  /** Sends an event now, the gathered points before it. */
  async send(event: TrainerEvent): Promise<void> {
    await this.flush();
    await this.#outlet.send(event);
  }

  /** Takes the points of a step; they leave with the next message that is due, or before the next other event. */
  async metrics(step: number, values: Readonly<Record<string, number>>): Promise<void> {
    const columns = Object.keys(values);
    if (!areSame(columns, this.#columns)) {
      await this.flush();
      this.#columns = columns;
    }
    this.#steps.push(step);
    for (const name of this.#columns) this.#values.push(values[name] ?? Number.NaN);
    if (this.#now() - this.#lastMetrics >= METRICS_INTERVAL_MS) await this.flush();
  }

  /** Sends progress unless some was sent just now; the last of a phase always goes. */
  async progress(progress: Omit<TrainerEventOf<'progress'>, 'type'>): Promise<void> {
    const isDue = this.#now() - this.#lastProgress >= PROGRESS_INTERVAL_MS;
    if (!isDue && progress.done < progress.total) return;
    this.#lastProgress = this.#now();
    await this.send({ type: 'progress', ...progress });
  }

  /** Sends the gathered points. */
  async flush(): Promise<void> {
    if (this.#steps.length === 0) return;
    const table = metricTableOf(this.#columns, this.#steps, this.#values);
    this.#steps = [];
    this.#values = [];
    this.#lastMetrics = this.#now();
    await this.#outlet.send(table);
  }

  /** Resolves when everything sent so far is recorded, or kept where a later runner finds it. */
  async settle(): Promise<void> {
    await this.flush();
    await this.#outlet.flush();
  }
}

/** A plain loop, which takes half of the time of `every`: the trainer waits for it at each step. */
function areSame(names: readonly string[], others: readonly string[]): boolean {
  let index = 0;
  while (index < names.length && names[index] === others[index]) index += 1;
  return index === names.length && names.length === others.length;
}
