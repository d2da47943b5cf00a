import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { CorpusSpec } from '../../../src/engine/config/experiment.ts';
import { CorpusBuilder } from '../../../src/engine/data/corpus-builder.ts';
import { readCorpus } from '../../../src/engine/data/read-corpus.ts';
import { AppError, DataError } from '../../../src/errors.ts';
import { temporaryFiles } from './temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const tsv = (path: string, source_column = 1, target_column = 2): CorpusSpec => ({
  format: 'tsv',
  path,
  source_column,
  target_column,
});

const jsonl = (path: string, source_field: string | null = null, target_field: string | null = null): CorpusSpec => ({
  format: 'jsonl',
  path,
  source_field,
  target_field,
});

/** The message and hint of the DataError that a promise ends in. */
async function failure(promise: Promise<unknown>): Promise<{ message: string; hint: string | undefined }> {
  const error = await promise.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(DataError);
  return error instanceof AppError ? { message: error.message, hint: error.hint } : { message: '', hint: undefined };
}

describe('a TSV corpus', () => {
  it('gives the columns asked for, with 1-based line numbers, quotes being text', async () => {
    await using files = await temporaryFiles({ 'a.tsv': 'app\t"Open"\tOuvrir\textra\napp\tClose\tFermer' });
    const corpus = await readCorpus(tsv(files.path('a.tsv'), 2, 3), languages);
    expect(corpus).toMatchObject({
      name: 'a.tsv',
      pairs: [
        { source: '"Open"', target: 'Ouvrir', line: 1 },
        { source: 'Close', target: 'Fermer', line: 2 },
      ],
      problems: [],
      problemCounts: {},
      notes: [],
    });
    const lines = '["\\"Open\\"","Ouvrir"]\n["Close","Fermer"]\n';
    expect(corpus.sha256).toBe(createHash('sha256').update(lines).digest('hex'));
  });

  it('is read through .gz', async () => {
    await using files = await temporaryFiles({ 'a.tsv.gz': gzipSync('Open\tOuvrir\n') });
    const corpus = await readCorpus(tsv(files.path('a.tsv.gz')), languages);
    expect(corpus.pairs).toEqual([{ source: 'Open', target: 'Ouvrir', line: 1 }]);
  });

  it('leaves out lines with too few columns, and says so', async () => {
    await using files = await temporaryFiles({ 'a.tsv': 'a\tb\n\nlonely\nc\td\n' });
    const file = files.path('a.tsv');
    const corpus = await readCorpus(tsv(file), languages);
    expect(corpus.pairs.map(({ line }) => line)).toEqual([1, 4]);
    expect(corpus.problemCounts).toEqual({ unpaired: 2 });
    expect(corpus.problems[1]).toEqual({ file, line: 3, reason: 'unpaired', detail: '1 column; expected at least 2' });
  });

  it('keeps pairs with an empty side, as datasets does, and reports them', async () => {
    await using files = await temporaryFiles({ 'a.tsv': 'a\t\n\u00a0\tb\nc\td\n' });
    const file = files.path('a.tsv');
    const corpus = await readCorpus(tsv(file), languages);
    expect(corpus.pairs).toHaveLength(3);
    expect(corpus.problems).toEqual([
      { file, line: 1, reason: 'empty', detail: 'the target is empty; the pair is kept' },
      { file, line: 2, reason: 'empty', detail: 'the source is empty; the pair is kept' },
    ]);
  });

  it('leaves out lines that are not UTF-8 and shows how they read', async () => {
    await using files = await temporaryFiles({ 'a.tsv': bytes('a\tb\nd', [0xe9], 'but\tc\ne\tf\n') });
    const file = files.path('a.tsv');
    const corpus = await readCorpus(tsv(file), languages);
    expect(corpus.pairs.map(({ line }) => line)).toEqual([1, 3]);
    expect(corpus.problems).toEqual([{ file, line: 2, reason: 'not-utf8', detail: 'reads as "d\ufffdbut\\tc"' }]);
  });

  it('counts every problem but keeps the first thousand', async () => {
    await using files = await temporaryFiles({ 'a.tsv': `a\tb\n${'x\n'.repeat(1500)}` });
    const corpus = await readCorpus(tsv(files.path('a.tsv')), languages);
    expect(corpus.problemCounts).toEqual({ unpaired: 1500 });
    expect(corpus.problems).toHaveLength(1000);
  });
});

describe('lines', () => {
  it('end at \\n, \\r\\n and \\r and nowhere else, the last one also without an end', async () => {
    await using files = await temporaryFiles({
      'a.tsv': 'a\t1\r\nb\t2\rc\u2028\u0085\u000b\u000c\t3\n\r\nd\t4\r\re\t5',
    });
    const corpus = await readCorpus(tsv(files.path('a.tsv')), languages);
    expect(corpus.pairs).toEqual([
      { source: 'a', target: '1', line: 1 },
      { source: 'b', target: '2', line: 2 },
      { source: 'c\u2028\u0085\u000b\u000c', target: '3', line: 3 },
      { source: 'd', target: '4', line: 5 },
      { source: 'e', target: '5', line: 7 },
    ]);
  });

  it('hold together where a read chunk ends inside a character or a line end', async () => {
    // Chunks are 2^18 bytes: put \r\n and then é across their borders.
    const first = 'x'.repeat(2 ** 18 - 5);
    const second = 'y'.repeat(2 ** 18 - 3);
    await using files = await temporaryFiles({ 'a.tsv': `${first}\t12\n\r\n${second}\té\r\nlast\tone\n` });
    const shifted = `${first}\t123\r\n${second}\té\r\nlast\tone\n`;
    await using others = await temporaryFiles({ 'a.tsv': shifted });
    const corpus = await readCorpus(tsv(others.path('a.tsv')), languages);
    expect(Buffer.from(shifted)[2 ** 18 - 1]).toBe(0x0d);
    expect(Buffer.from(shifted)[2 ** 19 - 1]).toBe(0xc3);
    expect(corpus.pairs.map(({ target, line }) => [target, line])).toEqual([
      ['123', 1],
      ['é', 2],
      ['one', 3],
    ]);
    expect(corpus.problems).toEqual([]);
    const other = await readCorpus(tsv(files.path('a.tsv')), languages);
    expect(other.pairs.map(({ line }) => line)).toEqual([1, 3, 4]);
  });

  it('lose a byte order mark at the start of the file, which is told', async () => {
    await using files = await temporaryFiles({ 'a.tsv': '\ufeffa\tb\n\ufeffc\td\n' });
    const corpus = await readCorpus(tsv(files.path('a.tsv')), languages);
    expect(corpus.pairs.map(({ source }) => source)).toEqual(['a', '\ufeffc']);
    expect(corpus.notes).toEqual([`${files.path('a.tsv')} starts with a byte order mark, which was taken off.`]);
  });

  it('of more than a mebibyte are left out', async () => {
    const long = 2 ** 20 + 1;
    await using files = await temporaryFiles({ 'a.tsv': `a\tb\n${'x'.repeat(long)}\nc\td\n` });
    const corpus = await readCorpus(tsv(files.path('a.tsv')), languages);
    expect(corpus.pairs.map(({ line }) => line)).toEqual([1, 3]);
    expect(corpus.problems[0]).toMatchObject({
      line: 2,
      reason: 'malformed',
      detail: '1048577 bytes long; at most 1048576 are read',
    });
  });
});

describe('a Moses corpus', () => {
  it('pairs the lines of two files as they stand', async () => {
    await using files = await temporaryFiles({ 'a.en': ' Open \n\nClose\n', 'a.fr': 'Ouvrir\nVide\nFermer' });
    const source = files.path('a.en');
    const corpus = await readCorpus({ format: 'moses', source, target: files.path('a.fr') }, languages);
    expect(corpus.name).toBe('a.en + a.fr');
    expect(corpus.pairs).toEqual([
      { source: ' Open ', target: 'Ouvrir', line: 1 },
      { source: '', target: 'Vide', line: 2 },
      { source: 'Close', target: 'Fermer', line: 3 },
    ]);
    expect(corpus.problems).toMatchObject([{ file: source, line: 2, reason: 'empty' }]);
  });

  it('loses a pair where either side is no text, and names that file', async () => {
    await using files = await temporaryFiles({
      'a.en': bytes('a\n', [0xff], '\nc\n'),
      'a.fr': bytes('1\n2\n', [0xc3], '\n'),
    });
    const [source, target] = [files.path('a.en'), files.path('a.fr')];
    const corpus = await readCorpus({ format: 'moses', source, target }, languages);
    expect(corpus.pairs).toEqual([{ source: 'a', target: '1', line: 1 }]);
    expect(corpus.problems).toMatchObject([
      { file: source, line: 2, reason: 'not-utf8' },
      { file: target, line: 3, reason: 'not-utf8' },
    ]);
  });

  it.each([
    ['a\nb\nc\n', '1\n', 3, 1],
    ['a\n', '1\n2\n3', 1, 3],
    ['', '1\n', 0, 1],
  ])('refuses files of different length: %j and %j', async (left, right, leftLines, rightLines) => {
    await using files = await temporaryFiles({ 'a.en': left, 'a.fr': right });
    const [source, target] = [files.path('a.en'), files.path('a.fr')];
    const { message, hint } = await failure(readCorpus({ format: 'moses', source, target }, languages));
    expect(message).toBe(
      `${source} has ${leftLines} lines but ${target} has ${rightLines}; expected one translation a line.`,
    );
    expect(hint).toContain('A lone carriage return ends a line too');
  });
});

describe('a JSONL corpus', () => {
  it('gives the texts of the two languages', async () => {
    const rows = [
      { id: '0', translation: { en: 'Open', fr: 'Ouvrir', de: 'Öffnen' } },
      { translation: { fr: 'b', en: 'a' } },
    ];
    await using files = await temporaryFiles({ 'a.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') });
    const corpus = await readCorpus(jsonl(files.path('a.jsonl')), languages);
    expect(corpus.pairs).toEqual([
      { source: 'Open', target: 'Ouvrir', line: 1 },
      { source: 'a', target: 'b', line: 2 },
    ]);
  });

  it('tells what is wrong with each line it leaves out', async () => {
    const lines = [
      '{"translation": {"en": "a", "fr": "b"}}',
      '{"translation": {"en": "a"',
      '["a", "b"]',
      '{"en": "a", "fr": "b"}',
      '{"translation": {"en": "a", "de": "b"}}',
      '{"translation": {}}',
      '{"translation": {"en": 1, "fr": "b"}}',
      '{"translation": {"en": "\\ud800", "fr": "b"}}',
      '',
    ];
    await using files = await temporaryFiles({ 'a.jsonl': lines.join('\n') });
    const corpus = await readCorpus(jsonl(files.path('a.jsonl')), languages);
    expect(corpus.pairs).toHaveLength(1);
    expect(corpus.problems.map(({ line, reason, detail }) => `${line} ${reason}: ${detail}`)).toEqual([
      expect.stringContaining('2 malformed: Expected'),
      '3 malformed: no object under "translation"',
      '4 malformed: no object under "translation"; the row has "en" and "fr"',
      '5 unpaired: no "fr"; it has "en" and "de"',
      '6 unpaired: no "en" and "fr"; it has nothing',
      '7 malformed: a translation is not a string',
      '8 malformed: half of a surrogate pair, which is no character',
    ]);
    expect(corpus.problemCounts).toEqual({ malformed: 5, unpaired: 2 });
  });
});

describe('a JSONL corpus with names of its own', () => {
  it('gives the texts of the fields asked for, names with dots before structs', async () => {
    const rows = [
      '{"text": {"in": "a", "out": "b"}, "text.out": "c"}',
      '{"text": {"in": null, "out": "b"}}',
      '{"text": "a"}',
    ];
    await using files = await temporaryFiles({ 'a.jsonl': rows.join('\n') });
    const corpus = await readCorpus(jsonl(files.path('a.jsonl'), 'text.in', 'text.out'), languages);
    expect(corpus.pairs).toEqual([{ source: 'a', target: 'c', line: 1 }]);
    expect(corpus.problems.map(({ line, detail }) => `${line}: ${detail}`)).toEqual([
      '2: "in" is null',
      '3: no object under "text"; its text is no JSON object',
    ]);
  });
});

describe('a JSONL corpus whose translations are JSON in a string', () => {
  it('gives their texts, and says of each row what is none', async () => {
    const cells = [
      '{"en": "a \\"b\\"", "fr": "c"}',
      "{'en': 'a', 'fr': 'b'}",
      '["a", "b"]',
      '',
      '{"en": "a"}',
      '{"en": 1, "fr": "b"}',
      '{"en": "\\ud83d", "fr": "\\ude00"}',
    ];
    const rows = cells.map((translation) => JSON.stringify({ translation }));
    await using files = await temporaryFiles({ 'a.jsonl': rows.join('\n') });
    const file = files.path('a.jsonl');
    const corpus = await readCorpus(jsonl(file), languages);
    expect(corpus.pairs).toEqual([{ source: 'a "b"', target: 'c', line: 1 }]);
    const none = 'no object under "translation"; its text is no JSON object';
    expect(corpus.problems).toEqual([
      { file, line: 2, reason: 'malformed', detail: none },
      { file, line: 3, reason: 'malformed', detail: none },
      { file, line: 4, reason: 'malformed', detail: none },
      { file, line: 5, reason: 'unpaired', detail: 'no "fr"; it has "en"' },
      { file, line: 6, reason: 'malformed', detail: 'a translation is not a string' },
      { file, line: 7, reason: 'malformed', detail: 'half of a surrogate pair, which is no character' },
    ]);
  });
});

describe('a corpus without end', () => {
  it('in a small .gz is refused before it fills the memory', async () => {
    const line = `${'a'.repeat(500)}\t${'b'.repeat(500)}\n`;
    await using files = await temporaryFiles({ 'a.tsv.gz': gzipSync(line.repeat(30_000)) });
    const { message, hint } = await failure(readCorpus(tsv(files.path('a.tsv.gz')), languages));
    expect(message).toMatch(
      /a\.tsv\.gz is no corpus: its first \d+ bytes unpack to \d{8}, more than 200 times as many\.$/,
    );
    expect(hint).toContain('gunzip');
  });

  it('of more pairs than the memory takes is refused, and the way to more is told', () => {
    const corpus = new CorpusBuilder(10_000_000);
    const pair = { source: 'œ'.repeat(1000), target: 'b'.repeat(1000), line: 1 };
    const add = () => {
      for (let count = 0; count < 5000; count++) corpus.addPair(pair, 'a.tsv');
    };
    // A pair takes 2,000 + 1,000 bytes of text and 80 beside.
    expect(add).toThrow(
      'The corpus is too large for the memory: its first 3247 pairs, up to a.tsv, take 10 MB; at most 10 MB are free for them.',
    );
  });
});

describe('an OPUS corpus', () => {
  const spec = (directory: string, name = 'KDE4'): CorpusSpec => ({
    format: 'opus',
    name,
    version: null,
    directory,
  });
  /** Nothing of these tests may reach the network or the user's own caches. */
  const world = { env: { HF_HUB_OFFLINE: '1', HOME: '/nowhere' } };

  it('is named by the alphabetical pair in both directions and stripped as Python strips', async () => {
    await using files = await temporaryFiles({
      'KDE4.en-fr.en': '\u00a0a\u001c\n\n\ufeff b \n',
      'KDE4.en-fr.fr': '1 \u0085\n\u3000\n2\n',
    });
    const forth = await readCorpus(spec(files.directory), languages, world);
    expect(forth.name).toBe('KDE4 en-fr');
    // str.strip() of Python takes NBSP, U+001C and U+0085, and leaves U+FEFF.
    expect(forth.pairs).toEqual([
      { source: 'a', target: '1', line: 1 },
      { source: '', target: '', line: 2 },
      { source: '\ufeff b', target: '2', line: 3 },
    ]);
    expect(forth.problemCounts).toEqual({ empty: 2 });
    const back = await readCorpus(spec(files.directory), { source_lang: 'fr', target_lang: 'en' }, world);
    expect(back.pairs[0]).toEqual({ source: '1', target: 'a', line: 1 });
  });
});

describe('a corpus that cannot be read', () => {
  it('is missing, a directory, empty or without a usable line', async () => {
    await using files = await temporaryFiles({
      'empty.tsv': '',
      'blank.tsv': '\n',
      'latin1.tsv': bytes('a\t', [0xe9], '\n'),
    });
    const read = async (name: string) => (await failure(readCorpus(tsv(files.path(name)), languages))).message;
    expect(await read('none.tsv')).toBe(`${files.path('none.tsv')} does not exist.`);
    expect(await read('empty.tsv/x')).toBe(`${files.path('empty.tsv/x')} does not exist.`);
    expect(await read('')).toBe(`${files.path('')} is a directory; expected a text file.`);
    expect(await read('empty.tsv')).toBe('The corpus empty.tsv is empty: it has no line.');
    expect(await read('blank.tsv')).toBe(
      `The corpus blank.tsv has no usable pair: 1 line was left out, the first being ${files.path('blank.tsv')}, line 1 (unpaired: 1 column; expected at least 2).`,
    );
    expect((await failure(readCorpus(tsv(files.path('blank.tsv')), languages))).hint).toMatch(
      /^Set source_column and target_column of the corpus to columns it has, or format/,
    );
    expect(await read('latin1.tsv')).toContain('line 1 (not-utf8: reads as "a\\t\ufffd").');
  });

  it('is UTF-16', async () => {
    await using files = await temporaryFiles({ 'a.tsv': Buffer.from('\ufeffa\tb\n', 'utf16le') });
    const file = files.path('a.tsv');
    expect(await failure(readCorpus(tsv(file), languages))).toEqual({
      message: `${file}, line 1: the file is UTF-16; expected UTF-8.`,
      hint: `iconv -f UTF-16 -t UTF-8 ${file} > ${file}.utf8`,
    });
  });

  it('is a .gz that is none or was cut off', async () => {
    const packed = gzipSync(Array.from({ length: 40_000 }, (_, line) => `${line}\t${Math.sin(line)}\n`).join(''));
    await using files = await temporaryFiles({
      'plain.tsv.gz': 'a\tb\n',
      'cut.tsv.gz': packed.subarray(0, packed.length - 2000),
    });
    const plain = await failure(readCorpus(tsv(files.path('plain.tsv.gz')), languages));
    expect(plain.message).toBe(
      `${files.path('plain.tsv.gz')} cannot be unpacked after line 0: incorrect header check.`,
    );
    expect(plain.hint).toBe(`Check it with: gzip -t ${files.path('plain.tsv.gz')}`);
    const cut = await failure(readCorpus(tsv(files.path('cut.tsv.gz')), languages));
    expect(cut.message).toMatch(/cut\.tsv\.gz cannot be unpacked after line [1-9]\d+: unexpected end of file\.$/);
  });

  it('has a name no file can have', async () => {
    const { message } = await failure(readCorpus(tsv('x'.repeat(300)), languages));
    expect(message).toMatch(/^x{300} cannot be read: ENAMETOOLONG/);
  });

  it('has one side only', async () => {
    await using files = await temporaryFiles({ 'a.en': 'a\n' });
    const spec: CorpusSpec = { format: 'moses', source: files.path('a.en'), target: files.path('a.fr') };
    expect((await failure(readCorpus(spec, languages))).message).toBe(`${files.path('a.fr')} does not exist.`);
  });
});
