import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isYamlNestedTooDeeply } from '../../../src/engine/files/yaml-depth.ts';

const steps = (count: number, line: (indent: string) => string): string =>
  Array.from({ length: count }, (_, index) => line(' '.repeat(index))).join('\n');

describe('a YAML text', () => {
  it.each([
    ['brackets', '['.repeat(65)],
    ['braces', '{a: '.repeat(65)],
    ['lists on one line', '- '.repeat(65)],
    ['lists on lines', steps(65, (indent) => `${indent}-`)],
    ['mappings on lines', steps(65, (indent) => `${indent}a:`)],
    ['mappings on lines with long keys', steps(65, (indent) => `${indent}${'a'.repeat(90 - indent.length)}:`)],
    ['complex keys', '? '.repeat(65)],
    ['complex keys on lines', steps(65, (indent) => `${indent}?`)],
    ['brackets within lines', `${steps(40, (indent) => `${indent}a:`)} ${'['.repeat(30)}`],
    ['lines with remarks between', steps(65, (indent) => `${indent}- # a\n# b\n`)],
  ])('that is nested too deeply in %s is known', (_what, text) => {
    expect(isYamlNestedTooDeeply(text)).toBe(true);
  });

  it.each([
    ['brackets side by side', '- [[], {}, []]\n'.repeat(1000)],
    ['many keys within braces', `{${'a: 1, '.repeat(1000)}}`],
    ['many keys and lists of the same depth', 'a:\n  - b: {c: d}\n    e:\n    - f\n'.repeat(1000)],
    [
      'brackets in texts',
      `a: |\n${'  [[[[ - - ? a: b: c\n'.repeat(100)}b: "${'[ '.repeat(100)}"\nc: x${' [- '.repeat(100)}`,
    ],
    ['brackets in remarks', `# ${'['.repeat(100)}\na: 1 # ${'{- '.repeat(100)}\n`],
    ['nothing', ''],
  ])('with %s is not', (_what, text) => {
    expect(isYamlNestedTooDeeply(text)).toBe(false);
  });

  it('of our own is not', () => {
    for (const name of readdirSync('experiments').filter((each) => each.endsWith('.yaml'))) {
      expect(isYamlNestedTooDeeply(readFileSync(join('experiments', name), 'utf8'))).toBe(false);
    }
  });
});
