import { splitLanguageCode } from './language-code.ts';
import type { MarianTokenizer } from './marian-tokenizer.ts';

/**
 * Says what of a prefix the model does not know; null when it knows all of it. A code such as `>>fra<<` works only with a
 * model that was trained with it, spelt that way.
 */
export function prefixProblem(
  prefix: string,
  tokenizer: Pick<MarianTokenizer, 'encodeSource' | 'unkTokenId'>,
): string | null {
  if (prefix === '' || !tokenizer.encodeSource(prefix).ids.includes(tokenizer.unkTokenId)) return null;
  const { code } = splitLanguageCode(prefix);
  const isCodeUnknown = code !== null && tokenizer.encodeSource(code).ids.includes(tokenizer.unkTokenId);
  return isCodeUnknown
    ? `The model does not know the language code ${JSON.stringify(code)}: to it every sentence begins with an unknown piece.`
    : `The prefix ${JSON.stringify(prefix)} holds pieces that the model does not know.`;
}
