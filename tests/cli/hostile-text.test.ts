/** Text of unknown origin on its way to the terminal: whatever it holds, nothing reaches the terminal that it would obey or hide. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Narrator } from '../../src/cli/headless/narrator.ts';
import { Output } from '../../src/cli/output.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { formatTable } from '../../src/cli/table.ts';
import { DataError } from '../../src/errors.ts';
import { visibleText } from '../../src/ui/text/fit-text.ts';
import { paintLine, span } from '../../src/ui/text/rich-line.ts';
import { themeFromEnvironment } from '../../src/ui/theme.ts';
import { Random } from '../fuzz/random.ts';

const PARTS = [
  'a',
  'é',
  '日本',
  '👨‍👩‍👧',
  'می‌خواهم',
  '\u001b[2J',
  '\u001b]52;c;aGk=\u0007',
  '\u001b]8;;http://x\u001b\\',
  '\u001bP1$q\u001b\\',
  '\u001b[8m',
  '\u009b31m',
  '\u0085',
  '\u0000',
  '\u0007',
  '\b',
  '\r',
  '\n',
  '\t',
  '\u007f',
  '\u061c',
  '\u200b',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202e',
  '\u2028',
  '\u2060',
  '\u2066',
  '\u2069',
  '\ufeff',
  '\ufff9',
  '\u{e0041}',
  '\ud800',
  '\u0301'.repeat(100),
  'a\ufe0f',
  '\u034f',
  '\u{1bca0}',
  'a\u200db',
];
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
/** Control codes but \n, C1, bidi controls, what takes no room, halves of pairs. */
const HARMFUL =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\u{1bca0}-\u{1bca3}\p{Surrogate}]|\u034f|[a-z][\u200d\ufe0f]|\p{M}{9}/u;
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u202a-\u202e\u2066-\u2069]/;
const LOOKS = /\u001b\[[\d;]*m/g;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.

const random = new Random(5);
const texts = Array.from({ length: 300 }, () =>
  Array.from({ length: 1 + random.below(6) }, () => random.pick(PARTS) ?? '').join(''),
);

function terminal(): { output: Output; shown: () => string } {
  const chunks: string[] = [];
  const stream = () => {
    const pass = new PassThrough();
    pass.on('data', (chunk) => chunks.push(String(chunk)));
    return Object.assign(pass, { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream;
  };
  return { output: new Output({ stdout: stream(), stderr: stream(), env: {} }), shown: () => chunks.join('') };
}

describe('hostile text', () => {
  it('is made visible', () => {
    for (const text of texts) expect(visibleText(text)).not.toMatch(HARMFUL);
    expect(visibleText('a\u061cb\u200bc\u200dd\u{e0041}')).toBe('a⟨061C⟩b⟨200B⟩c⟨200D⟩d⟨E0041⟩');
    expect(visibleText('pay\ufe0fpal a\u034fb')).toBe('pay⟨FE0F⟩pal a⟨034F⟩b');
    expect(visibleText(`e${'\u0301'.repeat(100)}`)).toBe(`e${'\u0301'.repeat(8)}⟨+92 marks⟩`);
  });

  it('stays as it is where joiners belong to the writing', () => {
    for (const text of ['می‌خواهم', 'क्‍ष', '👩🏽‍🚀', '❤️‍🔥', '☎️', '1️⃣', '→︎']) expect(visibleText(text)).toBe(text);
  });

  it('is harmless in lines of data, narration and errors on a terminal', async () => {
    for (const text of texts) {
      const { output, shown } = terminal();
      output.line(output.tone('good', text));
      output.note(text);
      output.warn(text);
      reportError(new DataError(text, { hint: text }), output);
      reportError(new Error(text), output);
      await output.flush();
      expect(shown().replace(LOOKS, '')).not.toMatch(HARMFUL);
    }
  });

  it('is harmless as JSON, and the same text', async () => {
    for (const text of texts) {
      const { output, shown } = terminal();
      output.json({ text });
      await output.flush();
      expect(shown()).not.toMatch(OBEYED);
      expect(JSON.parse(shown())).toEqual({ text });
    }
  });

  it('is harmless in tables and on the screens', () => {
    const theme = themeFromEnvironment({ TERM: 'xterm-256color', LANG: 'C.UTF-8' });
    for (const text of texts) {
      expect(formatTable([text], [{ title: 'A', text: (row) => row }], 40).join('\n')).not.toMatch(HARMFUL);
      expect(paintLine([span(text, { bold: true }), span(text)], 60, theme).replace(LOOKS, '')).not.toMatch(HARMFUL);
    }
  });

  it('is harmless as narration of a run', () => {
    for (const text of texts) {
      const narrator = new Narrator(1, Date.now);
      const lines = [
        ...narrator.linesFor({ type: 'ready', pid: 1, device: text, description: text, why: text, versions: {} }),
        ...narrator.linesFor({ type: 'warning', message: text }),
        ...narrator.linesFor({ type: 'checkpoint', step: 1, epoch: 1, path: text, sizeBytes: 1 }),
      ];
      const { output, shown } = terminal();
      for (const { to, text: line } of lines) to === 'log' ? output.line(line) : output.note(line);
      expect(shown().replace(LOOKS, '')).not.toMatch(HARMFUL);
    }
  });
});
