/**
 * Sends a trainer's events at a pace a reader can follow: metric points gathered into about ten messages a second,
 * progress at most five times a second. Order is kept: whatever else is sent comes after the points gathered before it.
 */
import type { TrainerEvent, TrainerEventOf } from './protocol.ts';

const METRICS_INTERVAL_MS = 100;
const PROGRESS_INTERVAL_MS = 200;

export type MetricPoint = TrainerEventOf<'metrics'>['points'][number];

export class PacedEvents {
  readonly #send: (event: TrainerEvent) => Promise<void>;
  readonly #now: () => number;
  #points: MetricPoint[] = [];
  #lastMetrics = Number.NEGATIVE_INFINITY;
  #lastProgress = Number.NEGATIVE_INFINITY;

  constructor(send: (event: TrainerEvent) => Promise<void>, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  /** Sends an event now, the gathered points before it. */
  async send(event: TrainerEvent): Promise<void> {
    await this.flush();
    await this.#send(event);
  }

  /** Takes points; they leave with the next message that is due, or before the next other event. */
  async metrics(points: readonly MetricPoint[]): Promise<void> {
    this.#points.push(...points);
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
    if (this.#points.length === 0) return;
    const points = this.#points;
    this.#points = [];
    this.#lastMetrics = this.#now();
    await this.#send({ type: 'metrics', points });
  }
}
