/** Bytes of the UTF-8 character that starts with `byte`, as sentencepiece counts them: 1 for a stray inner byte. */
export function utf8Length(byte: number): number {
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}
