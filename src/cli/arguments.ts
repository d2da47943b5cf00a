/** Checks of arguments, in commander's way: what they throw becomes a usage error, exit code 2. */
import { InvalidArgumentError } from 'commander';

/** Reads a whole number of 1 or more. */
export function positiveNumber(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1 || !Number.isSafeInteger(Number(text))) {
    throw new InvalidArgumentError('Expected a whole number, 1 or more.');
  }
  return Number(text);
}

/** Gathers an option that may be given several times. */
export function gather(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
