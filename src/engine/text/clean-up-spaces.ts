const REPLACEMENTS = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;

/** Removes spaces before punctuation and English contractions, as `clean_up_tokenization` of transformers. */
export function cleanUpSpaces(text: string): string {
  return REPLACEMENTS.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text);
}
