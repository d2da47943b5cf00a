/**
 * White space as Python's str methods see it, which is not JavaScript's `\s`: Python adds U+001C-U+001F and U+0085,
 * JavaScript adds U+FEFF.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these control characters are white space to Python.
const RUN = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** The text without white space at its end, as `str.rstrip()`. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && RUN.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** The words between white space, as `str.split()`: no empty ones. */
export function splitWords(text: string): string[] {
  return text.split(RUN).filter((word) => word !== '');
}
