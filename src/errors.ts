/**
 * Every failure a user can meet, each kind with its exit code.
 *
 * Message: what failed, with which value, then what was expected. `hint` is the command or edit that cures it.
 * Wrong use by a programmer is a TypeError or RangeError instead, and is never caught.
 */

export interface AppErrorOptions {
  readonly hint?: string;
  readonly cause?: unknown;
}

export type AppErrorCode = 'CONFIG' | 'DATA' | 'MODEL' | 'DEVICE' | 'STORE' | 'RUN_FAILED' | 'CANCELLED';

export const EXIT_CODES = {
  CONFIG: 2,
  DATA: 3,
  MODEL: 4,
  DEVICE: 5,
  STORE: 6,
  RUN_FAILED: 7,
  CANCELLED: 130,
} as const satisfies Record<AppErrorCode, number>;

/** The base of all errors shown to a user; `toJSON` is what crosses a process border and reaches `--json`. */
export class AppError extends Error {
  readonly code: AppErrorCode;
  readonly hint: string | undefined;

  constructor(code: AppErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }

  toJSON(): { code: AppErrorCode; exitCode: number; message: string; hint: string | null } {
    return { code: this.code, exitCode: this.exitCode, message: this.message, hint: this.hint ?? null };
  }
}

/** One fault of an experiment file or of an argument. */
export interface ConfigProblem {
  /** Dotted path of the field, `''` for the file as a whole. */
  readonly path: string;
  /** What is wrong, with the value, and what was expected. */
  readonly message: string;
}

/** A wrong experiment file or argument; lists every problem at once. */
export class ConfigError extends AppError {
  readonly problems: readonly ConfigProblem[];

  constructor(message: string, problems: readonly ConfigProblem[] = [], options: AppErrorOptions = {}) {
    const lines = problems.map(({ path, message: text }) => (path === '' ? `  ${text}` : `  ${path}: ${text}`));
    super('CONFIG', [message, ...lines].join('\n'), options);
    this.problems = problems;
  }
}

/** A corpus that cannot be read or used; names the file and, where there is one, the line (1-based). */
export class DataError extends AppError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super('DATA', message, options);
  }
}

/** A model directory that cannot be loaded or saved; lists all missing, extra and misshaped tensors. */
export class ModelError extends AppError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super('MODEL', message, options);
  }
}

/** A backend or device that is absent or cannot be used. */
export class DeviceError extends AppError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super('DEVICE', message, options);
  }
}

/** A store that is newer, read-only, locked or damaged. */
export class StoreError extends AppError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super('STORE', message, options);
  }
}

/** A run whose trainer ended without finishing. */
export class RunFailedError extends AppError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super('RUN_FAILED', message, options);
  }
}

/** A user asked to stop. */
export class CancelledError extends AppError {
  constructor(message = 'Cancelled.', options: AppErrorOptions = {}) {
    super('CANCELLED', message, options);
  }
}
