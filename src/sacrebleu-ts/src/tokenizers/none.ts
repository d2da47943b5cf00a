/** Leaves the line as it is: words are what white space divides. */
export function tokenizeNone(line: string): string {
  return line;
}
