/** Run as a process of its own: takes the lock in its argument and holds it until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withFileLock } from '../../../src/engine/hub/file-lock.ts';

await withFileLock(process.argv[2] ?? '', async () => {
  process.send?.('held');
  await sleep(60_000);
});
