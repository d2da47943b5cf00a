import { splitWords } from '../python/white-space.ts';

/**
 * Splits off Unicode punctuation and symbols, as mteval-v14.pl: punctuation between digits stays, and so does the full
 * stop of a number at the end of the line.
 *
 * sacreBLEU's `\p{}` classes are those of its `regex` module; here they are the engine's, which may know characters of
 * a newer Unicode.
 */
export function tokenizeIntl(line: string): string {
  const spaced = line
    .replace(/(\P{N})(\p{P})/gu, '$1 $2 ')
    .replace(/(\p{P})(\P{N})/gu, ' $1 $2')
    .replace(/(\p{S})/gu, ' $1 ');
  return splitWords(spaced).join(' ');
}
