/** What the runner has asked of a run while it goes on; the run looks here between steps. */
export class RunControl {
  readonly #stop = new AbortController();
  #checkpointAsked = false;
  #evaluationAsked = false;

  /** Raised once the run is to end after the step in hand. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(): void {
    this.#stop.abort();
  }

  askCheckpoint(): void {
    this.#checkpointAsked = true;
  }

  askEvaluation(): void {
    this.#evaluationAsked = true;
  }

  /** Tells whether a checkpoint was asked for since the last call. */
  takeCheckpointRequest(): boolean {
    const asked = this.#checkpointAsked;
    this.#checkpointAsked = false;
    return asked;
  }

  /** Tells whether an evaluation was asked for since the last call. */
  takeEvaluationRequest(): boolean {
    const asked = this.#evaluationAsked;
    this.#evaluationAsked = false;
    return asked;
  }
}
