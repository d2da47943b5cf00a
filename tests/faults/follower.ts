/** `bleubird attach --no-ui`, which tells what happens without a terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Onlooker } from './onlooker.ts';

const bin = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url));
const PATIENCE_MS = 20_000;

export class Follower implements Onlooker {
  #hasSpoken = false;
  readonly #process: ChildProcess;
  readonly #closed: Promise<void>;

  constructor(directory: string, runId: string) {
    this.#process = spawn(process.execPath, [bin, 'attach', runId, '--no-ui', '--store', directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', () => {
        this.#hasSpoken = true;
      });
    }
    this.#closed = new Promise((resolve) => this.#process.once('close', () => resolve()));
  }

  get pids(): number[] {
    return [this.#process.pid ?? 0];
  }

  async appear(): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS && !this.#hasSpoken; waitedMs += 20) await sleep(20);
    return this.#hasSpoken;
  }

  async end(signal: NodeJS.Signals): Promise<string | null> {
    this.#process.kill(signal);
    await this.#closed;
    return null;
  }
}
