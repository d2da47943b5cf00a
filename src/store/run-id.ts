/** Names of runs: five signs that are typed by hand and read aloud, without look-alikes (0 o, 1 l i) and vowels. */
import { randomInt } from 'node:crypto';
import { StoreError } from '../errors.ts';

const LETTERS = 'bcdfghjkmnpqrstvwxz';
const SIGNS = `${LETTERS}23456789`;
const LENGTH = 5;

/** Gives back a new id. It begins with a letter, so that no tool takes it for a number. */
export function newRunId(random: (below: number) => number = (below) => randomInt(below)): string {
  const pick = (signs: string) => signs.charAt(random(signs.length));
  return pick(LETTERS) + Array.from({ length: LENGTH - 1 }, () => pick(SIGNS)).join('');
}

/** @throws {StoreError} unless `id` can name a run and its folder */
export function assertRunId(id: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(id) && id !== 'last') return;
  throw new StoreError(`"${id}" cannot name a run.`, {
    hint: 'An id has up to 32 small letters, digits and hyphens, and is not "last".',
  });
}
