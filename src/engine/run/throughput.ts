/** How fast the last steps went, counting only the time between `start` and `stop`. */
const WINDOW = 20;

export class Throughput {
  readonly #now: () => number;
  readonly #steps: { readonly samples: number; readonly ms: number }[] = [];
  #startedAt: number;

  /** Starts measuring. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
  }

  start(): void {
    this.#startedAt = this.#now();
  }

  /** Ends a step of that many samples. */
  stop(samples: number): void {
    this.#steps.push({ samples, ms: this.#now() - this.#startedAt });
    if (this.#steps.length > WINDOW) this.#steps.shift();
  }

  /** Over the last steps; not finite before any time has passed. */
  get samplesPerSecond(): number {
    return (1000 * sum(this.#steps.map(({ samples }) => samples))) / sum(this.#steps.map(({ ms }) => ms));
  }

  /** Mean duration of the last steps. */
  get secondsPerStep(): number {
    return sum(this.#steps.map(({ ms }) => ms)) / this.#steps.length / 1000;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
