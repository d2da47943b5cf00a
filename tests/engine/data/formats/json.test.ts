import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { dataFailure } from '../data-failure.ts';
import { countEnds, prefixes } from '../sound-ends.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const row = (en: string, fr: string) => ({ translation: { en, fr } });

async function read(content: string | Uint8Array, field: string | null = null, name = 'a.json') {
  await using files = await temporaryFiles({ [name]: content });
  const path = files.path(name);
  return await readCorpus({ format: 'json', path, field, source_field: null, target_field: null }, languages);
}

describe('a JSON corpus', () => {
  const rows = [row('a "quoted" ] } \\', '«\u00e9»\n'), row('[{', 'b'), row('\u{1f331}', '')];

  it.each([
    ['on one line', JSON.stringify(rows), null],
    ['indented', JSON.stringify(rows, null, 2), null],
    [
      'with Windows line ends and a mark',
      `\ufeff\r\n${JSON.stringify(rows, null, 2).replaceAll('\n', '\r\n')}\r\n`,
      null,
    ],
    ['in a field', JSON.stringify({ version: '1', skipped: [[rows], { data: [] }], data: rows, end: null }), 'data'],
    ['in a field, indented', JSON.stringify({ data: rows, more: {} }, null, '\t'), 'data'],
    ['with an escaped field', `{"d\\u0061ta":${JSON.stringify(rows)}}`, 'data'],
    ['as lines', rows.map((each) => JSON.stringify(each)).join('\n'), null],
  ])('is read as an array %s', async (_, text, field) => {
    const corpus = await read(text, field);
    expect(corpus.pairs.map(({ source, target }) => row(source, target))).toEqual(rows);
    expect((await read(gzipSync(text), field, 'a.json.gz')).sha256).toBe(corpus.sha256);
  });

  it('gives the line in which a row begins', async () => {
    const { pairs } = await read(
      `[\n ${JSON.stringify(row('a', 'b'))}, {\n\n"translation": {"en": "c",\n"fr": "d"}},\n${JSON.stringify(row('e', 'f'))}]`,
    );
    expect(pairs.map(({ source, line }) => [source, line])).toEqual([
      ['a', 2],
      ['c', 2],
      ['e', 6],
    ]);
  });

  it('says what to set where the rows, or their sentences, lie elsewhere', async () => {
    const names = 'Set source_field and target_field of the corpus to the names that hold the sentences.';
    const within = await dataFailure(read(JSON.stringify({ version: 1, data: rows })));
    expect(within.message).toContain('(malformed: no object under "translation"; the row has "version" and "data").');
    expect(within.hint).toBe(
      `${names} Where one field of an object holds the rows, set field to its name, such as "field: data".`,
    );
    const other = await dataFailure(read('[{"src": "a", "tgt": "b"}]'));
    expect(other.message).toContain('; the row has "src" and "tgt").');
    expect((await dataFailure(read('[{"translation": {"de": "a"}}]'))).hint).toBe(names);
  });

  it('leaves out rows that are none, and goes on after them', async () => {
    const corpus = await read(
      Buffer.concat([
        Buffer.from(`[1, "a", null, [], {"translation": {"en": "a"}}, {"a": tru}, {"b": "`),
        Buffer.from([0xe9]),
        Buffer.from(`"}, {"c": "${'x'.repeat(1 << 20)}"},\n${JSON.stringify(row('e', 'f'))}]`),
      ]),
    );
    expect(corpus.pairs).toEqual([{ source: 'e', target: 'f', line: 2 }]);
    expect(corpus.problems.map(({ reason, detail }) => `${reason}: ${detail}`)).toEqual([
      'malformed: no object under "translation"',
      'malformed: no object under "translation"',
      'malformed: no object under "translation"',
      'malformed: no object under "translation"',
      'unpaired: no "fr"; it has "en"',
      expect.stringContaining('malformed: Unexpected token'),
      'not-utf8: reads as "{\\"b\\": \\"\ufffd\\"}"',
      'malformed: 1048585 bytes long; at most 1048576 are read',
    ]);
  });

  it.each([
    ['cut off', '[{"a": 1},\n', null, 'line 2 (byte 11): no JSON array of rows: the file ends in the middle.'],
    ['with a comma too many', '[{"a": 1},\n]', null, 'line 2 (byte 11): no JSON array of rows: a comma before ].'],
    [
      'without a comma',
      '[{"a": 1}\n{"b": 2}]',
      null,
      'line 2 (byte 10): no JSON array of rows: expected , or ] after an element.',
    ],
    [
      'with something after it',
      '[{"a": 1}] x',
      null,
      'line 1 (byte 11): no JSON array of rows: something follows the end of the document.',
    ],
    [
      'an array where a field is asked for',
      '[1]',
      'data',
      'line 1 (byte 0): no JSON array of rows: the document is not an object with the field "data".',
    ],
    [
      'with another kind of field',
      '{"data": {"a": 1}}',
      'data',
      'line 1 (byte 9): no JSON array of rows: the field "data" is no array.',
    ],
    ['with a value missing', '[,]', null, 'line 1 (byte 1): no JSON array of rows: expected a value.'],
    [
      'with a field without colon',
      '{"a" 1}',
      'data',
      'line 1 (byte 5): no JSON array of rows: expected : after the name of a field.',
    ],
    [
      'with a field without name',
      '{1: 2}',
      'data',
      'line 1 (byte 1): no JSON array of rows: expected the name of a field.',
    ],
    [
      'with fields without comma',
      '{"a": "b" "c": 2}',
      'data',
      'line 1 (byte 10): no JSON array of rows: expected , or } after a field.',
    ],
  ])('is refused %s', async (_, text, field, expected) => {
    const { message, hint } = await dataFailure(read(text, field));
    expect(message).toContain(expected);
    expect(hint).toContain('python -m json.tool');
  });

  it('is refused without the field that is asked for', async () => {
    const { message, hint } = await dataFailure(read('{"version": 1, "rows": [1]}', 'data'));
    expect(message).toMatch(/a\.json has no field "data"; it has "version" and "rows"\.$/);
    expect(hint).toBe('Set data.corpus.field to the field that holds the rows.');
  });

  it('cut anywhere is refused, never read as a smaller corpus', async () => {
    const text = Buffer.from(JSON.stringify({ a: [{}], data: [row('a"', 'b'), row('c', '\u00e9')], b: 1 }));
    const ends = await countEnds(prefixes(text), 'a.json', (_, path) =>
      readCorpus({ format: 'json', path, field: 'data', source_field: null, target_field: null }, languages),
    );
    expect(ends).toEqual({ read: 0, refused: text.length });
  });
});
