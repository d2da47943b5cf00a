import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { CorpusSpec } from '../../../../src/engine/config/experiment.ts';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { dataFailure } from '../data-failure.ts';
import { countEnds, prefixes } from '../sound-ends.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const fixtures = 'tests/fixtures/parquet';
const parquet = (path: string, source: string | null = null, target: string | null = null): CorpusSpec => ({
  format: 'parquet',
  path,
  source_field: source,
  target_field: target,
});
const columns = (name: string): CorpusSpec => parquet(`${fixtures}/${name}`, 'source text', 'fr.text');
const read = (spec: CorpusSpec) => readCorpus(spec, languages);

/** The pairs that pyarrow reads from a fixture. */
async function expectedPairs(name: string): Promise<(string | null)[][]> {
  return JSON.parse(await readFile(`${fixtures}/expected.json`, 'utf8'))[name];
}

describe('a parquet corpus', () => {
  it.each([
    'columns-plain.parquet',
    'columns-gzip.parquet',
    'columns-zstd.parquet',
    'columns-brotli.parquet',
    'columns-lz4.parquet',
    'columns-lz4-hadoop.parquet',
    'columns-lz4-block.parquet',
    'columns-delta.parquet',
    'large-strings.parquet',
  ])('gives two named columns as pyarrow reads them: %s', async (name) => {
    const corpus = await read(columns(name));
    expect(corpus.pairs.map(({ source, target }) => [source, target])).toEqual(await expectedPairs(name));
    expect(corpus.name).toBe(name);
  });

  it.each(['struct-snappy.parquet', 'struct-v2.parquet'])(
    'gives the struct of translations, over all row groups, as pyarrow reads it: %s',
    async (name) => {
      const corpus = await read(parquet(`${fixtures}/${name}`));
      expect(corpus.pairs.map(({ source, target }) => [source, target])).toEqual(await expectedPairs(name));
      expect(corpus.pairs.map(({ line }) => line)).toEqual(Array.from({ length: 42 }, (_, row) => row + 1));
    },
  );

  it('leaves out rows in which a sentence or its struct is null, and says so', async () => {
    const corpus = await read(parquet(`${fixtures}/struct-nulls.parquet`));
    const whole = (await expectedPairs('struct-nulls.parquet')).filter((pair) => !pair.includes(null));
    expect(corpus.pairs.map(({ source, target }) => [source, target])).toEqual(whole);
    expect(corpus.problems.map(({ line, reason, detail }) => `${line} ${reason}: ${detail}`)).toEqual([
      '2 malformed: no object under "translation"',
      '3 unpaired: "en" is null',
      '4 unpaired: "en" and "fr" are null',
      '6 unpaired: "fr" is null',
    ]);
  });

  it('gives translations that a text column holds as JSON, and says of each row what is none', async () => {
    const file = `${fixtures}/json-text.parquet`;
    const corpus = await read(parquet(file));
    expect(corpus.pairs.map(({ source, target }) => [source, target])).toEqual(
      await expectedPairs('json-text.parquet'),
    );
    expect(corpus.pairs.at(-1)?.line).toBe(42);
    expect(corpus.problems.filter(({ reason }) => reason !== 'empty')).toEqual([
      { file, line: 43, reason: 'malformed', detail: 'no object under "translation"' },
      { file, line: 44, reason: 'malformed', detail: 'no object under "translation"; its text is no JSON object' },
      { file, line: 45, reason: 'unpaired', detail: 'no "fr"; it has "en"' },
    ]);
    const mixed = await read(parquet(file, 'id', 'translation.fr'));
    expect(mixed.pairs.slice(0, 2).map(({ source, target }) => [source, target])).toEqual([
      ['0', corpus.pairs[0]?.target],
      ['1', corpus.pairs[1]?.target],
    ]);
  });

  it('leaves out texts that are not UTF-8', async () => {
    const corpus = await read(columns('not-utf8.parquet'));
    expect(corpus.pairs).toEqual([{ source: 'fine', target: 'b', line: 2 }]);
    expect(corpus.problems).toMatchObject([{ line: 1, reason: 'not-utf8', detail: 'reads as ["caf\ufffd","a"]' }]);
  });

  it('may be a folder, whose files are read in the order of their names', async () => {
    const bytes = await readFile(`${fixtures}/struct-nulls.parquet`);
    await using files = await temporaryFiles({ 'data/b.parquet': bytes, 'data/a.parquet': bytes, 'data/c.txt': '' });
    const corpus = await read(parquet(files.path('data')));
    expect(corpus.name).toBe('data (2 files)');
    expect(corpus.pairs).toHaveLength(4);
  });
});

describe('a parquet file that cannot be read', () => {
  it.each([
    ['number', 'is int64'],
    ['bytes', 'is byte_array'],
    ['list', 'is a list'],
    ['list.list', 'is a list'],
    ['day', 'is date'],
  ])('has no text in the column: %s', async (column, what) => {
    const path = `${fixtures}/not-text.parquet`;
    const { message } = await dataFailure(read(parquet(path, column, 'text')));
    expect(message).toBe(`${path}: the column ${JSON.stringify(column)} ${what}; expected text (a string column).`);
  });

  it('lacks a column, and tells which there are', async () => {
    const flat = await dataFailure(read(parquet(`${fixtures}/not-text.parquet`)));
    expect(flat.message).toBe(
      `${fixtures}/not-text.parquet has no column "translation.en"; its columns are "number", "bytes", "list" (with "list"), "text", "day".`,
    );
    expect(flat.hint).toContain('source_field and target_field');
    const nested = await dataFailure(
      readCorpus(parquet(`${fixtures}/struct-snappy.parquet`), { source_lang: 'en', target_lang: 'de' }),
    );
    expect(nested.message).toContain(
      'has no column "translation.de"; its columns are "id", "translation" (with "en" and "fr").',
    );
    const struct = await dataFailure(read(parquet(`${fixtures}/struct-snappy.parquet`, 'translation', 'id')));
    expect(struct.message).toContain('the column "translation" is a struct of "en" and "fr"; expected text');
  });

  it('is packed in a way that is not known, or empty', async () => {
    const packed = await dataFailure(read(columns('columns-lzo.parquet')));
    expect(packed.message).toBe(
      `${fixtures}/columns-lzo.parquet is packed with LZO; expected one of UNCOMPRESSED, SNAPPY, GZIP, BROTLI, LZ4_RAW, LZ4, ZSTD.`,
    );
    expect(packed.hint).toContain('pyarrow.parquet.write_table');
    const empty = await dataFailure(read(parquet(`${fixtures}/no-rows.parquet`)));
    expect(empty.message).toBe('The corpus no-rows.parquet is empty: it has no line.');
  });

  it('is missing, a folder, text, encrypted or cut off', async () => {
    const whole = await readFile(`${fixtures}/struct-nulls.parquet`);
    const footer = Buffer.from(whole);
    footer.writeUInt32LE(0x7fffffff, whole.length - 8);
    await using files = await temporaryFiles({
      text: 'a\tb\nand more than twelve bytes\n',
      short: 'PAR1',
      cut: whole.subarray(0, -100),
      secret: Buffer.concat([whole.subarray(0, -4), Buffer.from('PARE')]),
      footer,
      'folder/x.parquet/inner': '',
    });
    const message = async (name: string) => (await dataFailure(read(parquet(files.path(name))))).message;
    expect(await message('none')).toBe(`${files.path('none')} does not exist.`);
    expect(await message('folder')).toBe(`${files.path('folder')} holds no file in .parquet.`);
    expect(await message('text')).toMatch(
      /text cannot be read as a parquet file: it starts with "a\\tb\\n"; expected "PAR1"\.$/,
    );
    expect(await message('short')).toMatch(/it has 4 bytes\.$/);
    expect(await message('cut')).toMatch(/it ends in ".*"; expected "PAR1": it was cut off\.$/s);
    expect(await message('secret')).toMatch(/it is encrypted\.$/);
    expect(await message('footer')).toMatch(/its footer would have 2147483647 bytes\.$/);
    const { hint } = await dataFailure(read(parquet(files.path('cut'))));
    expect(hint).toContain('pyarrow.parquet');
  });

  it('with any byte changed ends in pairs or a DataError', async () => {
    const whole = await readFile(`${fixtures}/struct-nulls.parquet`);
    const variants = prefixes(whole, 7);
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [0x01, 0xff]) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ mask;
        variants.push(changed);
      }
    }
    const ends = await countEnds(variants, 'x.parquet', (_, path) => read(parquet(path)));
    expect(ends.read + ends.refused).toBe(variants.length);
    expect(ends.refused).toBeGreaterThan(prefixes(whole, 7).length);
  });
});
