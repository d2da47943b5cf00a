/**
 * The full-screen interface on a pseudo terminal (of util-linux's `script`): what it wrote tells what it shows of a run,
 * and, when it is ended by a signal, whether it gave the terminal back.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Seen } from './ask-ls.ts';
import type { Onlooker } from './onlooker.ts';

/** Built: Node alone cannot run .tsx files. */
const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const ENTERED = '\u001b[?1049h';
const LEFT = '\u001b[?1049l';
/** Cursor shown, lines wrapped, pasting as ever. */
const RESTORED = ['\u001b[?25h', '\u001b[?7h', '\u001b[?2004l'];
/** What a run is called that has ended. */
const END = /completed|stopped|failed|interrupted/;
const PATIENCE_MS = 20_000;

export const canShowScreens = existsSync(bin) && spawnSync('script', ['--version']).status === 0;

export class Screens implements Onlooker {
  #output = '';
  readonly #terminal: ChildProcess;
  readonly #closed: Promise<void>;

  constructor(directory: string, runId: string) {
    const command = ['exec', process.execPath, bin, 'attach', runId, '--store', directory].join(' ');
    const { CI: _, ...env } = process.env;
    this.#terminal = spawn('script', ['-qfc', command, '/dev/null'], {
      env: { ...env, TERM: 'xterm-256color' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#terminal.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#closed = new Promise((resolve) => this.#terminal.once('close', () => resolve()));
  }

  /** Waits for the first frame. @returns whether there was one */
  async appear(): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += 20) {
      if (this.#output.includes(ENTERED) && this.#output.includes('back')) return true;
      await sleep(20);
    }
    return false;
  }

  get pids(): number[] {
    return [this.#terminal.pid ?? 0, ...children(this.#terminal.pid ?? 0)];
  }

  /**
   * Waits until they show that the run has ended; before that they show no such word.
   *
   * @param sinceMs  what `performance.now()` was when the run lost its process
   */
  async showEnd(sinceMs: number): Promise<Seen> {
    for (;;) {
      const afterMs = performance.now() - sinceMs;
      const word = END.exec(this.#output)?.[0];
      if (word !== undefined || afterMs > PATIENCE_MS) return { state: word ?? 'running', afterMs };
      await sleep(20);
    }
  }

  /** A terminal whose program is killed with SIGKILL stays as it was: nothing can give it back. */
  async end(signal: NodeJS.Signals): Promise<string | null> {
    for (const child of children(this.#terminal.pid ?? 0)) process.kill(child, signal);
    const hasEnded = await Promise.race([this.#closed.then(() => true), sleep(PATIENCE_MS, false, { ref: false })]);
    if (!hasEnded) {
      this.#terminal.kill('SIGKILL');
      return `the screens outlived ${signal}`;
    }
    if (signal === 'SIGKILL') return null;
    const end = this.#output.slice(this.#output.lastIndexOf(ENTERED));
    const isRestored = end.includes(LEFT) && RESTORED.every((code) => end.lastIndexOf(code) >= end.indexOf(LEFT));
    return isRestored ? null : `${signal} left the terminal in disorder: ${JSON.stringify(end.slice(-200))}`;
  }
}

/** None of a process that has ended. */
function children(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}
