/**
 * Notices a training that has gone wrong without a number that is not finite: its loss rose and stays up. Means over a
 * window of steps are looked at, so that single hard batches say nothing.
 */

/** Steps a mean is taken over. */
const WINDOW = 50;
/** Steps in a row that the mean must be far above the best one. */
const PATIENCE = 100;
/** Far above: by more than one nat, and by more than half of the best. */
const LEAST_RISE_NATS = 1;
const LEAST_SHARE = 0.5;

export interface LossRise {
  readonly best: number;
  /** The last step of the window that was best. */
  readonly bestStep: number;
  readonly mean: number;
}

export class LossWatch {
  readonly #losses: number[] = [];
  #sum = 0;
  #best = Number.POSITIVE_INFINITY;
  #bestStep = 0;
  #stepsAbove = 0;

  /** Takes in the loss of a step. @returns how far it has risen, once for each time that it does; otherwise null */
  add(step: number, loss: number): LossRise | null {
    this.#losses.push(loss);
    this.#sum += loss;
    if (this.#losses.length > WINDOW) this.#sum -= this.#losses.shift() ?? 0;
    if (this.#losses.length < WINDOW) return null;
    const mean = this.#sum / WINDOW;
    if (mean < this.#best) {
      this.#best = mean;
      this.#bestStep = step;
    }
    const isFarAbove = mean > this.#best + Math.max(LEAST_RISE_NATS, LEAST_SHARE * this.#best);
    this.#stepsAbove = isFarAbove ? this.#stepsAbove + 1 : 0;
    return this.#stepsAbove === PATIENCE ? { best: this.#best, bestStep: this.#bestStep, mean } : null;
  }
}
