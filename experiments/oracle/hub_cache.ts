/**
 * The demo model on a hub of this machine, for hub_cache.py: prints the hub's address, then for each line of standard input
 * the names of the files whose contents were asked for since the last, as JSON; ends with it.
 */
import { createInterface } from 'node:readline';
import { addDemoRepository } from '../../tests/support/demo-repository.ts';
import { contentName, json, startFakeHub } from '../../tests/support/fake-hub.ts';

const hub = await startFakeHub();
const { files } = addDemoRepository(hub);
// Newer versions list files by this.
hub.routes.push(({ path }) => {
  if (!path.startsWith('/api/models/Org/demo/tree/')) return null;
  const entries = [...files].map(([name, file]) => {
    const size = file.bytes.length;
    const lfs = file.isLarge ? { oid: contentName(file), size, pointerSize: 134 } : undefined;
    return { type: 'file', path: name, size, oid: contentName({ ...file, isLarge: false }), lfs };
  });
  return json(entries);
});
process.stdout.write(`${JSON.stringify(hub.endpoint)}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  const contents = hub.requests.filter(
    ({ method, server, path }) => method === 'GET' && (server === 'storage' || path.includes('/resolve/')),
  );
  process.stdout.write(`${JSON.stringify(contents.map(({ path }) => path.split('/').at(-1)))}\n`);
  hub.requests.length = 0;
}
await hub.close();
