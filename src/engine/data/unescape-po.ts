/** The escapes of a PO string, which are those of C. */
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/**
 * Gives the text that a string of a PO file stands for; null when it is none: a quotation mark or backslash without
 * its partner, an escape that C does not have, or one that stands for a byte beyond ASCII.
 *
 * @param literal  from the first quotation mark to the last
 */
export function unescapePo(literal: string): string | null {
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(literal)) return null;
  let isSound = true;
  const text = literal
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))/gs,
      (_match, hex?: string, octal?: string, letter?: string) => {
        const code = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal ?? '', 8);
        const character = letter === undefined ? String.fromCharCode(code) : ESCAPES[letter];
        isSound &&= character !== undefined && !(code > 0x7f);
        return character ?? '';
      },
    );
  return isSound ? text : null;
}
