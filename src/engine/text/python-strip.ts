/** The white space of Python's `str.strip()`: unlike JavaScript's it has U+001C-001F and U+0085, and not U+FEFF. */
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const IS_SPACE = new RegExp(SPACE);

/** Gives the text without white space at its start, as Python's `str.lstrip()`. */
export function stripStart(text: string): string {
  let start = 0;
  while (start < text.length && IS_SPACE.test(text.charAt(start))) start++;
  return text.slice(start);
}

/** Gives the text without white space at its end, as Python's `str.rstrip()`. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && IS_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Gives the text without white space at both ends, as Python's `str.strip()`. */
export function stripBoth(text: string): string {
  return stripStart(stripEnd(text));
}
