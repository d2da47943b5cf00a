/** What is on the disk, as the system saw it: the calls of a process that makes a run and deletes it. Where there is no strace, not tested. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from './new-store.ts';

const script = fileURLToPath(new URL('run-from-start-to-end.ts', import.meta.url));
const canTrace = spawnSync('strace', ['-c', 'true']).status === 0;

it.skipIf(!canTrace)(
  'a new run is flushed to the disk when it is made and its end when it is deleted, an event is not',
  () => {
    const folder = temporaryFolder();
    const trace = join(folder, 'trace');
    const calls = ['-f', '-y', '-e', 'trace=fsync,fdatasync,write,unlink,rmdir', '-o', trace];
    execFileSync('strace', [...calls, process.execPath, script, join(folder, 'store')], { stdio: 'ignore' });
    const marks = /^.*"(?:creates|created|recorded|deletes|deleted)\\n".*$/m;
    const [, making = '', recording = '', , deleting = ''] = readFileSync(trace, 'utf8').split(marks);
    const flushOfLog = /f(data)?sync\(\d+<.*bleubird\.sqlite-wal>\) += 0/;
    expect(making).toMatch(flushOfLog);
    for (const named of ['runs/r>', 'runs>']) expect(making).toMatch(new RegExp(`fsync\\(\\d+<.*${named}\\) += 0`));
    expect(recording).not.toMatch(flushOfLog);
    expect(deleting.split(/unlink\(.*journal/)[0]).toMatch(flushOfLog);
  },
);
