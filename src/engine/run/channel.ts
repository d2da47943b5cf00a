/**
 * The wire between runner and trainer, both halves. The trainer numbers its events from 1 and sends them in order; the
 * runner validates each and notices a gap. Neither half knows what the messages are for.
 */
import { RunFailedError } from '../../errors.ts';
import { jsonExcerpt } from '../json-excerpt.ts';
import {
  commandEnvelope,
  type Envelope,
  envelope,
  PROTOCOL_VERSION,
  type TrainerCommand,
  type TrainerEvent,
} from './protocol.ts';

/** Node's `send` of a process: false when the queue is long or the channel is closed; `sent` is called in either case. */
type Send = (message: object, sent: (error: Error | null) => void) => boolean;

/** The trainer's sending half. */
export class EventSender {
  readonly #send: Send;
  readonly #now: () => number;
  #lastSeq = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(send: Send, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  /**
   * Sends one event. Resolves at once while the channel keeps up, else when the queue has been written: whoever awaits
   * cannot fill the memory. A closed channel is not an error here: the trainer hears of it by `disconnect`.
   */
  send(event: TrainerEvent): Promise<void> {
    const message: Envelope = { v: PROTOCOL_VERSION, seq: ++this.#lastSeq, time: this.#now(), event };
    let hasRoom = false;
    this.#written = new Promise((resolve) => {
      hasRoom = this.#send(message, () => resolve());
    });
    return hasRoom ? Promise.resolve() : this.#written;
  }

  /** Resolves when the last event sent has been handed to the operating system, or the channel is closed. */
  flush(): Promise<void> {
    return this.#written;
  }
}

/**
 * The runner's receiving half: turns what arrives into envelopes.
 * @returns a function for the `message` event @throws {RunFailedError} it, on a foreign, ill-formed or missing message
 */
export function eventReceiver(): (message: unknown) => Envelope {
  let lastSeq = 0;
  return (message) => {
    assertProtocolVersion(message, 'The trainer');
    const parsed = envelope.safeParse(message);
    if (!parsed.success) {
      throw new RunFailedError(`The trainer sent a message that is not understood: ${jsonExcerpt(message, 200)}`, {
        cause: parsed.error,
      });
    }
    const { seq } = parsed.data;
    if (seq !== lastSeq + 1) {
      throw new RunFailedError(
        `Events of the trainer were lost: number ${seq} came after ${lastSeq}; ${lastSeq + 1} was expected.`,
      );
    }
    lastSeq = seq;
    return parsed.data;
  };
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
