/** What the runner has asked of a run while it goes on; the run looks here between steps. */
export class RunControl {
  readonly #stop = new AbortController();
  #checkpointAsked = false;
  #msLeft = () => Number.POSITIVE_INFINITY;

  /** Raised once the run is to end after the steps it has made. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Says who knows how many milliseconds are left; without a word it is any number. */
  limitTime(msLeft: () => number): void {
    this.#msLeft = msLeft;
  }

  /** Milliseconds until this process ends, done or not; Infinity while its runner lives. */
  get msLeft(): number {
    return this.#msLeft();
  }

  /** Tells whether the runner is gone; the run is to end then. Cheap: asked where events are not heard for seconds. */
  get isAbandoned(): boolean {
    if (this.#msLeft() === Number.POSITIVE_INFINITY) return false;
    this.stop();
    return true;
  }

  askCheckpoint(): void {
    this.#checkpointAsked = true;
  }

  /** Tells whether a checkpoint was asked for since the last call. */
  takeCheckpointRequest(): boolean {
    const asked = this.#checkpointAsked;
    this.#checkpointAsked = false;
    return asked;
  }
}
