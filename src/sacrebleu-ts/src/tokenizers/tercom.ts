/** Tercom's tokenizer, for TER, as sacreBLEU has it (after tercom's Normalizer.java). */
import { splitWords } from '../python/white-space.ts';

export interface TercomOptions {
  /** Split off punctuation, read XML entities, join lines. */
  readonly normalized: boolean;
  /** Remove punctuation. */
  readonly noPunct: boolean;
  /** With `normalized`, set Han characters apart; with `noPunct`, remove Asian punctuation too. */
  readonly asianSupport: boolean;
  /** Otherwise all is lower case. */
  readonly caseSensitive: boolean;
}

/** The words of a line. */
export function splitWordsTercom(line: string, options: TercomOptions): string[] {
  let text = options.caseSensitive ? line : line.toLowerCase();
  if (options.normalized && line !== '') {
    text = normalizeWestern(text);
    if (options.asianSupport) text = normalizeAsian(text);
  }
  if (options.noPunct) {
    text = text.replace(/[.,?:;!"()]/g, '');
    if (options.asianSupport) text = text.replace(ASIAN_PUNCTUATION, '').replace(FULL_WIDTH_PUNCTUATION, '');
  }
  return splitWords(text);
}

const ASIAN_PUNCTUATION = /[\u3001\u3002\u3008-\u3011\u3014-\u301f\uff61-\uff65\u30fb]/g;
const FULL_WIDTH_PUNCTUATION = /[\uff0e\uff0c\uff1f\uff1a\uff1b\uff01\uff02\uff08\uff09]/g;

function normalizeWestern(line: string): string {
  const text = line.replaceAll('\n-', '').replaceAll('\n', ' ');
  const plain = text.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
  return ` ${plain} `
    .replace(/[{-~[-` -&(-+:-@/]/g, ' $& ')
    .replaceAll("'s ", " 's ")
    .replace(/([^0-9])([.,])/g, '$1 $2 ')
    .replace(/([.,])([^0-9])/g, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ');
}

/**
 * Sets Han characters and their like apart. sacreBLEU also has patterns to divide hiragana, katakana and its phonetic
 * extensions, but they are anchored to the start of a text that begins with a space: they never match.
 */
function normalizeAsian(text: string): string {
  return text
    .replace(/[\u4e00-\u9fff\u3400-\u4dbf]/g, ' $& ')
    .replace(/[\u31c0-\u31ef\u2e80-\u2eff]/g, ' $& ')
    .replace(/[\u3300-\u33ff\uf900-\ufaff\ufe30-\ufe4f]/g, ' $& ')
    .replace(/[\u3200-\u3f22]/g, ' $& ')
    .replace(ASIAN_PUNCTUATION, ' $& ')
    .replace(FULL_WIDTH_PUNCTUATION, ' $& ');
}
