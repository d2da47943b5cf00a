/** Opens screens for the tests of a file and closes what a test has left open. */
import { afterEach } from 'vitest';
import type { FixtureServices } from './fixture-services.ts';
import { openScreen, type Screen, type ScreenOptions } from './screen.ts';

/** Gives the function that opens a screen over fixture services. */
export function screenOpener(): (options?: ScreenOptions<FixtureServices>) => Promise<Screen> {
  let opened: Screen | null = null;
  afterEach(async () => {
    await opened?.close().catch(() => {});
    opened = null;
  });
  return async (options = {}) => {
    opened = await openScreen(options);
    return opened;
  };
}
