/**
 * White space as Python's str methods see it, which is not JavaScript's `\s`: Python adds U+001C-U+001F and U+0085,
 * JavaScript adds U+FEFF. All of it lies in the basic plane, so code units are enough.
 */

/** Whether Python's `str.isspace()` holds for this code unit. */
export function isWhiteSpace(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit >= 0x1c;
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0;
  if (unit >= 0x2000 && unit <= 0x205f) {
    return unit <= 0x200a || unit === 0x2028 || unit === 0x2029 || unit === 0x202f || unit === 0x205f;
  }
  return unit === 0x1680 || unit === 0x3000;
}

/** The text without white space at its end, as `str.rstrip()`. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

/** The text without white space at both ends, as `str.strip()`. */
export function strip(text: string): string {
  let start = 0;
  while (start < text.length && isWhiteSpace(text.charCodeAt(start))) start++;
  return stripEnd(text.slice(start));
}

/** The words between white space, as `str.split()`: no empty ones. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (!isWhiteSpace(text.charCodeAt(index))) continue;
    if (index > start) words.push(text.slice(start, index));
    start = index + 1;
  }
  if (text.length > start) words.push(text.slice(start));
  return words;
}
