/** The way in: opens the store of a folder. */
import { join, resolve } from 'node:path';
import { openDatabase } from './open-database.ts';
import { identityOfFile, Store } from './store.ts';

export interface OpenStoreOptions {
  /** Reads only: nothing is created, upgraded or written; a store that does not exist looks empty. */
  readonly readOnly?: boolean;
  /** How long to wait for another program's write, milliseconds. */
  readonly busyTimeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Gives back the store in `directory`, made (for its owner only) when it is not there. Many programs may have it open at
 * once. The caller closes it.
 *
 * @throws {StoreError} when it is newer than this program, damaged, locked, or may not be written
 */
export function openStore(directory: string, options: OpenStoreOptions = {}): Store {
  const { readOnly = false, busyTimeoutMs = 10_000, now = Date.now } = options;
  const root = resolve(directory);
  const path = join(root, 'bleubird.sqlite');
  const { database, warnings } = openDatabase(path, { readOnly, busyTimeoutMs, now });
  return new Store(database, { directory: root, path, file: identityOfFile(path), warnings, now });
}
