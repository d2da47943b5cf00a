import { join } from 'node:path';
import { DataError } from '../../../errors.ts';
import type { CorpusSpec } from '../../config/experiment.ts';
import { exists } from '../../files/file-kind.ts';
import { stripBoth } from '../../text/python-strip.ts';
import { readAlignedFiles } from '../aligned-files.ts';
import { findCachedKde4 } from '../cached-kde4.ts';
import type { CorpusBuilder } from '../corpus-builder.ts';
import { type CorpusWorld, defineFormat, type Languages } from '../corpus-format.ts';
import { fetchOpusArchive, type OpusRelease } from '../opus-archive.ts';
import { openZipMembers } from '../opus-zip.ts';
import { fileSource } from '../read-bytes.ts';
import { readParquetFile } from './parquet.ts';

/** Of what is not given: the release that the Hugging Face course was written with. */
const KNOWN_VERSIONS: ReadonlyMap<string, string> = new Map([['KDE4', 'v2']]);

/** Rows of KDE4 v2 en-fr, by dataset_infos.json of `datasets` 1.18: the split counts on them. */
const KDE4_ENGLISH_FRENCH_PAIRS = 210_173;

/**
 * An OPUS corpus in Moses format, read as the kde4 loader of `datasets` 1.18 reads KDE4: each line stripped as Python
 * strips, empty lines kept. OPUS names both files by the two languages in alphabetical order. They are taken from the
 * first of these that has them: the folder, unpacked or as the archive they come in, `en-fr.txt.zip`; for KDE4 a dataset
 * of that name in the cache of the Hugging Face hub; our cache; the server of OPUS.
 */
export const opus = defineFormat('opus', async (spec, languages, corpus, world) => {
  const pair = [languages.source_lang, languages.target_lang].sort().join('-');
  const count = await readFirstFound(spec, pair, languages, corpus, world);
  if (spec.name === 'KDE4' && pair === 'en-fr' && count !== KDE4_ENGLISH_FRENCH_PAIRS) {
    corpus.note(
      `KDE4 v2 en-fr has ${KDE4_ENGLISH_FRENCH_PAIRS} pairs; this has ${count}, so its split is not that of the Hugging Face course.`,
    );
  }
  return `${spec.name} ${languages.source_lang}-${languages.target_lang}`;
});

type OpusSpec = Extract<CorpusSpec, { format: 'opus' }>;

/** @returns how many lines there were */
async function readFirstFound(
  { name, version, directory }: OpusSpec,
  pair: string,
  languages: Languages,
  corpus: CorpusBuilder,
  world: CorpusWorld,
): Promise<number> {
  const { source_lang, target_lang } = languages;
  const members = [`${name}.${pair}.${source_lang}`, `${name}.${pair}.${target_lang}`];
  if (directory !== null) {
    const [source = '', target = ''] = members.map((member) => join(directory, member));
    const archive = join(directory, `${pair}.txt.zip`);
    if (exists(source) && exists(target)) {
      return await readAlignedFiles(
        { source: fileSource(source), target: fileSource(target), clean: stripBoth },
        corpus,
      );
    }
    if (exists(archive)) return await readArchive(archive, members, corpus);
    corpus.note(`${directory} has neither ${members.join(' and ')} nor ${pair}.txt.zip: read from elsewhere.`);
  }
  const release = { name, version: version ?? KNOWN_VERSIONS.get(name) ?? null, pair };
  const cached =
    name === 'KDE4' && release.version === KNOWN_VERSIONS.get('KDE4') ? await findCachedKde4(pair, world) : [];
  if (cached.length > 0) {
    corpus.note(`KDE4 was read from the cache of the Hugging Face hub: ${cached.join(', ')}.`);
    const paths = { source: `translation.${source_lang}`, target: `translation.${target_lang}` };
    let rows = 0;
    for (const file of cached) rows += await readParquetFile(file, paths, corpus);
    return rows;
  }
  requireVersion(release);
  return await readArchive(await fetchOpusArchive(release, world), members, corpus);
}

function requireVersion(release: {
  name: string;
  version: string | null;
  pair: string;
}): asserts release is OpusRelease {
  if (release.version !== null) return;
  const { name, pair } = release;
  throw new DataError(`To download the OPUS corpus ${name} (${pair}), its version must be known.`, {
    hint: `Set data.corpus.version to one that https://opus.nlpl.eu lists for ${name}, such as v1; or name a folder with ${pair}.txt.zip in data.corpus.directory.`,
  });
}

async function readArchive(path: string, names: readonly string[], corpus: CorpusBuilder): Promise<number> {
  const { members, close } = await openZipMembers(path, names);
  try {
    const [source, target] = members;
    if (source === undefined || target === undefined)
      throw new RangeError('An archive gave fewer members than asked for.');
    return await readAlignedFiles({ source, target, clean: stripBoth }, corpus);
  } finally {
    await close();
  }
}
