/** The text that the shown screen scrolls without a cursor: how much of it is out of sight, and where a key takes it. */
import type { Command } from '../keys.ts';
import { bodyRows, comparedSettingRows, tabRows } from './layout.ts';
import { moveScroll } from './list-position.ts';
import { compareRowCount, helpRows, liveRowCount } from './selectors.ts';
import { sentenceRowCount } from './sentence-rows.ts';
import { topScreen, type UiState } from './ui-state.ts';

export interface ScrolledText {
  /** Rows out of sight above. */
  readonly above: number;
  /** Rows out of sight below. */
  readonly below: number;
  readonly count: number;
  /** Rows visible at once. */
  readonly page: number;
}

/** Gives the scrolled text of the shown screen; null where a list has a cursor, or nothing scrolls. */
export function scrolledText(state: UiState): ScrolledText | null {
  const screen = topScreen(state);
  switch (screen.type) {
    case 'help':
      return scrolled(screen.scroll, helpRows(screen.about, state.size.columns).length, bodyRows(state.size));
    case 'sentence':
      return scrolled(screen.scroll, sentenceRowCount(state, screen), bodyRows(state.size));
    case 'live': {
      if (screen.tab !== 'config' && screen.tab !== 'events') return null;
      const isAtEnd = screen.tab === 'events' && screen.isFollowing;
      const position = isAtEnd ? Number.POSITIVE_INFINITY : screen.position;
      return scrolled(position, liveRowCount(state, screen), tabRows(state.size));
    }
    case 'compare':
      if (screen.tab !== 'config') return null;
      return scrolled(screen.position, compareRowCount(state, screen), comparedSettingRows(tabRows(state.size)));
    default:
      return null;
  }
}

/** Where the text stands after a moving command: so many rows are out of sight above. */
export function scrollBy({ above, count, page }: ScrolledText, command: Command): number {
  return moveScroll(above, command, count, page);
}

function scrolled(position: number, count: number, page: number): ScrolledText {
  const last = Math.max(0, count - page);
  const above = Math.min(position, last);
  return { above, below: last - above, count, page };
}
