/**
 * What a runner writes of its run: first into the store, then told to who listens. While the disk is full or the store locked
 * it waits, and its trainer with it; once writing has failed for another reason nothing more is written, so that the history has no holes.
 */
import type { Envelope, TrainerEvent } from '../engine/run/protocol.ts';
import type { WireEnvelope } from '../engine/run/wire.ts';
import { StoreError } from '../errors.ts';
import { LostRunError } from '../store/ownership.ts';
import type { RunEnd, RunWriter } from '../store/run-writer.ts';
import { isDiskFull, isLocked } from '../store/sqlite-error.ts';

const RETRY_MS = 1_000;

/** Something to write that waits for room. */
interface Waiting {
  readonly work: () => void;
  readonly done: () => void;
}

/** Told when writing has to wait, with why, and with null when it goes on. */
export type OnPause = (reason: PauseReason | null) => void;

/** What passes by itself or by somebody else's doing. */
export type PauseReason = 'the disk is full' | 'another program locks the store';

export interface HistoryOptions {
  readonly onEvent?: (envelope: Envelope) => void;
  readonly onPause?: OnPause;
}

export class History {
  failure: StoreError | null = null;
  onFailure: () => void = () => {};
  readonly #writer: RunWriter;
  readonly #options: HistoryOptions;
  /** Number of the last event before this trainer's own, which begin with 1. */
  readonly #firstSeq: number;
  #step = 0;
  #savedStep = -1;
  #hasToldOfListener = false;
  #missedBeat: StoreError | null = null;
  /** In order; none unless there is a pause. */
  #waiting: Waiting[] = [];
  #settled: (() => void)[] = [];
  #retry: NodeJS.Timeout | null = null;
  #pause: { readonly error: StoreError; readonly reason: PauseReason } | null = null;
  #hasPatience = true;

  constructor(writer: RunWriter, options: HistoryOptions) {
    this.#writer = writer;
    this.#firstSeq = writer.lastSeq;
    this.#options = options;
  }

  /** The last step that was told of. */
  get step(): number {
    return this.#step;
  }

  /** Whether that step is in a checkpoint. */
  get isSaved(): boolean {
    return this.#savedStep === this.#step;
  }

  /** Number of the last event before this trainer's own. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** Writes an event, as it travelled; fulfilled when it is in the store, which is at once while the disk has room. */
  add(sent: Envelope, wire: WireEnvelope): undefined | Promise<void> {
    const seq = this.#firstSeq + sent.seq;
    const envelope = { ...sent, seq };
    this.#follow(envelope.event);
    return this.#write(() => {
      this.#writer.record(envelope, { ...wire, seq });
      this.tell(() => this.#options.onEvent?.(envelope));
    });
  }

  note(type: string, text: string): void {
    this.#write(() => this.#writer.note(type, text));
  }

  /** Records how the run ended, waiting for room until `leave`. @returns why it cannot be recorded, null when it is */
  async end(end: RunEnd, leave: AbortSignal): Promise<StoreError | null> {
    this.failure = null; // what has failed before may work now, and holes are no matter at the end
    this.#hasPatience = true;
    void this.#write(() => this.#writer.finish(end));
    const giveUp = () => this.giveUp();
    leave.addEventListener('abort', giveUp);
    if (leave.aborted) giveUp();
    await this.settled();
    leave.removeEventListener('abort', giveUp);
    return this.failure;
  }

  /** Fulfilled when all is written, or never will be. */
  async settled(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((done) => this.#settled.push(done));
  }

  /** Waits no longer for room, now and from now on. */
  giveUp(): void {
    this.#hasPatience = false;
    if (this.#pause !== null) this.#fail(this.#pause.error);
  }

  /** A sign of life that cannot be written leaves no hole in the history: whether the store has failed, events decide. */
  heartbeat(): void {
    if (this.#pause !== null || this.failure !== null) return; // its silence tells that it waits
    try {
      this.#writer.heartbeat();
      if (this.#missedBeat === null) return;
      this.note('warning', `a sign of life could not be written: ${this.#missedBeat.message}`);
      this.#missedBeat = null;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error instanceof LostRunError) this.#fail(error);
      else this.#missedBeat ??= error;
    }
  }

  /** A listener's fault is noted once and does not end the run. */
  tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      if (this.#hasToldOfListener) return;
      this.#hasToldOfListener = true;
      this.note('warning', `a listener of the run failed: ${String(error)}`);
    }
  }

  #follow(event: TrainerEvent): void {
    if (event.type === 'metrics') for (const { step } of event.points) this.#step = Math.max(this.#step, step);
    if (event.type === 'checkpoint' || event.type === 'resumed') {
      this.#step = Math.max(this.#step, event.step);
      this.#savedStep = event.step;
    }
  }

  #write(work: () => void): undefined | Promise<void> {
    if (this.failure === null && this.#waiting.length === 0 && this.#attempt(work)) return undefined;
    return new Promise((done) => {
      // After a failure it is never written: of that `failure` tells.
      if (this.failure === null) this.#waiting.push({ work, done });
    });
  }

  /** @returns false when it has to wait, and when nothing can be written any more */
  #attempt(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const reason = pauseReason(error);
      if (reason !== null && this.#hasPatience) this.#wait(error, reason);
      else this.#fail(error);
      return false;
    }
  }

  #wait(error: StoreError, reason: PauseReason): void {
    if (this.#pause?.reason !== reason) this.#options.onPause?.(reason);
    this.#pause = { error, reason };
    this.#retry ??= setInterval(() => this.#goOn(), RETRY_MS);
  }

  #goOn(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#attempt(next.work)) return;
      this.#waiting.shift();
      next.done();
    }
    const reason = this.#pause?.reason ?? 'the disk is full';
    this.#endPause();
    this.#options.onPause?.(null);
    this.note('warning', `it was paused: ${reason}; now it goes on`);
  }

  #fail(error: StoreError): void {
    this.failure = error;
    this.#waiting = [];
    this.#endPause();
    this.onFailure();
  }

  #endPause(): void {
    if (this.#retry !== null) clearInterval(this.#retry);
    this.#retry = null;
    this.#pause = null;
    for (const done of this.#settled.splice(0)) done();
  }
}

function pauseReason(error: StoreError): PauseReason | null {
  if (isDiskFull(error)) return 'the disk is full';
  return isLocked(error) ? 'another program locks the store' : null;
}
