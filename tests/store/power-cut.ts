/** What a power cut does to a store: SQLite's newest pages are gone, the journals, flushed more often, are not. */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PARTS = ['', '-wal'];

/** Remembers the database in `directory` as the disk has it now. @returns what puts it back, once nobody has it open */
export function rememberDatabase(directory: string): () => void {
  const file = join(directory, 'bleubird.sqlite');
  for (const part of PARTS) if (existsSync(file + part)) copyFileSync(file + part, `${file}${part}.then`);
  return () => {
    for (const part of [...PARTS, '-shm']) rmSync(file + part, { force: true });
    for (const part of PARTS) {
      if (!existsSync(`${file}${part}.then`)) continue;
      copyFileSync(`${file}${part}.then`, file + part);
      rmSync(`${file}${part}.then`);
    }
  };
}
