/** Turns whatever went wrong into words on stderr and an exit code. */
import { AppError, CancelledError } from '../errors.ts';
import type { Output } from './output.ts';

/** Exit code of a fault in bleubird itself. */
const EXIT_BUG = 1;

/** Tells the user, and gives the exit code. An error that is not one of ours is a fault of the program: its stack is shown. */
export function reportError(error: unknown, output: Output): number {
  if (error instanceof AppError) {
    // What the user asked for is no error.
    output.note(error instanceof CancelledError ? error.message : `error: ${error.message}`);
    if (error.hint !== undefined) output.note(`hint: ${error.hint}`);
    return error.exitCode;
  }
  output.note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  output.note('hint: this is a fault of bleubird itself; please report it with the lines above.');
  return EXIT_BUG;
}

/** The object that stands for an error among lines of JSON. */
export function errorAsJson(error: unknown): Record<string, unknown> {
  if (error instanceof AppError) return { type: 'error', ...error.toJSON() };
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'error', code: 'BUG', exitCode: EXIT_BUG, message, hint: null };
}
