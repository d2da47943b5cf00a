/**
 * `trainer.log` of a run: what its trainers print. A log that cannot be written ends no training; each piece is tried
 * anew, so that it goes on when a full disk has room again.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { APPEND } from '../files/append-flags.ts';

export class TrainerLog {
  readonly #path: string;
  #file: FileHandle | null = null;
  #failure: Error | null = null;
  /** Settles when all so far is written, or lost. */
  #written: Promise<void>;

  /** Opens the log, made when absent. */
  constructor(path: string) {
    this.#path = path;
    this.#written = this.#append('');
  }

  /** Adds a piece after those before it. */
  write(text: string): void {
    this.#written = this.#written.then(() => this.#append(text));
  }

  /** Waits until all so far is written, or lost. */
  async written(): Promise<void> {
    await this.#written;
  }

  /** Writes what is left. @returns why the log is not whole, the last reason; null when it is */
  async close(): Promise<Error | null> {
    await this.#written;
    await this.#file?.close().catch((error: Error) => this.#fail(error));
    return this.#failure;
  }

  async #append(text: string): Promise<void> {
    try {
      this.#file ??= await open(this.#path, APPEND, 0o600);
      await this.#file.appendFile(text);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
  }
}
