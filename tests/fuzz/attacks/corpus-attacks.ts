/** Hostile corpora: every format that is read from files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CorpusSpec } from '../../../src/engine/config/experiment.ts';
import { readCorpus } from '../../../src/engine/data/read-corpus.ts';
import { DataError } from '../../../src/errors.ts';
import { zipOf } from '../../support/zip.ts';
import { fixture } from '../readers/fixture.ts';
import type { Attack } from './attack.ts';

type Spec = (path: string, folder: string) => CorpusSpec;

const SPECS: Readonly<Record<string, Spec>> = {
  tmx: (path) => ({ format: 'tmx', path }),
  xlf: (path) => ({ format: 'xliff', path }),
  po: (path) => ({ format: 'po', path }),
  mo: (path) => ({ format: 'mo', path }),
  tsv: (path) => ({ format: 'tsv', path, source_column: 1, target_column: 2 }),
  'tsv.gz': (path) => ({ format: 'tsv', path, source_column: 1, target_column: 2 }),
  jsonl: (path) => ({ format: 'jsonl', path, source_field: null, target_field: null }),
  parquet: (path) => ({ format: 'parquet', path, source_field: null, target_field: null }),
  csv: (path) => ({
    format: 'csv',
    path,
    delimiter: 'comma',
    has_header: false,
    source_column: 1,
    target_column: 2,
    source_header: '',
    target_header: '',
  }),
  zip: (_path, directory) => ({ format: 'opus', name: 'KDE', version: null, directory }),
};

/** Where it is read, the answer is what was found: pairs and the first thing wrong. */
function of(ending: string, name: string, content: () => Buffer | string, answer: RegExp, isHeavy = false): Attack {
  const file = ending === 'zip' ? 'en-fr.txt.zip' : `c.${ending}`;
  return {
    name: `${ending}: ${name}`,
    make: (folder) => writeFileSync(join(folder, file), content()),
    async read(folder) {
      const spec = SPECS[ending]?.(join(folder, file), folder);
      if (spec === undefined) throw new RangeError(`no spec for ${ending}`);
      const { pairs, problems } = await readCorpus(
        spec,
        { source_lang: 'en', target_lang: 'fr' },
        { env: { HOME: '/nonexistent', PATH: '' } },
      );
      const [first] = problems;
      const what = first === undefined ? '' : `, line ${first.line} ${first.reason}: ${first.detail}`;
      throw new DataError(`${pairs.length} pairs ${JSON.stringify(pairs[0]).slice(0, 80)}${what}`);
    },
    answer,
    isHeavy,
  };
}

const tmx = (body: string, doctype = '') =>
  `<?xml version="1.0"?>${doctype}<tmx version="1.4"><header srclang="en"/><body>${body}</body></tmx>`;
const unit = (en: string, fr: string, more = '') =>
  `<tu${more}><tuv xml:lang="en"><seg>${en}</seg></tuv><tuv xml:lang="fr"><seg>${fr}</seg></tuv></tu>`;
const LAUGHS = `<!DOCTYPE tmx [<!ENTITY l0 "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')}]>`;
const PASSWD =
  '<!DOCTYPE tmx SYSTEM "file:///etc/passwd" [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://127.0.0.1:1/x">%p;]>';
const million = 1_000_000;

function moOf(numbers: readonly number[], rest = 0): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length + rest);
  for (const [index, value] of numbers.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

/** A parquet file whose footer says something else where a number stands. */
function lyingParquet(change: (footer: Buffer) => void): Buffer {
  const file = Buffer.from(fixture('tests/fixtures/parquet/struct-nulls.parquet'));
  const footer = file.readUInt32LE(file.length - 8);
  change(file.subarray(file.length - 8 - footer, file.length - 8));
  return file;
}

export const corpusAttacks: readonly Attack[] = [
  of(
    'tmx',
    'a billion laughs',
    () => tmx(unit('&l9;', 'x'), LAUGHS),
    /no usable pair.*an entity that is not XML's own/,
  ),
  of(
    'tmx',
    'entities of files and addresses',
    () => tmx(unit('&x;', 'x'), PASSWD),
    /an entity that is not XML's own; none is expanded/,
  ),
  of(
    'tmx',
    'one text of 100 MB',
    () => tmx(unit('a', 'b') + unit('x'.repeat(100 * million), 'y')),
    /c\.tmx.*(characters|without a tag)/s,
    true,
  ),
  of('tmx', 'one attribute of 100 MB', () => tmx(unit('a', 'b', ` x="${'y'.repeat(100 * million)}"`)), /c\.tmx/, true),
  of(
    'tmx',
    'a doctype of 100 MB',
    () => tmx(unit('a', 'b'), `<!DOCTYPE tmx [${'<!--x-->'.repeat(12 * million)}]>`),
    /c\.tmx/,
    true,
  ),
  ...[0.5, 5].map((millions) =>
    of(
      'tmx',
      `a doctype of ${millions} million half comments`,
      () => tmx(unit('a', 'b'), `<!DOCTYPE tmx [${'<!-'.repeat(millions * million)}`),
      /c\.tmx/,
      millions > 1,
    ),
  ),
  of(
    'tmx',
    '10 million elements in one another',
    () => `<tmx>${'<a>'.repeat(10 * million)}`,
    /more than 1000 elements in one another/,
    true,
  ),
  of(
    'tmx',
    'a tag of a million attributes',
    () => tmx(`<tu ${Array.from({ length: million }, (_, i) => `a${i}="1"`).join(' ')}></tu>${unit('a', 'b')}`),
    /1 pairs/,
    true,
  ),
  ...[5, 50].map((count) =>
    of(
      'tmx',
      `${count} languages of a megabyte each`,
      () => tmx(`<tu><tuv xml:lang="${'q'.repeat(million)}"><seg>x</seg></tuv></tu>`.repeat(count)),
      /^.{0,1000}$/s,
      count > 5,
    ),
  ),
  of('tmx', 'NUL bytes', () => tmx(unit('a\0b', 'c') + unit('d', 'e')), /1 pairs \{"source":"d".*control character/),
  of(
    'tmx',
    'an end that never comes',
    () => `${tmx(unit('a', 'b')).slice(0, -20)}<`,
    /c\.tmx, line 1: not well-formed XML/,
  ),
  of(
    'tmx',
    'an & in 8 million',
    () => tmx(unit('&amp;'.repeat(3 * million), 'b')),
    /c\.tmx|malformed|longer|1 pairs/,
    true,
  ),
  of(
    'xlf',
    'a billion laughs',
    () =>
      `${LAUGHS.replaceAll('tmx', 'xliff')}<xliff version="1.2"><file source-language="en" target-language="fr"><body><trans-unit id="1"><source>&l9;</source><target>x</target></trans-unit></body></file></xliff>`,
    /an entity that is not XML's own/,
  ),
  of(
    'tsv',
    'a line of 100 MB',
    () => `a\tb\n${'x'.repeat(100 * million)}\nc\td\n`,
    /2 pairs.*line 2 malformed: 100000000 bytes long/,
    true,
  ),
  of('tsv', 'NUL bytes', () => 'a\0b\tc\n', /1 pairs \{"source":"a\\u0000b"/),
  of('tsv', 'lines of a million tabs', () => `${'\t'.repeat(million)}\n`.repeat(50), /50 pairs/, true),
  of('tsv', '5 million empty lines', () => `a\tb\n${'\n'.repeat(5 * million)}`, /1 pairs.*line 2 unpaired/, true),
  of(
    'tsv',
    'UTF-16 of 1 GB claimed',
    () => Buffer.from('\ufeffa\tb\n', 'utf16le'),
    /c\.tsv, line 1: the file is UTF-16/,
  ),
  of(
    'tsv.gz',
    'a bomb of 1 GB',
    () => gzipSync(Buffer.alloc(1000 * million)),
    /unpack to \d+, more than 200 times/,
    true,
  ),
  of('tsv.gz', 'a bomb of bombs', () => gzipSync(gzipSync(Buffer.alloc(100 * million))), /c\.tsv\.gz/),
  of('tsv.gz', 'cut off', () => gzipSync('a\tb\n'.repeat(1000)).subarray(0, 40), /cannot be unpacked after line \d+/),
  of(
    'csv',
    'one field of 100 MB',
    () => `a,b\n"${'x'.repeat(100 * million)}",y\n`,
    /c\.csv, line 2: the row that begins here is longer than 1048576 bytes/,
    true,
  ),
  of(
    'csv',
    'a quotation mark that never closes',
    () => `a,b\n"x${',y\n'.repeat(30 * million)}`,
    /c\.csv, line 2: the row that begins here/,
    true,
  ),
  of('csv', 'a million columns', () => `${'x,'.repeat(400_000)}\n`.repeat(20), /20 pairs/, true),
  of(
    'jsonl',
    'an object nested 100,000 deep',
    () => `{"translation":{"en":${'['.repeat(100_000)}${']'.repeat(100_000)},"fr":"x"}}\n`,
    /c\.jsonl, line 1 \(malformed|no usable pair/,
  ),
  of('jsonl', '__proto__', () => '{"__proto__":{"translation":{"en":"a","fr":"b"}}}\n', /no usable pair/),
  of(
    'jsonl',
    'a line of 100 MB',
    () => `{"translation":{"en":"${'x'.repeat(100 * million)}","fr":"b"}}\n`,
    /100000\d+ bytes long; at most 1048576/,
    true,
  ),
  of(
    'po',
    'a message of a million lines',
    () => `msgid ""\n${'"x"\n'.repeat(2 * million)}msgstr "y"\n`,
    /a message of more than 1048576 characters/,
    true,
  ),
  of(
    'po',
    'a line of 100 MB',
    () => `msgid "${'x'.repeat(100 * million)}"\nmsgstr "y"\n`,
    /100000\d+ bytes long/,
    true,
  ),
  of(
    'po',
    'an encoding whose name clears the screen',
    () => 'msgid ""\nmsgstr "Content-Type: text/plain; charset=\u001b[2Jnone\\n"\n\nmsgid "a"\nmsgstr "b"\n',
    /1 pairs/,
  ),
  of(
    'mo',
    'tables beyond the file',
    () => moOf([0x950412de, 0, 0xffffffff, 28, 28, 0, 0]),
    /c\.mo is no MO catalogue: a table ends at byte 34359738388 of 28/,
  ),
  of(
    'mo',
    'strings beyond the file',
    () => moOf([0x950412de, 0, 1, 28, 36, 0, 0, 0xffffffff, 0xffffffff, 1, 0]),
    /line 1 .*the message ends at byte 8589934590 of 44/,
  ),
  of(
    'mo',
    'a million strings on the same megabyte',
    () => {
      const file = moOf([0x950412de, 0, million, 28, 28, 0, 0], 8 * million + 100);
      for (let i = 0; i < million; i++) {
        file.writeUInt32LE(1 << 20, 28 + 8 * i);
        file.writeUInt32LE(28, 32 + 8 * i);
      }
      return file;
    },
    /its strings lie over one another/,
    true,
  ),
  of(
    'parquet',
    'a footer of 4 GB',
    () => Buffer.concat([Buffer.from('PAR1'), Buffer.from('ffffffff', 'hex'), Buffer.from('PAR1')]),
    /its footer would have 4294967295 bytes/,
  ),
  of(
    'parquet',
    'a footer of lists that lie',
    () => lyingParquet((footer) => footer.write('19fcffffffff0f', 'hex')),
    /c\.parquet cannot be read as a parquet file/,
  ),
  of(
    'parquet',
    'a footer of 0xff',
    () => lyingParquet((footer) => footer.fill(0xff)),
    /c\.parquet cannot be read as a parquet file/,
  ),
  of(
    'zip',
    'a bomb of 200 MB',
    () =>
      zipOf(
        ['en', 'fr'].map((side) => ({
          name: `KDE.en-fr.${side}`,
          content: Buffer.alloc(200 * million),
          isDeflated: true,
        })),
      ),
    /KDE\.en-fr\.en would unpack from \d+ to 200000000 bytes/,
    true,
  ),
  of(
    'zip',
    'a bomb that says it is small',
    () => {
      const zip = zipOf(
        ['en', 'fr'].map((side) => ({
          name: `KDE.en-fr.${side}`,
          content: Buffer.alloc(200 * million),
          isDeflated: true,
        })),
      );
      for (let at = zip.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 1, 'latin1'))
        zip.writeUInt32LE(1000, at + 24);
      return zip;
    },
    /KDE\.en-fr\.\w+: (too many bytes|.*size)/i,
    true,
  ),
  of(
    'zip',
    'members on the same bytes, 10,001 of them',
    () => zipOf(Array.from({ length: 10_001 }, (_, i) => ({ name: `m${i}`, content: Buffer.alloc(0) }))),
    /it has 10001 members/,
  ),
];
