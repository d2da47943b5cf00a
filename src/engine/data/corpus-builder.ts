/** Gathers what the reading of a corpus finds: pairs, problems by line, notes; and makes a Corpus of it. */
import { createHash } from 'node:crypto';
import { getHeapStatistics } from 'node:v8';
import { DataError } from '../../errors.ts';
import type { LineProblem } from '../run/protocol.ts';
import { stripBoth } from '../text/python-strip.ts';
import type { SentencePair } from './example.ts';
import type { UnreadableLine } from './line-splitter.ts';

export interface Corpus {
  readonly name: string;
  /** Pairs with an empty side are among them: `datasets` keeps them, and row numbers must agree with it. */
  readonly pairs: readonly SentencePair[];
  /** The first 1,000. All but `empty` were left out. */
  readonly problems: LineProblem[];
  /** All problems, by reason. */
  readonly problemCounts: Record<string, number>;
  /** What else a user should know, such as a byte order mark. */
  readonly notes: readonly string[];
  /** Hex, of the pairs in order: each as the JSON array [source, target] and a line feed. */
  readonly sha256: string;
}

export const PROBLEMS_KEPT = 1000;

/** Of the memory for JavaScript, what the pairs may take: their pieces, and a model, come beside them. */
const MEMORY_SHARE = 0.6;

export class CorpusBuilder {
  readonly #maxBytes: number;
  #bytes = 0;
  readonly #pairs: SentencePair[] = [];
  readonly #problems: LineProblem[] = [];
  readonly #counts = new Map<string, number>();
  readonly #notes: string[] = [];
  readonly #passedOver = new Map<string, number>();
  readonly #hash = createHash('sha256');

  /** `maxBytes`: what the pairs may take of the memory. */
  constructor(maxBytes = MEMORY_SHARE * getHeapStatistics().heap_size_limit) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Keeps a pair; reports it where a side is empty. `targetFile` differs from `file` where sides have files of their own.
   * @throws {DataError} when the pairs are more than the memory takes
   */
  addPair(pair: SentencePair, file: string, targetFile = file): void {
    this.#pairs.push(pair);
    this.#bytes += PAIR_BYTES + textBytes(pair.source) + textBytes(pair.target);
    if (this.#bytes > this.#maxBytes) throw this.#tooLargeError(file);
    this.#hash.update(`${JSON.stringify([pair.source, pair.target])}\n`);
    if (stripBoth(pair.source) === '') this.#reportEmpty(file, pair.line, 'source');
    if (stripBoth(pair.target) === '') this.#reportEmpty(targetFile, pair.line, 'target');
  }

  /** Counts a problem, and keeps it if it is among the first. */
  report(problem: LineProblem): void {
    this.#counts.set(problem.reason, (this.#counts.get(problem.reason) ?? 0) + 1);
    if (this.#problems.length < PROBLEMS_KEPT) this.#problems.push(problem);
  }

  /** Reports a line of a file that is no text. */
  reportUnreadable(file: string, { number, reason, detail }: UnreadableLine): void {
    this.report({ file, line: number, reason, detail });
  }

  /** Keeps a sentence for the user. */
  readonly note = (text: string): void => {
    this.#notes.push(text);
  };

  /** Counts what a reader leaves aside on purpose; the user is told once how many. `what` goes on after the number. */
  passOver(what: string, count: number): void {
    if (count > 0) this.#passedOver.set(what, (this.#passedOver.get(what) ?? 0) + count);
  }

  /**
   * @param cures  by the reason why nothing could be used, what may cure it
   * @throws {DataError} when there is no pair
   */
  finish(name: string, cures: Cures = {}): Corpus {
    if (this.#pairs.length === 0) throw this.#emptyError(name, cures);
    return {
      name,
      pairs: this.#pairs,
      problems: this.#problems,
      problemCounts: Object.fromEntries(this.#counts),
      notes: [...this.#notes, ...[...this.#passedOver].map(([what, count]) => `${count} ${what}`)],
      sha256: this.#hash.digest('hex'),
    };
  }

  #reportEmpty(file: string, line: number, side: string): void {
    this.report({ file, line, reason: 'empty', detail: `the ${side} is empty; the pair is kept` });
  }

  #tooLargeError(file: string): DataError {
    const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
    return new DataError(
      `The corpus is too large for the memory: its first ${this.#pairs.length} pairs, up to ${file}, take ` +
        `${megabytes(this.#bytes)}; at most ${megabytes(this.#maxBytes)} are free for them.`,
      {
        hint: 'Give the program more, such as NODE_OPTIONS=--max-old-space-size=16000 (MB), or take a part of the corpus.',
      },
    );
  }

  #emptyError(name: string, cures: Cures): DataError {
    const leftOut = describeLeftOut({ problems: this.#problems, problemCounts: Object.fromEntries(this.#counts) });
    if (leftOut === null) return new DataError(`The corpus ${name} is empty: it has no line.`);
    const hint = cures[leftOut.reason];
    return new DataError(
      `The corpus ${name} has no usable pair: ${leftOut.text}.`,
      hint === undefined ? undefined : { hint },
    );
  }
}

/** What may cure a corpus of which nothing can be used, by the reason of its first problem. */
export type Cures = Readonly<Partial<Record<LineProblem['reason'], string>>>;

/** Says how many lines of a corpus were left out and why, with the first of them; null when none was. */
export function describeLeftOut({ problems, problemCounts }: Pick<Corpus, 'problems' | 'problemCounts'>): {
  readonly reason: LineProblem['reason'];
  readonly text: string;
} | null {
  const first = problems.find(({ reason }) => reason !== 'empty');
  if (first === undefined) return null;
  const counts = Object.entries(problemCounts).filter(([reason]) => reason !== 'empty');
  const count = counts.reduce((sum, [, ofReason]) => sum + ofReason, 0);
  const reasons = counts.length === 1 ? '' : ` (${counts.map(([reason, each]) => `${each} ${reason}`).join(', ')})`;
  const text =
    `${count} ${count === 1 ? 'line was' : 'lines were'} left out${reasons}, the first being ` +
    `${first.file}, line ${first.line} (${first.reason}: ${first.detail})`;
  return { reason: first.reason, text };
}

/** Of V8's objects on 64 bits: a pair with its place in the list, and a string without its characters. */
const PAIR_BYTES = 48;
const TEXT_BYTES = 16;

/** V8 keeps a text in Latin-1 where that suffices, and in UTF-16 otherwise. */
function textBytes(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is Latin-1.
  return TEXT_BYTES + (/[^\u0000-\u00ff]/.test(text) ? 2 : 1) * text.length;
}
