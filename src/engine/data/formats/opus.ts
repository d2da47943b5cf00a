import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../../errors.ts';
import { stripBoth } from '../../text/python-strip.ts';
import { readAlignedFiles } from '../aligned-files.ts';
import { defineFormat } from '../corpus-format.ts';

/**
 * An OPUS corpus in Moses format, read as the kde4 loader of `datasets` 1.18 reads KDE4: each line stripped as Python
 * strips, empty lines kept. OPUS names both files by the two languages in alphabetical order.
 */
export const opus = defineFormat('opus', async ({ name, directory }, { source_lang, target_lang }, corpus) => {
  const pair = [source_lang, target_lang].sort().join('-');
  const source = join(directory, `${name}.${pair}.${source_lang}`);
  const target = join(directory, `${name}.${pair}.${target_lang}`);
  await requireFiles([source, target], name, pair, directory);
  await readAlignedFiles({ source, target, clean: stripBoth }, corpus);
  return `${name} ${source_lang}-${target_lang}`;
});

async function requireFiles(files: readonly string[], name: string, pair: string, directory: string): Promise<void> {
  const found = await Promise.all(
    files.map((file) =>
      stat(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  const missing = files.filter((_, index) => !found[index]);
  if (missing.length === 0) return;
  // KDE4's newest release is v2; of the others the catalogue knows.
  const archive = name === 'KDE4' ? `https://object.pouta.csc.fi/OPUS-KDE4/v2/moses/${pair}.txt.zip` : null;
  throw new DataError(`The OPUS corpus ${name} (${pair}) is not complete: there is no ${missing.join(' and no ')}.`, {
    hint:
      archive === null
        ? `Download ${name} ${pair} in Moses format from https://opus.nlpl.eu and unpack it into ${directory}.`
        : `curl -LO ${archive} && unzip -d ${directory} ${pair}.txt.zip`,
  });
}
