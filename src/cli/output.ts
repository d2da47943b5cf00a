/**
 * The two streams of a command: stdout is data, stderr is narration.
 * Text that may come from a corpus or a file is made harmless before a terminal sees it.
 */
import { visibleText } from '../ui/text/fit-text.ts';

export type Tone = 'bold' | 'dim' | 'good' | 'bad' | 'warning';

const codes: Readonly<Record<Tone, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  warning: [33, 39],
};

export class Output {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  readonly #isColourful: boolean;
  #isStdoutClosed = false;
  #isStderrClosed = false;
  #whenStdoutCloses: (failure: Error | null) => void = () => {};

  constructor(streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream; env: NodeJS.ProcessEnv }) {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
    const { NO_COLOR = '', TERM } = streams.env;
    this.#isColourful = Boolean(streams.stdout.isTTY) && NO_COLOR === '' && TERM !== 'dumb';
    // A reader that has seen enough (`| head`) or is gone: writing on is useless, but no failure.
    this.#stdout.on('error', (error) => {
      if (!isOfTheSystem(error)) throw error;
      if (this.#isStdoutClosed) return;
      this.#isStdoutClosed = true;
      this.#whenStdoutCloses(isClosedPipe(error) ? null : error);
    });
    this.#stderr.on('error', (error) => {
      if (!isOfTheSystem(error)) throw error;
      this.#isStderrClosed = true;
    });
  }

  /**
   * Sets what happens when stdout takes nothing any more, because its reader went away (null) or for a failure, such as the
   * full disk of the file it goes to; nothing by default, later lines are dropped.
   */
  onStdoutClosed(listener: (failure: Error | null) => void): void {
    this.#whenStdoutCloses = listener;
  }

  /** Writes one line of data as it is. The caller has made it harmless, or it is for a program. */
  line(text = ''): void {
    if (!this.#isStdoutClosed) this.#stdout.write(`${text}\n`);
  }

  /** Writes one JSON document as one line. */
  json(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** Writes narration: device, warnings, hints. */
  note(text: string): void {
    if (!this.#isStderrClosed) this.#stderr.write(`${visibleLines(text)}\n`);
  }

  warn(text: string): void {
    this.note(`warning: ${text}`);
  }

  /** Gives the text with a look, where stdout is a terminal that shows one. */
  tone(tone: Tone, text: string): string {
    const [on, off] = codes[tone];
    return this.#isColourful ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }

  /** Columns of the terminal; null when stdout is none, so that nothing need be cut. */
  get columns(): number | null {
    return this.#stdout.isTTY ? (this.#stdout.columns ?? 80) : null;
  }

  /** Waits until the reader has taken what has been written, so that a long output need not fit into memory. */
  async drained(): Promise<void> {
    if (this.#isStdoutClosed || !this.#stdout.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#stdout.once('drain', resolve);
      this.#stdout.once('error', () => resolve());
    });
  }

  /** Waits until both streams have handed on all they hold. */
  async flush(): Promise<void> {
    const end = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()));
    await Promise.all([
      this.#isStdoutClosed ? null : end(this.#stdout),
      this.#isStderrClosed ? null : end(this.#stderr),
    ]);
  }
}

/** Makes a text of several lines harmless, keeping its line breaks. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}

/** What the system says about a stream; anything else is a fault of ours. */
function isOfTheSystem(error: Error): boolean {
  return 'code' in error;
}

function isClosedPipe(error: Error): boolean {
  return 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'EIO');
}
