import { splitAsciiPunctuation } from './ascii-punctuation.ts';

/** The words after splitting off ASCII punctuation, as mteval-v13a.pl, WMT's tokenizer: BLEU's default. */
export function splitWords13a(line: string): string[] {
  let text = line;
  if (text.includes('<skipped>')) text = text.replaceAll('<skipped>', '');
  if (text.includes('\n')) text = text.replaceAll('-\n', '').replaceAll('\n', ' ');
  if (text.includes('&')) {
    // One after the other, so that `&amp;lt;` becomes `<`.
    text = text.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
  }
  return splitAsciiPunctuation(text, true);
}
