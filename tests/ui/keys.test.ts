import { describe, expect, it } from 'vitest';
import { bindingsOf, type Context, commandFor, footerBindings, KEY_TABLE } from '../../src/ui/keys.ts';

const CONTEXTS: readonly Context[] = [...new Set(KEY_TABLE.flatMap(({ contexts }) => contexts))];
const LISTS: readonly Context[] = ['runs', 'presets', 'form', 'live', 'compare', 'sentence', 'help'];

describe('the key table', () => {
  it.each(CONTEXTS)('gives every key one meaning in %s', (context) => {
    const keys = bindingsOf(context).flatMap((binding) => binding.keys);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it.each(LISTS)('has vim keys and arrows, help, back and quit in %s', (context) => {
    const expected = {
      j: 'down',
      down: 'down',
      k: 'up',
      up: 'up',
      g: 'first',
      G: 'last',
      'ctrl+d': 'half-down',
      'ctrl+u': 'half-up',
      '?': 'help',
      esc: 'back',
      q: 'quit',
      'ctrl+c': 'quit',
    };
    for (const [key, command] of Object.entries(expected)) expect(commandFor(context, key), key).toBe(command);
  });

  it.each(CONTEXTS)('leads out of %s by ctrl+c', (context) => {
    expect(commandFor(context, 'ctrl+c')).toBe('quit');
  });

  it('writes letters in text contexts', () => {
    for (const context of ['filter', 'edit'] as const) {
      const letters = bindingsOf(context).flatMap(({ keys }) => keys.filter((key) => key.length === 1));
      expect(letters).toEqual([]);
    }
  });

  it('shows in each footer only keys that work there', () => {
    for (const context of CONTEXTS) {
      const footer = footerBindings(context);
      expect(footer.length, context).toBeGreaterThan(0);
      for (const binding of footer) expect(binding.contexts, binding.command).toContain(context);
    }
  });

  it('knows no meaning for other keys', () => {
    expect(commandFor('runs', 'F12')).toBeNull();
    expect(commandFor('confirm', 'enter')).toBeNull();
  });
});
