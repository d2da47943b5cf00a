/** What is on the disk, as the system saw it: the calls of a process that makes a run. Where there is no strace, not tested. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from './new-store.ts';

const script = fileURLToPath(new URL('create-and-record.ts', import.meta.url));
const canTrace = spawnSync('strace', ['-c', 'true']).status === 0;

it.skipIf(!canTrace)('a new run is flushed to the disk when it is made, an event is not', () => {
  const folder = temporaryFolder();
  const trace = join(folder, 'trace');
  const calls = ['-f', '-y', '-e', 'trace=fsync,fdatasync,write', '-o', trace];
  execFileSync('strace', [...calls, process.execPath, script, join(folder, 'store')], { stdio: 'ignore' });
  const [, making = '', recording = ''] = readFileSync(trace, 'utf8').split(/^.*"(?:creates|created|recorded)\\n".*$/m);
  const flushOfLog = /f(data)?sync\(\d+<.*bleubird\.sqlite-wal>\) += 0/;
  expect(making).toMatch(flushOfLog);
  expect(recording).not.toMatch(flushOfLog);
});
