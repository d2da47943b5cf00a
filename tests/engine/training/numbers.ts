/** Comparing with what another program computed. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Reads a fixture of this part; its maker and shape are in the fixtures' README. */
export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/training/${name}`, import.meta.url), 'utf8')) as T;
}

/** Asserts that all numbers differ by at most `tolerance`, relative to numbers above 1. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    const want = expected[index] ?? Number.NaN;
    const error = Math.abs((actual[index] ?? Number.NaN) - want) / Math.max(1, Math.abs(want));
    if (!(error <= tolerance)) {
      expect.fail(
        `number ${index} is ${actual[index]}; ${want} was expected (difference ${error}, allowed ${tolerance})`,
      );
    }
  }
}
