/**
 * The whole UI in a terminal that exists only in memory: what is written goes through a real terminal emulator, and what
 * a test reads is what a person would see.
 */
import { PassThrough, Writable } from 'node:stream';
import xterm from '@xterm/headless';
import type { UiServices } from '../../../src/ui/services.ts';
import { startUi } from '../../../src/ui/start-ui.tsx';
import { type FixtureServices, fixtureServices } from './fixture-services.ts';

export interface ScreenOptions<S extends UiServices> {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly services?: S;
  readonly initialRunId?: string;
}

export interface Screen<S extends UiServices = FixtureServices> {
  readonly services: S;
  /** Everything written so far, escape codes included. */
  readonly raw: () => string;
  /** The rows of the screen, spaces at their ends taken off. */
  readonly rows: () => string[];
  readonly text: () => string;
  /** Most rows any single write went through since the start or the last resize. */
  readonly tallestWrite: () => number;
  readonly isAlternate: () => boolean;
  readonly isRaw: () => boolean;
  /** Writes keys: names of NAMED_KEYS, or characters as they are. */
  readonly press: (...keys: string[]) => Promise<void>;
  /** Writes into the terminal past the UI, as another program would. */
  readonly scribble: (bytes: string) => void;
  /** Writes bytes as they are. */
  readonly send: (bytes: string) => void;
  /** Waits until the screen shows the text, and gives its rows. */
  readonly shows: (text: string | RegExp) => Promise<string[]>;
  readonly hides: (text: string | RegExp) => Promise<string[]>;
  readonly resize: (columns: number, rows: number) => Promise<void>;
  /** The promise of startUi. */
  readonly finished: Promise<void>;
  /** Leaves by ctrl+c and waits for the end. */
  readonly close: () => Promise<void>;
}

const NAMED_KEYS: Readonly<Record<string, string>> = {
  enter: '\r',
  esc: '\u001b',
  space: ' ',
  tab: '\t',
  'shift+tab': '\u001b[Z',
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  pagedown: '\u001b[6~',
  end: '\u001b[F',
  backspace: '\u007f',
  'ctrl+c': '\u0003',
  'ctrl+d': '\u0004',
  'ctrl+l': '\u000c',
  'ctrl+s': '\u0013',
  'ctrl+u': '\u0015',
};

const WAIT_MS = 20_000;

/** Starts the UI; the test closes it. */
export async function openScreen<S extends UiServices = FixtureServices>(
  options: ScreenOptions<S> = {},
): Promise<Screen<S>> {
  const { columns = 80, rows = 24 } = options;
  const services = options.services ?? (fixtureServices() as unknown as S);
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    convertEol: true,
    scrollback: 100,
  });
  const stdout = new TerminalOutput(terminal, columns, rows);
  const stdin = new TerminalInput();
  const finished = startUi(services, {
    env: { TERM: 'xterm-256color', LANG: 'en_US.UTF-8', ...options.env },
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    ...(options.initialRunId === undefined ? {} : { initialRunId: options.initialRunId }),
  });
  // A test that expects a failure awaits `finished`; until then it must not count as unhandled.
  finished.catch(() => {});

  const readRows = () => {
    const buffer = terminal.buffer.active;
    return Array.from({ length: terminal.rows }, (_, row) => {
      return (
        buffer
          .getLine(buffer.viewportY + row)
          ?.translateToString(true)
          .trimEnd() ?? ''
      );
    });
  };
  const waitFor = async (isReached: (text: string) => boolean, what: string) => {
    const until = Date.now() + WAIT_MS;
    for (;;) {
      const shown = readRows();
      if (isReached(shown.join('\n'))) return shown;
      if (Date.now() > until) throw new Error(`${what}, but the screen is:\n${shown.join('\n')}`);
      await pause(10);
    }
  };
  const holds = (text: string | RegExp) => (shown: string) =>
    typeof text === 'string' ? shown.includes(text) : text.test(shown);
  const screen: Screen<S> = {
    services,
    raw: () => stdout.raw,
    rows: readRows,
    text: () => readRows().join('\n'),
    tallestWrite: () => stdout.tallestWrite,
    isAlternate: () => terminal.buffer.active.type === 'alternate',
    isRaw: () => stdin.isRaw,
    async press(...keys) {
      for (const key of keys) {
        stdin.write(NAMED_KEYS[key] ?? key);
        // A lone escape is told from the start of an escape code by the silence after it.
        await pause(key === 'esc' ? 40 : 5);
      }
    },
    scribble: (bytes) => terminal.write(bytes),
    send: (bytes) => stdin.write(bytes),
    shows: (text) => waitFor(holds(text), `expected to see ${text}`),
    hides: (text) => waitFor((shown) => !holds(text)(shown), `expected ${text} to go away`),
    async resize(newColumns, newRows) {
      terminal.resize(newColumns, newRows);
      stdout.tallestWrite = 0;
      stdout.columns = newColumns;
      stdout.rows = newRows;
      stdout.emit('resize');
      await pause(60);
    },
    finished,
    async close() {
      stdin.write(NAMED_KEYS['ctrl+c']);
      await finished;
      await pause(5);
    },
  };
  await waitFor((shown) => shown.trim() !== '', 'expected a first frame');
  return screen;
}

class TerminalOutput extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  raw = '';
  tallestWrite = 0;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;

  constructor(terminal: InstanceType<typeof xterm.Terminal>, columns: number, rows: number) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
    this.columns = columns;
    this.rows = rows;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = String(chunk);
    this.raw += text;
    this.tallestWrite = Math.max(this.tallestWrite, text.split('\n').length);
    this.#terminal.write(text, done);
  }
}

class TerminalInput extends PassThrough {
  readonly isTTY = true;
  isRaw = false;

  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
