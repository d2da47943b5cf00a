/** Fresh stores in temporary folders, which go away with the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type OpenStoreOptions, openStore } from '../../src/store/open-store.ts';

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bleubird-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An open store that is closed with the test. */
export function newStore(options: OpenStoreOptions & { directory?: string } = {}) {
  const store = openStore(options.directory ?? temporaryFolder(), options);
  onTestFinished(() => store.close());
  return store;
}
