import { describe, expect, it } from 'vitest';
import { Glob } from '../../../src/engine/data/glob.ts';

const matches = (pattern: string, path: string): boolean => new Glob(pattern).matches(path, { steps: 0 });

describe('a pattern', () => {
  it.each([
    ['a/b.csv', ['a/b.csv'], ['a/b.csv2', 'a/b', 'b.csv']],
    ['a/*.csv', ['a/.csv', 'a/b.csv', 'a/b.csv.csv'], ['a/b/c.csv', 'a/b.tsv', 'b.csv']],
    ['*a*b*', ['ab', 'xaxbx', 'aab'], ['ba', 'a/b', '']],
    ['a?c', ['abc', 'a.c'], ['ac', 'a/c', 'abbc']],
    ['**', ['', 'a', 'a/b/c'], []],
    ['**/x', ['x', 'a/x', 'a/b/x'], ['ax', 'a/bx']],
    [
      'a/**/b/*.csv',
      ['a/b/1.csv', 'a/x/b/1.csv', 'a/b/b/1.csv', 'a/x/y/b/1.csv'],
      ['a/xb/1.csv', 'b/1.csv', 'a/b/x/1'],
    ],
    ['*/**/x', ['a/x', 'a/b/c/x'], ['x', 'a/bx']],
    ['**/**/x', ['x', 'a/x'], ['ax']],
    ['x[12].csv', ['x1.csv', 'x2.csv'], ['x3.csv', 'x.csv', 'x12.csv']],
    ['x[!12]', ['x3'], ['x1', 'x']],
    ['x[a-c_]', ['xa', 'xb', 'x_'], ['xd', 'x-']],
    ['x[z-a]', [], ['xz', 'xa', 'xm']],
    ['x[z-ab]', ['xb'], ['xz']],
    ['x[^a]', ['x^', 'xa'], ['xb']],
    ['x[\\d]', ['x\\', 'xd'], ['x1']],
    ['a[b', ['a[b'], ['ab']],
    ['(a+)+$', ['(a+)+$'], ['aa']],
  ])('%s stands for %j and not for %j', (pattern, paths, others) => {
    for (const path of paths) expect([path, matches(pattern, path)]).toEqual([path, true]);
    for (const path of others) expect([path, matches(pattern, path)]).toEqual([path, false]);
  });

  it('with no wildcard is a path itself', () => {
    expect(new Glob('a/b[.csv').literal).toBe('a/b[.csv');
    expect(new Glob('a/b*').literal).toBeNull();
  });

  it('takes no more steps than it has characters for each of the path, however many stars it has', () => {
    for (const part of ['*a', '**/a', '[ab]*', '*?']) {
      const work = { steps: 0 };
      const [pattern, path] = [`${part.repeat(40)}b!`, 'a'.repeat(300)];
      expect(new Glob(pattern).matches(path, work)).toBe(false);
      expect(work.steps).toBeLessThan(pattern.length * (path.length + 1));
    }
  });
});
