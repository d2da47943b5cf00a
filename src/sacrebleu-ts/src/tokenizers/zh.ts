import { strip } from '../python/white-space.ts';
import { splitAsciiPunctuation } from './ascii-punctuation.ts';

/**
 * The words after setting each Chinese character apart and splitting off ASCII punctuation.
 *
 * The ranges are sacreBLEU 2.6.0's as they work, not as they were meant: its source writes `'\u20000'` for U+20000,
 * which Python reads as two characters, so U+2001-U+2A6D and U+2F81-U+2FA1 count as Chinese and U+20000 and above do
 * not (mjpost/sacrebleu issue 298).
 */
export function splitWordsZh(line: string): string[] {
  return splitAsciiPunctuation(strip(line).replace(CHINESE, ' $& '), false);
}

const CHINESE = new RegExp(
  '[\u3400-\u4db5\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\u2001-\u2a6d\u2f81-\u2fa1\uff00-\uffef' +
    '\u2e80-\u2eff\u3000-\u303f\u31c0-\u31ef\u2f00-\u2fdf\u2ff0-\u2fff\u3100-\u312f\u31a0-\u31bf\ufe10-\ufe1f' +
    '\ufe30-\ufe4f\u2600-\u27bf\u3200-\u33ff]',
  'g',
);
