import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CorpusSpec } from '../../../../src/engine/config/experiment.ts';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { dataFailure } from '../data-failure.ts';
import { countEnds, prefixes } from '../sound-ends.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/data-formats/${name}`, import.meta.url));
type CsvOptions = Partial<Extract<CorpusSpec, { format: 'csv' }>>;
const csv = (path: string, options: CsvOptions = {}): CorpusSpec => ({
  format: 'csv',
  path,
  delimiter: 'comma',
  has_header: false,
  source_column: 1,
  target_column: 2,
  source_header: '',
  target_header: '',
  ...options,
});

async function read(content: string | Uint8Array, options: CsvOptions = {}, name = 'a.csv') {
  await using files = await temporaryFiles({ [name]: content });
  return await readCorpus(csv(files.path(name), options), languages);
}

describe('a CSV corpus', () => {
  it("has the rows that Python's csv reads", async () => {
    const rows = z.array(z.array(z.string())).parse(JSON.parse(readFileSync(fixture('sample.csv.json'), 'utf8')));
    const byNumber = await readCorpus(
      csv(fixture('sample.csv'), { has_header: true, source_column: 2, target_column: 3 }),
      languages,
    );
    expect(byNumber.pairs.map(({ source, target }) => [source, target])).toEqual(
      rows.slice(1).map(([, source, target]) => [source, target]),
    );
    expect(byNumber.pairs.map(({ line }) => line)).toEqual([2, 3, 4, 5, 8, 9, 10, 11, 12]);
    const named: CsvOptions = { has_header: true, source_header: 'en', target_header: 'fr' };
    expect((await readCorpus(csv(fixture('sample.csv'), named), languages)).pairs).toEqual(byNumber.pairs);
  });

  it('may have semicolons or tabs between columns, a mark at the start, and be gzipped', async () => {
    const corpus = await read('\ufeff"a;b";c\n', { delimiter: 'semicolon' });
    expect(corpus.pairs).toEqual([{ source: 'a;b', target: 'c', line: 1 }]);
    expect(corpus.notes[0]).toContain('starts with a byte order mark');
    const tabs = await read(gzipSync('"a\tb"\tc\n'), { delimiter: 'tab' }, 'a.csv.gz');
    expect(tabs.pairs).toEqual([{ source: 'a\tb', target: 'c', line: 1 }]);
  });

  it('may hold the translations as JSON in one column, which dots lead into', async () => {
    const cell = (value: unknown): string => `"${JSON.stringify(value).replaceAll('"', '""')}"`;
    const rows = [
      'id,translation',
      `1,${cell({ en: 'a "b", c', fr: 'd\ne' })}`,
      `2,"{'en': 'a', 'fr': 'b'}"`,
      `3,${cell({ en: 'a' })}`,
      '4',
      `5,${cell({ en: 'x', fr: '\ufffd' })}`,
    ];
    const named = { has_header: true, source_header: 'translation.en', target_header: 'translation.fr' };
    const corpus = await read(rows.join('\n'), named);
    expect(corpus.pairs).toEqual([{ source: 'a "b", c', target: 'd\ne', line: 2 }]);
    expect(corpus.problems.map(({ line, reason, detail }) => `${line} ${reason}: ${detail}`)).toEqual([
      '3 malformed: no object under "translation"; its text is no JSON object',
      '4 unpaired: no "fr"; it has "en"',
      '5 malformed: no object under "translation"; the row has "id"',
      '6 not-utf8: reads as ["x","\ufffd"]',
    ]);
    const mixed = await read(`${rows.slice(0, 2).join('\n')}\n`, { ...named, source_header: 'id' });
    expect(mixed.pairs).toEqual([{ source: '1', target: 'd\ne', line: 2 }]);
    const byNumber = await read(`${rows.slice(0, 2).join('\n')}\n`, { ...named, source_header: '' });
    expect(byNumber.pairs).toEqual(mixed.pairs);
  });

  it('reports rows with too few columns, no UTF-8 or an empty side', async () => {
    const bytes = Buffer.concat([
      Buffer.from('a,b\nlonely\n\ncaf'),
      Buffer.from([0xe9]),
      Buffer.from(',x\n,y\n\0,z\n'),
    ]);
    const corpus = await read(bytes);
    expect(corpus.pairs.map(({ source, line }) => [source, line])).toEqual([
      ['a', 1],
      ['', 5],
      ['\0', 6],
    ]);
    expect(corpus.problems.map(({ line, reason, detail }) => [line, reason, detail])).toEqual([
      [2, 'unpaired', '1 column; expected at least 2'],
      [3, 'unpaired', '1 column; expected at least 2'],
      [4, 'not-utf8', 'reads as ["caf\ufffd","x"]'],
      [5, 'empty', 'the source is empty; the pair is kept'],
    ]);
  });

  it.each([
    ['a,"b\nc,d\n', 'line 1: the row that begins here has a quotation mark that is never closed.'],
    [`a,b\n${'x'.repeat(10_000_000)}\n`, 'line 2: the row that begins here is longer than 1048576 bytes.'],
    [`a,b\n"${'x\n'.repeat(1_000_000)}`, 'line 2: the row that begins here is longer than 1048576 bytes.'],
  ])('is refused where nobody can tell the next row: %#', async (content, message) => {
    const { message: found, hint } = await dataFailure(read(content));
    expect(found.endsWith(message)).toBe(true);
    expect(hint).toContain('use format tsv');
  });

  it('tells the columns there are when one is missing', async () => {
    const { message } = await dataFailure(read('en;fr\na;b\n', { has_header: true, source_header: 'en' }));
    expect(message).toMatch(/a\.csv, line 1: no column is named "en"; the header has "en;fr"\.$/);
  });

  it('is refused when empty, in UTF-16, missing or cut inside its gzip', async () => {
    expect((await dataFailure(read(''))).message).toBe('The corpus a.csv is empty: it has no line.');
    expect((await dataFailure(read(Buffer.from('\ufeffa,b', 'utf16le')))).message).toMatch(/the file is UTF-16/);
    expect((await dataFailure(readCorpus(csv('/gone.csv'), languages))).message).toBe('/gone.csv does not exist.');
    const packed = gzipSync('a,b\n'.repeat(1000));
    const cut = await dataFailure(read(packed.subarray(0, packed.length - 10), {}, 'a.csv.gz'));
    expect(cut.message).toMatch(/cannot be unpacked after line \d+: unexpected end of file\.$/);
  });

  it('cut anywhere ends in pairs or a DataError', async () => {
    const whole = readFileSync(fixture('sample.csv'));
    const ends = await countEnds(prefixes(whole), 'cut.csv', (_, path) => readCorpus(csv(path), languages));
    // Refused: nothing at all, and what ends inside a quoted field.
    expect(ends.read + ends.refused).toBe(whole.length);
    expect(ends.refused).toBeGreaterThan(50);
    expect(ends.read).toBeGreaterThan(50);
  });
});
