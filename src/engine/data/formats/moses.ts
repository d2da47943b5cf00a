import { basename } from 'node:path';
import { readAlignedFiles } from '../aligned-files.ts';
import { defineFormat } from '../corpus-format.ts';
import { fileSource } from '../read-bytes.ts';

/** Two aligned text files, one sentence a line, taken as they stand. */
export const moses = defineFormat('moses', async ({ source, target }, _languages, corpus) => {
  await readAlignedFiles({ source: fileSource(source), target: fileSource(target), clean: (text) => text }, corpus);
  return `${basename(source)} + ${basename(target)}`;
});
