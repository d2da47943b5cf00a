/**
 * The wire between runner and trainer, both halves. The trainer numbers its events from 1, sends them in order, and holds
 * each until the runner says that it is recorded; the runner validates each and notices a gap. Neither half knows what the
 * messages are for.
 */
import { RunFailedError } from '../../errors.ts';
import { jsonExcerpt } from '../files/json-excerpt.ts';
import { commandEnvelope, PROTOCOL_VERSION, type TrainerCommand, type TrainerEvent } from './protocol.ts';
import { type MetricTable, type ReceivedEvent, readWire, type WireEnvelope } from './wire.ts';

/** Node's `send` of a process: false when the queue is long or the channel is closed; `sent` is called in either case. */
type Send = (message: object, sent: (error: Error | null) => void) => boolean;

/** So many events are sent beyond the last one recorded: a runner that cannot record makes its trainer wait. */
const MAX_UNRECORDED = 256;

/** The trainer's sending half. */
export class EventSender {
  readonly #send: Send;
  readonly #now: () => number;
  #lastSeq = 0;
  #isClosed = false;
  #unrecorded: WireEnvelope[] = [];
  #written: Promise<void> = Promise.resolve();
  /** Of those who wait until few enough, or none, are unrecorded. */
  #waiting: { readonly atMost: number; readonly go: () => void }[] = [];
  /** Keeps what no runner takes. */
  #keep: (messages: readonly WireEnvelope[]) => void = () => {};

  constructor(send: Send, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  /** Says who gets what is not recorded when the channel closes, and all that comes after; by default it is lost. */
  keepWith(keep: (messages: readonly WireEnvelope[]) => void): void {
    this.#keep = keep;
  }

  /**
   * Sends one event. Resolves at once while the channel and the runner keep up, else when they have: whoever awaits cannot
   * fill the memory. A closed channel is not an error here: the trainer hears of it by `disconnect`.
   */
  async send(event: TrainerEvent | MetricTable): Promise<void> {
    const message: WireEnvelope = { v: PROTOCOL_VERSION, seq: ++this.#lastSeq, time: this.#now(), event };
    if (this.#isClosed) {
      this.#keep([message]);
      return;
    }
    this.#unrecorded.push(message);
    let hasRoom = false;
    this.#written = new Promise((resolve) => {
      hasRoom = this.#send(message, () => resolve());
    });
    if (!hasRoom) await this.#written;
    if (this.#unrecorded.length > MAX_UNRECORDED) await this.#untilUnrecorded(MAX_UNRECORDED);
  }

  /** Takes in the runner's word that the events up to `seq` are recorded. */
  recorded(seq: number): void {
    const left = this.#unrecorded.findIndex((message) => message.seq > seq);
    this.#unrecorded = left < 0 ? [] : this.#unrecorded.slice(left);
    this.#wake();
  }

  /** The channel is closed: nobody records any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const left = this.#unrecorded;
    this.#unrecorded = [];
    if (left.length > 0) this.#keep(left);
    this.#wake();
  }

  /** Resolves when all that was sent is recorded, or kept since the channel is closed. */
  async flush(): Promise<void> {
    await this.#untilUnrecorded(0);
  }

  async #untilUnrecorded(atMost: number): Promise<void> {
    if (this.#unrecorded.length <= atMost) return;
    await new Promise<void>((go) => this.#waiting.push({ atMost, go }));
  }

  #wake(): void {
    const { length } = this.#unrecorded;
    const free = this.#waiting.filter(({ atMost }) => length <= atMost);
    this.#waiting = this.#waiting.filter(({ atMost }) => length > atMost);
    for (const { go } of free) go();
  }
}

/**
 * The runner's receiving half: turns what arrives into events.
 * @returns a function for the `message` event @throws {RunFailedError} it, on a foreign, ill-formed or missing message
 */
export function eventReceiver(): (message: unknown) => ReceivedEvent {
  let lastSeq = 0;
  return (message) => {
    assertProtocolVersion(message, 'The trainer');
    const received = understood(message);
    const { seq } = received.envelope;
    if (seq !== lastSeq + 1) {
      throw new RunFailedError(
        `Events of the trainer were lost: number ${seq} came after ${lastSeq}; ${lastSeq + 1} was expected.`,
      );
    }
    lastSeq = seq;
    return received;
  };
}

function understood(message: unknown): ReceivedEvent {
  try {
    return readWire(message);
  } catch (cause) {
    throw new RunFailedError(`The trainer sent a message that is not understood: ${jsonExcerpt(message, 200)}`, {
      cause,
    });
  }
}

/** Sends a command to a trainer; one that is gone is no error, its end is reported elsewhere. */
export function sendCommand(send: Send, command: TrainerCommand): void {
  send({ v: PROTOCOL_VERSION, command }, () => {});
}

/** Reads a command as it arrives in the trainer. @throws {RunFailedError} on a foreign or ill-formed one */
export function receiveCommand(message: unknown): TrainerCommand {
  assertProtocolVersion(message, 'The runner');
  const parsed = commandEnvelope.safeParse(message);
  if (parsed.success) return parsed.data.command;
  throw new RunFailedError(`The runner sent a command that is not understood: ${jsonExcerpt(message, 200)}`, {
    cause: parsed.error,
  });
}

function assertProtocolVersion(message: unknown, sender: string): void {
  const version = typeof message === 'object' && message !== null && 'v' in message ? message.v : undefined;
  if (version === PROTOCOL_VERSION || typeof version !== 'number') return;
  throw new RunFailedError(`${sender} speaks protocol ${version}; this side speaks ${PROTOCOL_VERSION}.`, {
    hint: 'Start the run with the bleubird that is installed now: an upgrade in the middle of a run mixes two versions.',
  });
}
