/** Moving in a list and showing the part of it that fits: arithmetic shared by every list. */
import type { Command } from '../keys.ts';

/**
 * The new position after a moving command, kept within the list; the position itself for any other command.
 *
 * @param page  lines visible at once
 */
export function movePosition(position: number, command: Command, count: number, page: number): number {
  const clamp = (target: number) => Math.min(Math.max(0, target), Math.max(0, count - 1));
  const half = Math.max(1, Math.floor(page / 2));
  switch (command) {
    case 'up':
      return clamp(position - 1);
    case 'down':
      return clamp(position + 1);
    case 'half-up':
      return clamp(position - half);
    case 'half-down':
      return clamp(position + half);
    case 'page-up':
      return clamp(position - Math.max(1, page - 1));
    case 'page-down':
      return clamp(position + Math.max(1, page - 1));
    case 'first':
      return 0;
    case 'last':
      return clamp(count - 1);
    default:
      return clamp(position);
  }
}

/** The same for text that scrolls without a cursor: the last position shows the last full page. */
export function moveScroll(scroll: number, command: Command, count: number, page: number): number {
  return movePosition(scroll, command, Math.max(1, count - page + 1), page);
}

/** The slice of a list to show: `size` entries around the cursor, full as long as there are enough. */
export function windowAround(cursor: number, count: number, size: number): { first: number; end: number } {
  const first = Math.min(Math.max(0, cursor - Math.floor(size / 2)), Math.max(0, count - size));
  return { first, end: Math.min(count, first + Math.max(0, size)) };
}

/** Whether the command moves in a list. */
export function isMove(command: Command): boolean {
  return ['up', 'down', 'half-up', 'half-down', 'page-up', 'page-down', 'first', 'last'].includes(command);
}
