/**
 * Lets workers and the processes that tests start compile each source file once: Node keeps what it made of it in a folder of this one
 * run of the tests, which nobody else reads and which is gone after it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the folder and names it to all workers. It is removed at the very end: a worker writes to it when it exits. */
export default function shareCompiledSources(): void {
  const folder = mkdtempSync(join(tmpdir(), 'bleubird-compiled-'));
  process.env.NODE_COMPILE_CACHE = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}
