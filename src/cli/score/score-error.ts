import { readingError } from '../../engine/data/read-bytes.ts';
import { AppError, type AppErrorOptions } from '../../errors.ts';

/** What sacreBLEU ends with an error at, with its exit code: 2 for wrong arguments, 17 for a wrong count of fields, else 1. */
export class ScoreError extends AppError {
  readonly #exitCode: 1 | 2 | 17;

  constructor(message: string, exitCode: 1 | 2 | 17 = 1, options: AppErrorOptions = {}) {
    super(exitCode === 2 ? 'CONFIG' : 'DATA', message, options);
    this.#exitCode = exitCode;
  }

  override get exitCode(): number {
    return this.#exitCode;
  }
}

/** Says why a file cannot be read, in the words that corpora get. */
export function unreadableInput(name: string, cause: unknown): ScoreError {
  const { message, hint } = readingError(name, null, cause);
  return new ScoreError(message, 1, { cause, ...(hint === undefined ? {} : { hint }) });
}
