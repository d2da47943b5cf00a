import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { dataFailure } from '../data-failure.ts';
import { countEnds, prefixes } from '../sound-ends.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };
const unit = (...variants: [string, string][]): string =>
  `<tu>${variants.map(([language, text]) => `<tuv xml:lang="${language}"><seg>${text}</seg></tuv>`).join('')}</tu>`;
const document = (body: string, declaration = '<?xml version="1.0" encoding="UTF-8"?>'): string =>
  `${declaration}\n<tmx version="1.4"><header srclang="en"/><body>\n${body}\n</body></tmx>\n`;

/** Reads a document as a corpus. */
async function read(content: string | Uint8Array, spoken = languages, name = 'a.tmx') {
  await using files = await temporaryFiles({ [name]: content });
  return await readCorpus({ format: 'tmx', path: files.path(name) }, spoken);
}

describe('a TMX corpus', () => {
  it('gives one pair a unit, in the direction asked for, with the line of the unit', async () => {
    const text = document(
      [
        unit(['en', 'Open the gate'], ['fr', 'Ouvrir le portail']),
        unit(['fr', ' Fermer\n le portail '], ['de', 'Tor'], ['en', 'Close &amp; lock &#x41;&lt;']),
      ].join('\n'),
    );
    const corpus = await read(text);
    expect(corpus.name).toBe('a.tmx');
    expect(corpus.pairs).toEqual([
      { source: 'Open the gate', target: 'Ouvrir le portail', line: 3 },
      { source: 'Close & lock A<', target: ' Fermer\n le portail ', line: 4 },
    ]);
    expect(corpus.problems).toEqual([]);
    const back = await read(text, { source_lang: 'fr', target_lang: 'en' });
    expect(back.pairs[0]).toEqual({ source: 'Ouvrir le portail', target: 'Open the gate', line: 3 });
  });

  it.each([
    ['EN-us', 'FR', 'en', 'fr'],
    ['en_US', 'fr-CA', 'en', 'fr'],
    ['en-US', 'fr', 'en-us', 'fr'],
  ])('matches %s and %s where %s and %s are asked for', async (source, target, source_lang, target_lang) => {
    const corpus = await read(document(unit([source, 'a'], [target, 'b'])), { source_lang, target_lang });
    expect(corpus.pairs).toMatchObject([{ source: 'a', target: 'b' }]);
  });

  it('takes the exact language before a variety, the first of equals, and notes the choice', async () => {
    const corpus = await read(
      document(
        [
          unit(['en-US', 'color'], ['en', 'colour'], ['fr', 'couleur']),
          unit(['en-GB', 'lorry'], ['en-US', 'truck'], ['fr', 'camion']),
        ].join(''),
      ),
    );
    expect(corpus.pairs.map(({ source }) => source)).toEqual(['colour', 'lorry']);
    expect(corpus.notes[0]).toMatch(
      /a\.tmx: 2 texts were passed over: their units have a nearer one, or an earlier one as near/,
    );
  });

  it('reads a language pair of two varieties', async () => {
    const corpus = await read(document(unit(['en-GB', 'colour'], ['en', 'color'])), {
      source_lang: 'en',
      target_lang: 'en-GB',
    });
    expect(corpus.pairs).toMatchObject([{ source: 'color', target: 'colour' }]);
  });

  it('reads the lang attribute of old versions', async () => {
    const corpus = await read(document('<tu><tuv lang="EN"><seg>a</seg></tuv><tuv lang="FR"><seg>b</seg></tuv></tu>'));
    expect(corpus.pairs).toMatchObject([{ source: 'a', target: 'b' }]);
  });

  it('drops inline codes and keeps the words around and in highlights', async () => {
    const seg =
      'The <bpt i="1">&lt;b title="<sub>A hint</sub>"></bpt>red<ept i="1">&lt;/b></ept> <hi>tall<ph>{1}</ph></hi> ' +
      '<it pos="begin">[</it>gate<ut>\\x</ut><ph/><![CDATA[ & <more>]]><!-- never --><?nor this?>.';
    const corpus = await read(document(unit(['en', seg], ['fr', 'x'])));
    expect(corpus.pairs[0]?.source).toBe('The red tall gate & <more>.');
  });

  it('reports units that lack a language, and keeps empty sides as other formats do', async () => {
    const corpus = await read(
      document(`${unit(['en', 'a'], ['fr', ''])}\n${unit(['en', 'b'], ['de', 'c'])}\n<tu></tu>`),
    );
    expect(corpus.pairs).toEqual([{ source: 'a', target: '', line: 3 }]);
    expect(corpus.problems.map(({ line, reason, detail }) => [line, reason, detail])).toEqual([
      [3, 'empty', 'the target is empty; the pair is kept'],
      [4, 'unpaired', 'no "fr"; it has "en" and "de"'],
      [5, 'unpaired', 'no "en" and "fr"; it has nothing'],
    ]);
  });

  it.each([
    ['UTF-16 with a mark', Buffer.from(`\ufeff${document(unit(['en', 'é'], ['fr', 'œ']))}`, 'utf16le')],
    ['UTF-16 without', Buffer.from(document(unit(['en', 'é'], ['fr', 'œ'])), 'utf16le')],
    [
      'UTF-16 of the other byte order',
      Buffer.from(`\ufeff${document(unit(['en', 'é'], ['fr', 'œ']))}`, 'utf16le').swap16(),
    ],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${document(unit(['en', 'é'], ['fr', 'œ']))}`)],
    ['UTF-8 that claims UTF-16', document(unit(['en', 'é'], ['fr', 'œ']), '<?xml version="1.0" encoding="utf-16"?>')],
    ['gzip', gzipSync(document(unit(['en', 'é'], ['fr', 'œ'])))],
  ])('is read in %s', async (name, content) => {
    const corpus = await read(content, languages, name === 'gzip' ? 'a.tmx.gz' : 'a.tmx');
    expect(corpus.pairs).toEqual([{ source: 'é', target: 'œ', line: 3 }]);
  });

  it('is read in the encoding it declares', async () => {
    const text = document(unit(['en', 'é'], ['fr', 'ü']), "<?xml version='1.0' encoding='ISO-8859-1'?>");
    expect((await read(Buffer.from(text, 'latin1'))).pairs).toEqual([{ source: 'é', target: 'ü', line: 3 }]);
    const unknown = await dataFailure(read(document('', '<?xml version="1.0" encoding="klingon"?>')));
    expect(unknown.message).toMatch(/a\.tmx says that it is in "klingon", an encoding that is not known\.$/);
  });

  it('may be a folder, whose files are read in the order of their names', async () => {
    await using files = await temporaryFiles({
      'memory/b.tmx': document(unit(['en', '3'], ['fr', '3'])),
      'memory/a/z.TMX': document(unit(['en', '2'], ['fr', '2'])),
      'memory/a.tmx.gz': gzipSync(document(unit(['en', '1'], ['fr', '1']))),
      'memory/readme.txt': 'no memory',
    });
    const corpus = await readCorpus({ format: 'tmx', path: files.path('memory') }, languages);
    expect(corpus.name).toBe('memory (3 files)');
    expect(corpus.pairs.map(({ source }) => source)).toEqual(['1', '2', '3']);
  });

  it('is refused as a folder without memories, or when nothing is there', async () => {
    await using files = await temporaryFiles({ 'memory/readme.txt': '' });
    const empty = await dataFailure(readCorpus({ format: 'tmx', path: files.path('memory') }, languages));
    expect(empty.message).toBe(`${files.path('memory')} holds no file in .tmx.`);
    const gone = await dataFailure(readCorpus({ format: 'tmx', path: files.path('gone') }, languages));
    expect(gone.message).toBe(`${files.path('gone')} does not exist.`);
  });
});

describe('hostile TMX', () => {
  it('never expands an entity, and loses only the units that use one', async () => {
    const bomb = Array.from({ length: 30 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
    const text = document(
      `${unit(['en', '&l30;'], ['fr', 'b'])}\n${unit(['en', '&file;'], ['fr', 'b'])}\n${unit(['en', 'a'], ['fr', '&constructor;'])}\n${unit(['en', 'c'], ['fr', 'd'])}`,
      `<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "file:///etc/passwd" [<!ENTITY l0 "lol">${bomb}<!ENTITY file SYSTEM "/etc/hostname">]>`,
    );
    const corpus = await read(text);
    expect(corpus.pairs).toEqual([{ source: 'c', target: 'd', line: 6 }]);
    expect(corpus.problemCounts).toEqual({ malformed: 3 });
    expect(corpus.problems[0]).toMatchObject({ line: 3, detail: "an entity that is not XML's own; none is expanded" });
  });

  it('loses only the units with characters that are none', async () => {
    const bad = Buffer.concat([
      Buffer.from(`<tmx><body>${unit(['en', 'a\0'], ['fr', 'b'])}\n${unit(['en', '&#x1f;'], ['fr', 'b'])}\n`),
      Buffer.from(unit(['en', 'caf\u00e9'], ['fr', 'b']), 'latin1'),
      Buffer.from(`\n${unit(['en', 'c'], ['fr', 'd'])}</body></tmx>`),
    ]);
    const corpus = await read(bad);
    expect(corpus.pairs).toEqual([{ source: 'c', target: 'd', line: 4 }]);
    expect(corpus.problems.map(({ line, reason, detail }) => [line, reason, detail])).toEqual([
      [1, 'malformed', 'a control character, which XML does not allow'],
      [2, 'malformed', 'a character reference to no character'],
      [3, 'not-utf8', 'reads as "caf\ufffd"'],
    ]);
  });

  it('leaves out a sentence of ten megabytes', async () => {
    const corpus = await read(
      document(`${unit(['en', 'x'.repeat(10_000_000)], ['fr', 'b'])}${unit(['en', 'c'], ['fr', 'd'])}`),
    );
    expect(corpus.pairs).toMatchObject([{ source: 'c' }]);
    expect(corpus.problems).toMatchObject([
      { reason: 'malformed', detail: '10000000 characters long; at most 1048576 are read' },
    ]);
  });

  it.each([
    ['a comment without end', `<!--${'x'.repeat(20_000_000)}`, /more than 16777216 characters without a tag/],
    ['a declaration without end', `<!DOCTYPE tmx [${'x'.repeat(20_000_000)}`, /more than 16777216 characters without/],
    ['a tag without end', `<tmx a="${'x'.repeat(20_000_000)}`, /more than 16777216 characters without a tag/],
    ['endless nesting', `<tmx>${'<a>'.repeat(5000)}`, /more than 1000 elements in one another/],
    ['a bare ampersand', '<tmx><body><tu>R&D</tu></body></tmx>', /not well-formed XML/],
    ['crossed tags', '<tmx><body></tmx></body>', /, line 1: not well-formed XML: unexpected close tag\.$/],
    ['no XML', 'a\tb\n', /not well-formed XML/],
    ['nothing', '', /not well-formed XML: document must contain a root element\.$/],
  ])('with %s is refused', async (_, text, message) => {
    const { message: found, hint } = await dataFailure(read(text));
    expect(found).toMatch(message);
    expect(hint).toContain('xmllint --noout');
  });

  it('cut anywhere is refused, never read as a smaller memory', async () => {
    const text = document(`<!-- c -->${unit(['en', 'a<ph>1</ph>'], ['fr', '<![CDATA[b]]>'])}`).trimEnd();
    const ends = await countEnds(prefixes(Buffer.from(text)), 'cut.tmx', (_, path) =>
      readCorpus({ format: 'tmx', path }, languages),
    );
    expect(ends).toEqual({ read: 0, refused: Buffer.byteLength(text) });
  });
});
