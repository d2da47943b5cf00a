import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with these files, removed when it goes out of scope. */
export async function temporaryFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<{ directory: string; path: (name: string) => string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'bleubird-data-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return {
    directory,
    path: (name) => join(directory, name),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
