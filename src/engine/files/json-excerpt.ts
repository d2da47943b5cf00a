/**
 * The beginning of a value as JSON, for the text of an error: at most `maxLength` characters and an ellipsis. What a hostile
 * file holds may be nested so deep, or be so long, that JSON.stringify fails on it; here only what is shown is written.
 */
export function jsonExcerpt(value: unknown, maxLength = 60): string {
  let text = '';
  // Each level of nesting writes a character, so that the depth is bounded as the length is.
  const isFull = (): boolean => text.length > maxLength;
  const write = (node: unknown): void => {
    if (typeof node === 'string') text += JSON.stringify(node.slice(0, maxLength + 1));
    else if (typeof node !== 'object' || node === null) text += JSON.stringify(node) ?? 'nothing';
    else if (Array.isArray(node)) writeList('[', node, ']', write);
    else writeList('{', Object.entries(node), '}', ([key, item]) => writeEntry(key, item));
  };
  const writeEntry = (key: string, item: unknown): void => {
    write(key);
    text += ':';
    if (!isFull()) write(item);
  };
  const writeList = <T>(open: string, items: readonly T[], close: string, writeItem: (item: T) => void): void => {
    text += open;
    for (const [index, item] of items.entries()) {
      if (index > 0) text += ',';
      if (isFull()) return;
      writeItem(item);
    }
    text += close;
  };
  write(value);
  return isFull() ? `${text.slice(0, maxLength)}…` : text;
}
