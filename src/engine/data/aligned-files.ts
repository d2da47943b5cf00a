/** Two text files whose lines are translations of each other, read side by side: what moses and opus share. */
import { DataError } from '../../errors.ts';
import type { CorpusBuilder } from './corpus-builder.ts';
import type { Line } from './line-splitter.ts';
import type { ByteSource } from './read-bytes.ts';
import { readLines } from './read-lines.ts';

export interface AlignedFiles {
  readonly source: ByteSource;
  readonly target: ByteSource;
  /** What becomes of each line. */
  readonly clean: (text: string) => string;
}

/**
 * Reads the pairs of two files. A line that is no text on one side takes its pair with it.
 * @returns how many lines each has
 * @throws {DataError} when a file cannot be read, or they differ in their number of lines
 */
export async function readAlignedFiles(
  { source, target, clean }: AlignedFiles,
  corpus: CorpusBuilder,
): Promise<number> {
  const sources = readLines(source, corpus.note);
  const targets = readLines(target, corpus.note);
  try {
    for (let pairs = 0; ; pairs++) {
      const [left, right] = await Promise.all([sources.next(), targets.next()]);
      if (left.done && right.done) return pairs;
      if (left.done || right.done) {
        const [leftRest, rightRest] = await Promise.all([countRest(sources, left), countRest(targets, right)]);
        throw unevenError({ source, target }, pairs + leftRest, pairs + rightRest);
      }
      if (left.value.text === null) corpus.reportUnreadable(source.name, left.value);
      if (right.value.text === null) corpus.reportUnreadable(target.name, right.value);
      if (left.value.text === null || right.value.text === null) continue;
      const pair = { source: clean(left.value.text), target: clean(right.value.text), line: left.value.number };
      corpus.addPair(pair, source.name, target.name);
    }
  } finally {
    await Promise.all([sources.return(), targets.return()]);
  }
}

/** Lines from `next` on. */
async function countRest(lines: AsyncGenerator<Line, void>, next: IteratorResult<Line, void>): Promise<number> {
  let count = next.done ? 0 : 1;
  for await (const _ of lines) count += 1;
  return count;
}

function unevenError(
  files: Pick<AlignedFiles, 'source' | 'target'>,
  sourceLines: number,
  targetLines: number,
): DataError {
  return new DataError(
    `${files.source.name} has ${sourceLines} lines but ${files.target.name} has ${targetLines}; expected one translation a line.`,
    { hint: "Align the files again. A lone carriage return ends a line too: grep -c $'\\r' FILE counts them." },
  );
}
