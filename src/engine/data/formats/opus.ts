import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../../errors.ts';
import { stripBoth } from '../../text/python-strip.ts';
import { readAlignedFiles } from '../aligned-files.ts';
import { defineFormat } from '../corpus-format.ts';
import { openZipMembers } from '../opus-zip.ts';
import { fileSource } from '../read-bytes.ts';

/**
 * An OPUS corpus in Moses format, read as the kde4 loader of `datasets` 1.18 reads KDE4: each line stripped as Python
 * strips, empty lines kept. OPUS names both files by the two languages in alphabetical order. The two files may lie
 * unpacked in the folder, or in the archive they come in, `en-fr.txt.zip`; the unpacked ones are taken first.
 */
export const opus = defineFormat('opus', async ({ name, directory }, { source_lang, target_lang }, corpus) => {
  const pair = [source_lang, target_lang].sort().join('-');
  const members = [`${name}.${pair}.${source_lang}`, `${name}.${pair}.${target_lang}`];
  const files = members.map((member) => join(directory, member));
  const missing = await findMissing(files);
  const archive = join(directory, `${pair}.txt.zip`);
  if (missing.length === 0) {
    const [source = '', target = ''] = files;
    await readAlignedFiles({ source: fileSource(source), target: fileSource(target), clean: stripBoth }, corpus);
  } else if ((await findMissing([archive])).length === 0) {
    await readArchive(archive, members, corpus);
  } else {
    throw incompleteError({ name, pair, directory, missing });
  }
  return `${name} ${source_lang}-${target_lang}`;
});

async function readArchive(
  path: string,
  names: readonly string[],
  corpus: Parameters<typeof readAlignedFiles>[1],
): Promise<void> {
  const { members, close } = await openZipMembers(path, names);
  try {
    const [source, target] = members;
    if (source === undefined || target === undefined)
      throw new RangeError('An archive gave fewer members than asked for.');
    await readAlignedFiles({ source, target, clean: stripBoth }, corpus);
  } finally {
    close();
  }
}

async function findMissing(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    files.map((file) =>
      stat(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return files.filter((_, index) => !found[index]);
}

interface Incomplete {
  readonly name: string;
  readonly pair: string;
  readonly directory: string;
  readonly missing: readonly string[];
}

function incompleteError({ name, pair, directory, missing }: Incomplete): DataError {
  // KDE4's newest release is v2; of the others the catalogue knows.
  const archive = name === 'KDE4' ? `https://object.pouta.csc.fi/OPUS-KDE4/v2/moses/${pair}.txt.zip` : null;
  return new DataError(`The OPUS corpus ${name} (${pair}) is not complete: there is no ${missing.join(' and no ')}.`, {
    hint:
      archive === null
        ? `Download ${name} ${pair} in Moses format from https://opus.nlpl.eu and put ${pair}.txt.zip into ${directory}.`
        : `curl -L --create-dirs -o ${join(directory, `${pair}.txt.zip`)} ${archive}`,
  });
}
