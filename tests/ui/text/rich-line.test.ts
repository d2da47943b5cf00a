import { describe, expect, it } from 'vitest';
import { cutLine, justify, lineWidth, paintLine, span, wrapLine } from '../../../src/ui/text/rich-line.ts';
import { themeFromEnvironment } from '../../../src/ui/theme.ts';

const text = (line: readonly { text: string }[]) => line.map((piece) => piece.text).join('');

describe('cutLine', () => {
  it.each([
    [['abc', 'def'], 6, 'abcdef'],
    [['abc', 'def'], 5, 'abcd…'],
    [['abc', 'def'], 4, 'abc…'],
    [['abc', 'def'], 3, 'ab…'],
    [['abc', 'def'], 0, ''],
    [['日本', '語'], 5, '日本…'],
    [['日本', '語'], 4, '日…'],
    [['a', '', ''], 1, 'a'],
  ])('%j in %i cells is %j', (pieces, width, expected) => {
    const cut = cutLine(
      pieces.map((piece) => span(piece)),
      width,
    );
    expect(text(cut)).toBe(expected);
    expect(lineWidth(cut)).toBeLessThanOrEqual(width);
  });
});

describe('wrapLine', () => {
  it.each([
    [['  Press ', 'n', ' to begin.'], 20, ['  Press n to begin.']],
    [['  Press ', 'n', ' to begin.'], 12, ['  Press n to ', '  begin.']],
    [['  Press ', 'n', ' to begin.'], 9, ['  Press n ', '  to ', '  begin.']],
    [['  averylongword and more'], 8, ['  averylongword ', '  and ', '  more']],
    [['日本 語'], 4, ['日本 ', '  語']],
    [[], 10, ['']],
  ])('%j in %i cells is %j', (pieces, width, expected) => {
    const lines = wrapLine(
      pieces.map((piece) => span(piece)),
      width,
      2,
    );
    expect(lines.map(text)).toEqual(expected);
  });

  it('keeps the style of every word', () => {
    const lines = wrapLine([span('a '), span('b c', { bold: true })], 3, 0);
    expect(lines).toEqual([
      [span('a '), span('b ', { bold: true })],
      [span(''), span('c', { bold: true })],
    ]);
  });
});

describe('justify', () => {
  it('keeps the right part and cuts the left', () => {
    expect(text(justify([span('left')], [span('right')], 12))).toBe('left   right');
    expect(text(justify([span('a long left part')], [span('right')], 12))).toBe('a lon… right');
  });
});

describe('paintLine', () => {
  const line = [span('x', { tone: 'bad', bold: true }), span('y'), span('z', { tone: 'muted' })];
  it.each([
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, '\u001b[1;38;2;213;94;0mx\u001b[0my\u001b[2mz\u001b[0m'],
    [{ TERM: 'xterm-256color' }, '\u001b[1;38;5;166mx\u001b[0my\u001b[2mz\u001b[0m'],
    [{ TERM: 'xterm' }, '\u001b[1;31mx\u001b[0my\u001b[2mz\u001b[0m'],
    [{ TERM: 'xterm', NO_COLOR: '1' }, '\u001b[1mx\u001b[0my\u001b[2mz\u001b[0m'],
    [{ TERM: 'dumb' }, 'xyz'],
  ])('with %j', (env, expected) => {
    expect(paintLine(line, 80, themeFromEnvironment(env))).toBe(expected);
  });
});
