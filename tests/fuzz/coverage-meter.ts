/** Which blocks of our sources have run, by V8's precise coverage: tells whether an input reached one that none did before. */
import { Session } from 'node:inspector';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

export class CoverageMeter {
  readonly #session = new Session();
  readonly #part: string;
  readonly #seen = new Set<string>();

  /** @param part  of a script's address that makes it count */
  constructor(part: string) {
    this.#part = part;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether a block has run since the last call that never did before. With `isPeek` it stays new. */
  hasNew({ isPeek = false } = {}): boolean {
    let isNew = false;
    // In its own process the session answers at once.
    this.#session.post('Profiler.takePreciseCoverage', (error, result) => {
      if (error !== null) throw error;
      for (const { url, functions } of (result as { result: readonly Script[] }).result) {
        if (!url.includes(this.#part)) continue;
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count === 0) continue;
            const block = `${url}:${startOffset}:${endOffset}:${Math.min(8, Math.floor(Math.log2(count)))}`;
            if (this.#seen.has(block)) continue;
            isNew = true;
            if (!isPeek) this.#seen.add(block);
          }
        }
      }
    });
    return isNew;
  }
}
