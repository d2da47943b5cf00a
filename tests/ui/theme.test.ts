import { describe, expect, it } from 'vitest';
import { widthOf } from '../../src/ui/text/fit-text.ts';
import { themeFromEnvironment } from '../../src/ui/theme.ts';

describe('the colours of the terminal', () => {
  it.each([
    [{}, 1],
    [{ TERM: 'xterm' }, 1],
    [{ TERM: 'screen-256color' }, 2],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 3],
    [{ TERM: 'xterm-kitty' }, 3],
    [{ TERM: 'dumb' }, 0],
    [{ TERM: 'dumb', COLORTERM: 'truecolor' }, 0],
    [{ TERM: 'xterm-256color', NO_COLOR: '1' }, 0],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, 2],
    [{ TERM: 'xterm-256color', NO_COLOR: '1', FORCE_COLOR: '1' }, 1],
    [{ TERM: 'xterm-256color', FORCE_COLOR: '0' }, 0],
    [{ TERM: 'xterm-256color', FORCE_COLOR: 'false' }, 0],
    [{ TERM: 'dumb', FORCE_COLOR: '' }, 1],
    [{ TERM: 'xterm', FORCE_COLOR: '3' }, 3],
    [{ TERM: 'xterm-256color', FORCE_COLOR: 'true' }, 2],
  ])('%j gives level %i', (env, level) => {
    expect(themeFromEnvironment(env).colorLevel).toBe(level);
  });
});

describe('the characters of the terminal', () => {
  it.each([
    [{}, true],
    [{ LANG: 'fr_FR.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' }, false],
    [{ LANG: 'C', LC_CTYPE: 'de_DE.UTF-8' }, true],
    [{ LANG: 'de_DE.UTF-8', BLEUBIRD_ASCII: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('%j: Unicode is %s', (env, isUnicode) => {
    expect(themeFromEnvironment(env).isUnicode).toBe(isUnicode);
  });

  it('has only ASCII in the ASCII set', () => {
    const symbols = Object.values(themeFromEnvironment({ BLEUBIRD_ASCII: '1' }).symbols)
      .flat()
      .join('');
    expect(symbols).toMatch(/^[ -~]+$/);
  });

  it('has symbols of one cell, so that columns stay aligned', () => {
    const { symbols } = themeFromEnvironment({});
    for (const symbol of Object.values(symbols).flat()) expect(widthOf(symbol), symbol).toBe(1);
  });

  it('has another symbol for every state', () => {
    for (const env of [{}, { BLEUBIRD_ASCII: '1' }]) {
      const { pending, running, completed, stopped, failed, interrupted } = themeFromEnvironment(env).symbols;
      expect(new Set([pending, running, completed, stopped, failed, interrupted]).size).toBe(6);
    }
  });
});
