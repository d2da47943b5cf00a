/** The lines of standard input, checked: each is UTF-8 text or the command ends, for output lines must match input lines. */
import { LineSplitter } from '../engine/data/line-splitter.ts';
import { DataError } from '../errors.ts';
import type { World } from './world.ts';

/**
 * Gives standard input in groups of lines: of up to `size` from a file or a program, one by one from a keyboard, so that
 * an answer follows each line.
 *
 * @throws {DataError} at a line that is not UTF-8, is longer than 1 MiB, or when input cannot be read
 */
export async function* readInputLines(world: World, size: number): AsyncGenerator<readonly string[], void, undefined> {
  const { stdin, output } = world;
  if (stdin.isTTY) output.note('Reading lines from the keyboard; Ctrl-D ends.');
  const splitter = new LineSplitter();
  let group: string[] = [];
  const take = function* (lines: ReturnType<LineSplitter['push']>) {
    for (const line of lines) {
      if (line.text === null)
        throw new DataError(`Standard input, line ${line.number}: ${line.reason}, ${line.detail}.`);
      // A byte order mark is no part of the first sentence.
      group.push(line.number === 1 ? line.text.replace(/^\ufeff/, '') : line.text);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
  };
  try {
    for await (const chunk of stdin) {
      yield* take(splitter.push(chunk as Buffer));
      if (stdin.isTTY && group.length > 0) {
        yield group;
        group = [];
      }
    }
  } catch (cause) {
    if (cause instanceof DataError || !(cause instanceof Error && 'code' in cause)) throw cause;
    throw new DataError(`Standard input cannot be read: ${cause.message}.`, { cause });
  }
  yield* take(splitter.end());
  if (group.length > 0) yield group;
}
