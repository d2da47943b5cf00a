import { describe, expect, it } from 'vitest';
import { movePosition, moveScroll, windowAround } from '../../../src/ui/state/list-position.ts';

describe('movePosition', () => {
  it.each([
    ['up', 5, 4],
    ['up', 0, 0],
    ['down', 5, 6],
    ['down', 19, 19],
    ['half-up', 12, 7],
    ['half-down', 12, 17],
    ['half-down', 17, 19],
    ['page-up', 12, 3],
    ['page-down', 3, 12],
    ['first', 12, 0],
    ['last', 3, 19],
    ['sort', 3, 3],
  ] as const)('takes %s from %i to %i in a list of 20 with a page of 10', (command, from, to) => {
    expect(movePosition(from, command, 20, 10)).toBe(to);
  });

  it('stays at 0 in an empty list, and comes back into a list that has become shorter', () => {
    expect(movePosition(0, 'down', 0, 10)).toBe(0);
    expect(movePosition(9, 'up', 3, 10)).toBe(2);
  });
});

describe('moveScroll', () => {
  it('ends with the last full page', () => {
    expect(moveScroll(0, 'last', 30, 10)).toBe(20);
    expect(moveScroll(19, 'page-down', 30, 10)).toBe(20);
    expect(moveScroll(0, 'down', 5, 10)).toBe(0);
  });
});

describe('windowAround', () => {
  it.each([
    [0, 100, 10, 0, 10],
    [50, 100, 10, 45, 55],
    [99, 100, 10, 90, 100],
    [2, 5, 10, 0, 5],
    [0, 0, 10, 0, 0],
    [3, 5, 1, 3, 4],
  ])('shows the cursor %i of %i rows in a window of %i from %i to %i', (cursor, count, size, first, end) => {
    expect(windowAround(cursor, count, size)).toEqual({ first, end });
  });
});
