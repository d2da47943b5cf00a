import { splitWords } from '../python/white-space.ts';

/** Splits off ASCII punctuation, as mteval-v13a.pl, WMT's tokenizer: BLEU's default. */
export function tokenize13a(line: string): string {
  let text = line.replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
  if (text.includes('&')) {
    // One after the other, so that `&amp;lt;` becomes `<`.
    text = text.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
  }
  return splitAsciiPunctuation(` ${text} `);
}

/** The language-dependent half of mteval-v13a.pl, for Western languages; only 0-9 are digits. */
function splitAsciiPunctuation(text: string): string {
  const spaced = text
    .replace(/[{-~[-` -&(-+:-@/]/g, ' $& ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ');
  return splitWords(spaced).join(' ');
}
