/** Corpora: every format that is read from files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CorpusSpec } from '../../../src/engine/config/experiment.ts';
import { chooseDatasetFiles } from '../../../src/engine/data/dataset-files.ts';
import { readCorpus } from '../../../src/engine/data/read-corpus.ts';
import { zipOf } from '../../support/zip.ts';
import type { Random } from '../random.ts';
import type { FuzzedReader } from '../reader.ts';
import { spoilJson } from '../spoil-json.ts';
import { spoilParts } from '../spoil-text.ts';
import { spoilZip } from '../zip.ts';
import { fixture } from './fixture.ts';

const LANGUAGES = { source_lang: 'en', target_lang: 'fr' };
const WORLD = { env: { HOME: '/nonexistent', PATH: '' } };

interface CorpusReader extends Omit<FuzzedReader, 'read'> {
  readonly file: string;
  readonly spec: (path: string, folder: string) => CorpusSpec;
}

function corpusReader({ file, spec, ...reader }: CorpusReader): FuzzedReader {
  return {
    ...reader,
    async read(input, folder) {
      const path = join(folder, file);
      writeFileSync(path, input);
      await readCorpus(spec(path, folder), LANGUAGES, WORLD);
    },
  };
}

const XML_WORDS = [
  '<!DOCTYPE a [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>',
  '<!ENTITY x SYSTEM "file:///etc/passwd">',
  '&lol2;',
  '&x;',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '&#99999999999;',
  '&constructor;',
  '<tu>',
  '</tu>',
  '<tuv xml:lang="en">',
  '<tuv lang="fr">',
  '<seg>',
  '</seg>',
  '<bpt i="1">',
  '<sub>',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?x ?>',
  '<a a="1" a="2"/>',
  '<trans-unit>',
  '<segment>',
  '<source>',
  '<target state="new">',
  '<alt-trans>',
  '<file source-language="en" target-language="fr">',
  ' xmlns:x="y"',
  '\0',
  '\ufeff',
  '<__proto__>',
  ' __proto__="1"',
  '<a:b>',
];
const spoilXml = (input: Buffer, random: Random): Buffer => spoilParts(input, /(<[^>]*>)/, random, XML_WORDS);
const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

const TMX = `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header srclang="en"/><body>
<tu><tuv xml:lang="en"><seg>Open &amp; <bpt i="1">b</bpt>close<ept i="1">/b</ept></seg></tuv><tuv xml:lang="fr-FR"><seg>Ouvrir &#x26; fermer</seg></tuv></tu>
<tu><tuv lang="fr"><seg>Non</seg></tuv><tuv lang="EN-us"><seg>No</seg></tuv></tu></body></tmx>`;
const XLIFF_1 = `<?xml version="1.0"?><xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" target-language="fr"><body>
<trans-unit id="1"><source>File</source><target state="final">Fichier</target><alt-trans><target>x</target></alt-trans></trans-unit>
<trans-unit id="2"><source>Edit <g id="1">it</g></source><target>Modifier</target></trans-unit></body></file></xliff>`;
const XLIFF_2 = `<xliff version="2.0" srcLang="en" trgLang="fr"><file id="f"><unit id="u"><segment state="reviewed"><source>A<ph id="1"/></source><target>B</target></segment></unit></file></xliff>`;

const PO_WORDS = [
  'msgid ""',
  'msgstr "x"',
  'msgstr[0] "x"',
  'msgstr[999] ""',
  'msgctxt "c"',
  'msgid_plural "s"',
  '#, fuzzy',
  '#~ msgid "o"',
  '#| msgid "p"',
  '"\\x41\\777\\u202e\\"',
  '"\\',
  '"charset=UTF-16\\n"',
  '"Content-Type: text/plain; charset=x-user-defined\\n"',
  '"Language: fr\\n"',
  '\0',
  '\r',
  '\ufeff',
];

const JSONL = '{"translation":{"en":"Hello","fr":"Bonjour"}}\n{"translation":{"en":"Bye","fr":"Au revoir"}}\n';

function mapLine(input: Buffer, random: Random, change: (line: string) => string): Buffer {
  const lines = input.toString('utf8').split('\n');
  const at = random.below(lines.length);
  lines[at] = change(lines[at] ?? '');
  return Buffer.from(lines.join('\n'));
}

/** Thrift's compact form: varints that go on, lists of 15 and more, structs, and types of no length. */
const THRIFT = [
  'ffffffff0f',
  'ffffffffffffffff7f',
  'f1ffffff7f',
  'f2',
  '1c',
  '19fcffffffff0f',
  '19f1ffffffff07',
  '00',
  '15',
  '80',
  '01',
];

/** The footer, which hyparquet trusts, and the page headers are where a parquet file can be hurt. */
function spoilParquet(input: Buffer, random: Random): Buffer {
  const copy = Buffer.from(input);
  if (copy.length < 12) return copy;
  const footer = Math.min(copy.readUInt32LE(copy.length - 8), copy.length - 12);
  const start = random.oneIn(4) ? 4 : copy.length - 8 - footer;
  const reach = random.oneIn(4) ? Math.min(60, copy.length - 12) : footer;
  const at = start + random.below(reach);
  const part = Buffer.from(random.pick(THRIFT) ?? '', 'hex');
  if (random.oneIn(2)) {
    part.copy(copy, at, 0, Math.max(0, Math.min(part.length, copy.length - 8 - at)));
    return copy;
  }
  const longer = Buffer.concat([copy.subarray(0, at), part, copy.subarray(at)]);
  longer.writeUInt32LE(footer + part.length, longer.length - 8);
  return longer;
}

const PARQUET = ['struct-nulls', 'not-utf8', 'no-rows', 'struct-v2'];
const PARQUET_COLUMNS = ['columns-brotli', 'columns-delta', 'columns-gzip', 'columns-zstd', 'large-strings'];
const parquetSeeds = (names: readonly string[]) => (): Buffer[] =>
  names.map((name) => fixture(`tests/fixtures/parquet/${name}.parquet`));

const lines = (text: string): Buffer => Buffer.from(text);
const zipSeed = (isDeflated: boolean): Buffer =>
  zipOf([
    { name: 'KDE.en-fr.en', content: lines('Hello\nBye\n'), isDeflated },
    { name: 'KDE.en-fr.fr', content: lines('Bonjour\nAu revoir\n'), isDeflated },
    { name: '../evil', content: lines('x') },
    { name: 'link', content: lines('/etc/passwd'), mode: 0o120777 },
  ]);

/** What the hub tells of a dataset: the names of its files, one a line, then README.md. */
const datasetFiles: FuzzedReader = {
  name: 'dataset-files',
  seeds: () => [
    lines('data/train-00000-of-00001.parquet\ntest.csv\ndev/a-val-1.jsonl\nen-fr/training.tsv\n'),
    lines(`en-fr/train.csv\n${README}\n`),
    lines(`a.json\nx/b.json\n${README.replaceAll('en-fr', 'x')}`),
  ],
  words: [
    '*',
    '**/',
    '?',
    '[a-z]',
    '[!',
    '[z-a]',
    '../',
    '/',
    'train',
    '-00000-of-00002.',
    '- ',
    ': ',
    '{',
    '[',
    '&a ',
    '*a',
    '!!x ',
  ],
  spoil: (input, random) =>
    spoilParts(input, /([\n:/])/, random, ['*', '**', '?', '[z-a]', '../', 'train', 'dev', '-', ': ', '&a', '*a']),
  read(input) {
    const text = input.toString();
    const end = /^---$/m.exec(text)?.index ?? text.length;
    const files = text
      .slice(0, end)
      .split('\n')
      .filter((name) => name !== '');
    chooseDatasetFiles({ id: 'o/d', files, readme: text.slice(end), config: null, split: 'train' }, LANGUAGES);
  },
};

const README = `---
license: mit
configs:
- config_name: en-fr
  default: true
  data_dir: en-fr
  data_files:
  - split: train
    path: ["*.csv", "**/[a-c]?.json"]
- config_name: other
  data_files: {train: "x/**", test: [y]}
---
`;

export const corpusReaders: readonly FuzzedReader[] = [
  corpusReader({
    name: 'tmx',
    file: 'c.tmx',
    spec: (path) => ({ format: 'tmx', path }),
    words: XML_WORDS,
    spoil: spoilXml,
    seeds: () => [lines(TMX), utf16(TMX.replace('UTF-8', 'UTF-16'))],
  }),
  corpusReader({
    name: 'xliff',
    file: 'c.xlf',
    spec: (path) => ({ format: 'xliff', path }),
    words: XML_WORDS,
    spoil: spoilXml,
    seeds: () => [lines(XLIFF_1), lines(XLIFF_2), utf16(XLIFF_2)],
  }),
  corpusReader({
    name: 'po',
    file: 'c.po',
    spec: (path) => ({ format: 'po', path }),
    words: PO_WORDS,
    spoil: (input, random) => spoilParts(input, /(\n)/, random, PO_WORDS),
    seeds: () => [fixture('tests/fixtures/data-formats/sample.po')],
  }),
  corpusReader({
    name: 'mo',
    file: 'c.mo',
    spec: (path) => ({ format: 'mo', path }),
    words: ['charset=utf-16', 'charset=x', '\x04', '\0'],
    seeds: () => ['little', 'big'].map((order) => fixture(`tests/fixtures/data-formats/sample.${order}.mo`)),
  }),
  corpusReader({
    name: 'json',
    file: 'c.json',
    spec: (path) => ({ format: 'json', path, field: 'data', source_field: null, target_field: null }),
    words: ['{"data":', '[', ']', '{', '}', ',', ':', '"', '\\', '\ufeff'],
    seeds: () => [Buffer.from(`{"version": 1, "data": [${JSONL.trim().split('\n').join(',\n')}], "end": {}}`)],
  }),
  corpusReader({
    name: 'jsonl',
    file: 'c.jsonl',
    spec: (path) => ({ format: 'jsonl', path, source_field: null, target_field: null }),
    words: ['{"translation":', '"en":', 'null', '\\ud800', '\0', '\ufeff'],
    seeds: () => [lines(JSONL)],
    spoil: (input, random) => mapLine(input, random, (line) => spoilJson(line, random)),
  }),
  corpusReader({
    name: 'csv',
    file: 'c.csv',
    words: ['"', '""', ',', ';', '\t', '\r\n', '\r', '\0', '\ufeff', 'en', 'fr'],
    spec: (path) => ({
      format: 'csv',
      path,
      delimiter: 'comma',
      has_header: true,
      source_column: 1,
      target_column: 2,
      source_header: 'en',
      target_header: 'fr',
    }),
    seeds: () => [fixture('tests/fixtures/data-formats/sample.csv'), lines('en,fr\n"a ""b""",c\r\n"x\ny",z\n')],
    spoil: (input, random) => spoilParts(input, /([",\n])/, random, ['"', '""', ',', '\r', '\n', 'a']),
  }),
  corpusReader({
    name: 'tsv',
    file: 'c.tsv',
    spec: (path) => ({ format: 'tsv', path, source_column: 1, target_column: 2 }),
    words: ['\t', '\n', '\r', '\0', '\ufeff', '\u2028', '\u0085'],
    seeds: () => [lines('Hello\tBonjour\nBye\tAu revoir\n'), utf16('a\tb\n')],
  }),
  corpusReader({
    name: 'gz',
    file: 'c.tsv.gz',
    spec: (path) => ({ format: 'tsv', path, source_column: 1, target_column: 2 }),
    seeds: () => [gzipSync('Hello\tBonjour\n'.repeat(20)), Buffer.concat([gzipSync('a\tb\n'), gzipSync('c\td\n')])],
  }),
  corpusReader({
    name: 'parquet',
    file: 'c.parquet',
    spec: (path) => ({ format: 'parquet', path, source_field: null, target_field: null }),
    seeds: parquetSeeds(PARQUET),
    spoil: spoilParquet,
  }),
  corpusReader({
    name: 'parquet-columns',
    file: 'c.parquet',
    spec: (path) => ({ format: 'parquet', path, source_field: 'en', target_field: 'fr' }),
    seeds: parquetSeeds(PARQUET_COLUMNS),
    spoil: spoilParquet,
  }),
  corpusReader({
    name: 'opus-zip',
    file: 'en-fr.txt.zip',
    spec: (_path, directory) => ({ format: 'opus', name: 'KDE', version: null, directory }),
    seeds: () => [zipSeed(true), zipSeed(false)],
    spoil: spoilZip,
    words: ['../', '/', '\\', 'PK\x01\x02', 'PK\x06\x06', 'PK\x06\x07'],
  }),
  datasetFiles,
];
