/** Run as a process of its own: opens the store argv[2] to read or write, and prints the ids of its runs or the error. */
import { AppError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open-store.ts';

const [directory = '', mode] = process.argv.slice(2);
try {
  const store = openStore(directory, { readOnly: mode === 'read' });
  process.stdout.write(JSON.stringify({ runs: store.listRuns().map(({ id }) => id) }));
  store.close();
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stdout.write(JSON.stringify(error));
}
