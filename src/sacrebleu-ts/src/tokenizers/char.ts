/** Puts a space between all code points. */
export function tokenizeChar(line: string): string {
  return [...line].join(' ');
}
