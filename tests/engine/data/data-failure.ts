import { expect } from 'vitest';
import { AppError, DataError } from '../../../src/errors.ts';

/** The message and hint of the DataError that a promise ends in. */
export async function dataFailure(promise: Promise<unknown>): Promise<{ message: string; hint: string | undefined }> {
  const error = await promise.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(DataError);
  return error instanceof AppError ? { message: error.message, hint: error.hint } : { message: '', hint: undefined };
}
