import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { dataFailure } from '../data-failure.ts';
import { countEnds, prefixes } from '../sound-ends.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/data-formats/${name}`, import.meta.url));

async function read(format: 'po' | 'mo', content: string | Uint8Array, name = `a.${format}`) {
  await using files = await temporaryFiles({ [name]: content });
  return await readCorpus({ format, path: files.path(name) }, languages);
}

const header = (charset = 'UTF-8', language = 'fr'): string =>
  `msgid ""\nmsgstr ""\n"Language: ${language}\\n"\n"Content-Type: text/plain; charset=${charset}\\n"\n\n`;

/** What Python's gettext has, in our terms: its plural forms are keyed by the singular. */
function pythonPairs(): string[][] {
  const rows = z
    .array(z.tuple([z.string(), z.number().nullable(), z.string()]))
    .parse(JSON.parse(readFileSync(fixture('sample.gettext.json'), 'utf8')));
  return rows.map(([text, form, translation]) => [form === 1 ? text.replace('tree', 'trees') : text, translation]);
}

describe('a PO corpus', () => {
  it("has the messages that GNU msgfmt compiles and Python's gettext reads", async () => {
    const corpus = await readCorpus({ format: 'po', path: fixture('sample.po') }, languages);
    const pairs = corpus.pairs.map(({ source, target }) => [source, target]);
    expect(pairs.sort()).toEqual(pythonPairs().sort());
    expect(corpus.problems.map(({ line, reason }) => [line, reason])).toEqual([
      [39, 'fuzzy'],
      [42, 'untranslated'],
      [49, 'obsolete'],
      [53, 'obsolete'],
    ]);
    expect(corpus.pairs[0]?.line).toBe(12);
  });

  it.each([
    ['ISO-8859-1', 'latin1'],
    ['UTF-8', 'utf8'],
    ['CHARSET', 'utf8'],
  ] as const)('is read in the charset of its header, %s', async (charset, encoding) => {
    const text = `${header(charset)}msgid "coffee"\nmsgstr "café"\n`;
    const corpus = await read('po', Buffer.from(text, encoding));
    expect(corpus.pairs).toEqual([{ source: 'coffee', target: 'café', line: 6 }]);
    const packed = await read('po', gzipSync(Buffer.from(text, encoding)), 'a.po.gz');
    expect(packed.pairs).toEqual(corpus.pairs);
  });

  it('reports the messages of another language, an unknown charset and bytes that are no text', async () => {
    const message = 'msgid "a"\nmsgstr "b"\n';
    const german = await dataFailure(read('po', header('UTF-8', 'de_DE') + message));
    expect(german.message).toMatch(/\(other-language: the catalogue is in "de_DE"\)\.$/);
    expect((await read('po', header('UTF-8', 'fr_CA') + message)).pairs).toHaveLength(1);
    const unknown = await dataFailure(read('po', header('klingon') + message));
    expect(unknown.message).toMatch(/says that it is in "klingon", an encoding that is not known\.$/);
    const broken = await read('po', Buffer.from(`msgid "c"\nmsgstr "caf\u00e9"\n\n${message}`, 'latin1'));
    expect(broken.pairs).toEqual([{ source: 'a', target: 'b', line: 4 }]);
    expect(broken.problems).toMatchObject([{ line: 2, reason: 'not-utf8' }]);
  });

  it('counts the plural forms that it passes over', async () => {
    const message = (id: string) =>
      `msgid "${id}"\nmsgid_plural "${id}s"\nmsgstr[0] "x"\nmsgstr[1] "y"\nmsgstr[2] "z"\nmsgstr[3] "z"\n\n`;
    const corpus = await read('po', message('a') + message('b'));
    expect(corpus.pairs).toHaveLength(4);
    expect(corpus.notes).toEqual(['4 plural forms beyond the second were passed over: a plural has one source.']);
  });

  it('loses only the message that is wrong, and says where', async () => {
    const good = 'msgid "a"\nmsgstr "b"\n\n';
    const wrong = [
      'msgid "a" b"\nmsgstr "x"',
      'msgid "a\\q"\nmsgstr "x"',
      'msgid "a\\"\nmsgstr "x"',
      'msgid "a\\xff"\nmsgstr "x"',
      'msgid "a\nmsgstr "x"',
      'msgid "a"',
      'msgstr "x"',
      '"x"',
      'hello',
      'msgid "a"\nmsgstr "x"\nmsgstr "y"',
      'msgid "a"\nmsgid_plural "b"\nmsgstr "x"',
      `msgid "a"\nmsgstr "${'x'.repeat(10_000_000)}"`,
      `msgid "a"\nmsgstr ""\n${`"${'x'.repeat(99)}"\n`.repeat(20_000)}`,
    ];
    const corpus = await read('po', `${good}${wrong.map((each) => `${each}\n\n${good}`).join('')}`);
    expect(corpus.pairs).toHaveLength(wrong.length + 1);
    expect(corpus.problems.map(({ detail }) => detail)).toEqual([
      'is no string: "\\"a\\" b\\""',
      'is no string: "\\"a\\\\q\\""',
      'is no string: "\\"a\\\\\\""',
      'is no string: "\\"a\\\\xff\\""',
      'is no string: "\\"a"',
      'no msgstr',
      'msgstr before any msgid',
      'a string before any msgid',
      'reads "hello"; expected msgid, msgstr, a string or a comment',
      'a second msgstr',
      'no msgstr[0]',
      '10000009 bytes long; at most 1048576 are read',
      'a message of more than 1048576 characters',
    ]);
  });

  it('keeps NUL bytes as other text formats do, and cut anywhere ends in pairs or a DataError', async () => {
    expect((await read('po', 'msgid "a\0"\nmsgstr "b"')).pairs).toMatchObject([{ source: 'a\0' }]);
    const whole = readFileSync(fixture('sample.po'));
    const ends = await countEnds(prefixes(whole, 3), 'cut.po', (_, path) =>
      readCorpus({ format: 'po', path }, languages),
    );
    // The first message ends at the second quarter of the file.
    expect(ends.read).toBeGreaterThan(ends.refused);
  });
});

describe('an MO corpus', () => {
  it.each(['little', 'big'])("has the messages that Python's gettext reads, in %s-endian order", async (order) => {
    const corpus = await readCorpus({ format: 'mo', path: fixture(`sample.${order}.mo`) }, languages);
    expect(corpus.pairs.map(({ source, target }) => [source, target])).toEqual(pythonPairs());
    expect(corpus.problems).toEqual([]);
  });

  it('is read through gzip and as a folder', async () => {
    const whole = readFileSync(fixture('sample.little.mo'));
    await using files = await temporaryFiles({ 'locale/fr/a.mo': whole, 'locale/fr/b.mo.gz': gzipSync(whole) });
    const corpus = await readCorpus({ format: 'mo', path: files.path('locale') }, languages);
    expect(corpus.name).toBe('locale (2 files)');
    expect(corpus.pairs).toHaveLength(2 * pythonPairs().length);
  });

  it('keeps U+FEFF at the start of a text, as gettext does', async () => {
    const bytes = readFileSync(fixture('sample.little.mo'));
    // The last translation, whose first characters give way to the three bytes of U+FEFF.
    const descriptor = bytes.readUInt32LE(16) + 8 * (bytes.readUInt32LE(8) - 1);
    Buffer.from('\ufeff').copy(bytes, bytes.readUInt32LE(descriptor + 4));
    const before = await readCorpus({ format: 'mo', path: fixture('sample.little.mo') }, languages);
    const { pairs } = await read('mo', bytes);
    expect(pairs.at(-1)?.target).toBe(`\ufeff${before.pairs.at(-1)?.target.slice(3)}`);
  });

  it('cut anywhere, or with any word of its tables changed, ends in pairs, problems or a DataError', async () => {
    const whole = readFileSync(fixture('sample.little.mo'));
    const variants = prefixes(whole);
    for (let at = 0; at + 4 <= 28 + 16 * 8; at += 4) {
      for (const value of [0, 1, whole.length - 1, 0x7fffffff, 0xffffffff]) {
        const changed = Buffer.from(whole);
        changed.writeUInt32LE(value, at);
        variants.push(changed);
      }
    }
    const ends = await countEnds(variants, 'a.mo', (_, path) => readCorpus({ format: 'mo', path }, languages));
    expect(ends.read + ends.refused).toBe(variants.length);
    expect(ends.refused).toBeGreaterThan(100);
  });

  it('reports strings out of the file, too long or no text, and goes on', async () => {
    const whole = readFileSync(fixture('sample.little.mo'));
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(whole);
      copy.writeUInt32LE(value, at);
      return copy;
    };
    const originals = whole.readUInt32LE(12);
    const outside = await read('mo', changed(originals + 8 + 4, whole.length));
    expect(outside.problems).toMatchObject([
      {
        line: 2,
        reason: 'malformed',
        detail: `the message ends at byte ${whole.length + '%d tree%d trees'.length + 1} of ${whole.length}`,
      },
    ]);
    const latin = Buffer.from(whole);
    latin[latin.indexOf('é')] = 0xff;
    expect((await read('mo', latin)).problemCounts).toEqual({ 'not-utf8': 1 });
  });

  it.each([
    ['', /a\.mo is no MO catalogue: 0 bytes; a header alone has 28\.$/],
    ['x'.repeat(40), /is no MO catalogue: it starts with 0x78787878\.$/],
    [mo({ count: 100_000 }), /is no MO catalogue: a table ends at byte 800028 of 8028\.$/],
    [mo({ revision: 2 << 16 }), /its major revision is 2; expected 0 or 1\.$/],
    [mo({ count: 900, length: 4000 }), /its strings lie over one another\.$/],
  ])('is refused with a header that cannot be: %#', async (content, message) => {
    expect((await dataFailure(read('mo', content))).message).toMatch(message);
  });
});

/** A catalogue whose messages are all the same bytes. */
function mo({ count = 1, revision = 0, length = 1 }: { count?: number; revision?: number; length?: number }): Buffer {
  const bytes = Buffer.alloc(8028, 'a');
  [0x950412de, revision, count, 28, 28, 0, 0].forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  for (let at = 28; at + 8 <= bytes.length && at < 28 + 8 * count; at += 8) {
    bytes.writeUInt32LE(length, at);
    bytes.writeUInt32LE(100, at + 4);
  }
  return bytes;
}
