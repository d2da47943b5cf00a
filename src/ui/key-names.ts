/**
 * What Ink reports of the keyboard, as names: `j`, `G`, `enter`, `ctrl+d`, `shift+tab`, `up`.
 * Several keys that arrive in one read (a fast typist, a slow line) come as one text and are taken apart here, so none
 * is lost.
 */
import type { Key } from 'ink';

/** A key by its name; `text` is what it writes into a field, null for keys that write nothing. */
export interface KeyPress {
  readonly name: string;
  readonly text: string | null;
}

const NAMED = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'esc'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
] as const satisfies readonly (readonly [keyof Key, string])[];

const CONTROL_NAMES: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u001b': 'esc',
};

/** The key presses in what `useInput` was called with; empty for keys without a name here. */
export function keyPresses(input: string, key: Key): KeyPress[] {
  if (key.eventType === 'release') return [];
  if (key.tab) return [named(key.shift ? 'shift+tab' : 'tab')];
  for (const [property, name] of NAMED) {
    if (key[property] === true) return [named(name)];
  }
  if (key.ctrl) return input === '' ? [] : [named(`ctrl+${input.toLowerCase()}`)];
  if (key.meta) return [];
  return [...input].flatMap((character) => characterPress(character));
}

function characterPress(character: string): KeyPress[] {
  const name = CONTROL_NAMES[character];
  if (name !== undefined) return [named(name)];
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return [named(`ctrl+${String.fromCharCode(code + 96)}`)];
  return [{ name: character === ' ' ? 'space' : character, text: character }];
}

function named(name: string): KeyPress {
  return { name, text: null };
}
