/** A text and the target language codes written in it. */
export interface CodedText {
  /** The code at the very start, such as `>>fr<<`, or null. */
  readonly code: string | null;
  /** The text without any code. */
  readonly text: string;
}

/**
 * Takes language codes out of a text as transformers 4 does with the pattern `>>.+<<`: greedy, so from the first
 * `>>` of a line to its last `<<`, and in every line, though only the one at the start counts as a code.
 */
export function splitLanguageCode(text: string): CodedText {
  if (!text.includes('>>') || !text.includes('<<')) return { code: null, text };
  let code: string | null = null;
  // Python's `.` stops at \n only. One match a line at most: after its last `<<` no other can end.
  const lines = text.split('\n').map((line, i) => {
    const start = line.indexOf('>>');
    const end = line.lastIndexOf('<<');
    if (start < 0 || end < start + 3) return line;
    if (i === 0 && start === 0) code = line.slice(0, end + 2);
    return line.slice(0, start) + line.slice(end + 2);
  });
  return { code, text: lines.join('\n') };
}
