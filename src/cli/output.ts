/**
 * The two streams of a command: stdout is data, stderr is narration.
 * Text that may come from a corpus or a file is made harmless before a terminal sees it.
 */
import { errorCode } from '../engine/files/system-error.ts';
import { visibleText } from '../ui/text/fit-text.ts';
import { excessMarks, unseenCharacters } from '../ui/text/unseen-characters.ts';

export type Tone = 'bold' | 'dim' | 'good' | 'bad' | 'warning';

const codes: Readonly<Record<Tone, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  warning: [33, 39],
};

/** To the first column, and what stands there goes. */
const CLEAR_LINE = '\r\u001b[K';

export class Output {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  readonly #isColourful: boolean;
  #isStdoutClosed = false;
  #isStderrClosed = false;
  #hasTransient = false;
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

  /** Writes one line of data: as it is for a program, harmless on a terminal, whatever the caller did about it. */
  line(text = ''): void {
    if (!this.#isStdoutClosed) this.#stdout.write(`${this.#stdout.isTTY ? visibleWithLooks(text) : text}\n`);
  }

  /** Writes one JSON document as one line. What a terminal would obey is escaped, which means the same text. */
  json(value: unknown): void {
    const text = JSON.stringify(value) ?? 'null';
    const escaped = text.replace(unseenCharacters, escapeForJson).replace(excessMarks, escapeForJson);
    if (!this.#isStdoutClosed) this.#stdout.write(`${escaped}\n`);
  }

  /** Writes narration: device, warnings, hints. */
  note(text: string): void {
    if (this.#isStderrClosed) return;
    this.#stderr.write(`${this.#hasTransient ? CLEAR_LINE : ''}${visibleLines(text)}\n`);
    this.#hasTransient = false;
  }

  /** Shows a line of narration that the next one takes the place of; only where `noteColumns` says there is a terminal. */
  transient(text: string): void {
    if (this.#isStderrClosed) return;
    this.#stderr.write(CLEAR_LINE + visibleText(text));
    this.#hasTransient = text !== '';
  }

  /** Columns of the terminal that narration goes to; null when it is none, where nothing can be written over. */
  get noteColumns(): number | null {
    return this.#stderr.isTTY ? this.#stderr.columns || 80 : null;
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

/** As `visibleLines`, but for the looks that `tone` gives. */
function visibleWithLooks(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a look.
  const parts = text.split(/(\u001b\[(?:1|2|22|3[123]|39)m)/);
  return parts.map((part, index) => (index % 2 === 1 ? part : visibleLines(part))).join('');
}

function escapeForJson(character: string): string {
  return character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What the system says about a stream; anything else is a fault of ours. */
function isOfTheSystem(error: Error): boolean {
  return errorCode(error) !== null;
}

function isClosedPipe(error: Error): boolean {
  return ['EPIPE', 'ERR_STREAM_DESTROYED', 'EIO'].includes(errorCode(error) ?? '');
}
