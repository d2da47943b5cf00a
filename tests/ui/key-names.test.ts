import type { Key } from 'ink';
import { describe, expect, it } from 'vitest';
import { keyPresses } from '../../src/ui/key-names.ts';

const NO_KEY: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
};

function names(input: string, key: Partial<Key> = {}): string[] {
  return keyPresses(input, { ...NO_KEY, ...key }).map(({ name }) => name);
}

describe('keyPresses', () => {
  it.each<[string, Partial<Key>, string[]]>([
    ['j', {}, ['j']],
    ['G', { shift: true }, ['G']],
    [' ', {}, ['space']],
    ['', { upArrow: true }, ['up']],
    ['', { return: true }, ['enter']],
    ['', { escape: true }, ['esc']],
    ['', { tab: true }, ['tab']],
    ['', { tab: true, shift: true }, ['shift+tab']],
    ['d', { ctrl: true }, ['ctrl+d']],
    ['x', { meta: true }, []],
    ['j', { eventType: 'release' }, []],
    ['', {}, []],
  ])('%j with %j is %j', (input, key, expected) => {
    expect(names(input, key)).toEqual(expected);
  });

  it('takes apart keys that arrived together', () => {
    expect(names('jj\r/é🐦\t\u0004\u007f')).toEqual(['j', 'j', 'enter', '/', 'é', '🐦', 'tab', 'ctrl+d', 'backspace']);
  });

  it('tells what a key writes into a field', () => {
    expect(keyPresses(' ', NO_KEY)).toEqual([{ name: 'space', text: ' ' }]);
    expect(keyPresses('', { ...NO_KEY, return: true })).toEqual([{ name: 'enter', text: null }]);
  });
});
