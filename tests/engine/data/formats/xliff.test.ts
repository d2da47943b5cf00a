import { describe, expect, it } from 'vitest';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { dataFailure } from '../data-failure.ts';
import { countEnds, prefixes } from '../sound-ends.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'en', target_lang: 'fr' };

async function read(content: string | Uint8Array) {
  await using files = await temporaryFiles({ 'a.xlf': content });
  return await readCorpus({ format: 'xliff', path: files.path('a.xlf') }, languages);
}

const version1 = (units: string, attributes = 'source-language="en-US" target-language="fr"'): string =>
  `<?xml version="1.0"?>\n<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file ${attributes} original="a" datatype="plaintext"><header><note>source</note></header><body>\n${units}\n</body></file></xliff>`;
const version2 = (units: string, attributes = 'srcLang="en" trgLang="fr"'): string =>
  `<?xml version="1.0"?>\n<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" ${attributes}><file id="f">\n${units}\n</file></xliff>`;

describe('an XLIFF 1.2 corpus', () => {
  it('gives a pair a unit, without codes, seg-source and proposals', async () => {
    const corpus = await read(
      version1(
        `<group id="g"><trans-unit id="1" approved="yes"><source>Open <g id="1">the <x id="2"/>gate</g><ph id="3">{0}</ph></source>` +
          `<seg-source><mrk mtype="seg">no</mrk></seg-source><target state="translated">Ouvrir <mrk mtype="seg" mid="1">le portail</mrk></target>` +
          `<alt-trans><source>no</source><target>non</target></alt-trans></trans-unit></group>\n` +
          `<trans-unit id="2" approved="no"><source> Close </source><target> Fermer\n</target></trans-unit>`,
      ),
    );
    expect(corpus.pairs).toEqual([
      { source: 'Open the gate', target: 'Ouvrir le portail', line: 3 },
      { source: ' Close ', target: ' Fermer\n', line: 4 },
    ]);
    expect(corpus.problems).toEqual([]);
  });

  it('reports what is not translated, what awaits review and what lacks a source', async () => {
    const target = (state: string): string => `<trans-unit><source>a</source><target${state}>b</target></trans-unit>\n`;
    const corpus = await read(
      version1(
        `${target(' state="new"')}${target(' state="needs-translation"')}${target(' state="needs-review-translation"')}` +
          `${target(' state="final"')}<trans-unit><source>a</source></trans-unit>\n<trans-unit><source>a</source><target/></trans-unit>\n` +
          '<trans-unit><target>b</target></trans-unit>',
      ),
    );
    expect(corpus.pairs).toEqual([{ source: 'a', target: 'b', line: 6 }]);
    expect(corpus.problems.map(({ line, reason, detail }) => [line, reason, detail])).toEqual([
      [3, 'untranslated', 'its state is new'],
      [4, 'untranslated', 'its state is needs-translation'],
      [5, 'fuzzy', 'its state is needs-review-translation'],
      [7, 'untranslated', 'no <target>'],
      [8, 'untranslated', 'the target is empty'],
      [9, 'unpaired', 'no <source>'],
    ]);
  });

  it('reports the units of a file in other languages', async () => {
    const unit = '<trans-unit><source>a</source><target>b</target></trans-unit>';
    const other = '<file source-language="de" target-language="fr"><body>';
    const corpus = await read(version1(`${unit}</body></file>${other}${unit}`));
    expect(corpus.pairs).toHaveLength(1);
    expect(corpus.problems).toMatchObject([{ reason: 'other-language', detail: 'from "de" into "fr"' }]);
    const wrong = await dataFailure(read(version1(unit, 'source-language="en" target-language="es"')));
    expect(wrong.message).toMatch(
      /has no usable pair: 1 line was left out.*\(other-language: from "en" into "es"\)\.$/,
    );
    expect(wrong.hint).toBe('Set data.source_lang and data.target_lang to languages that it has.');
  });

  it('is no TMX', async () => {
    expect(await dataFailure(read('<?xml version="1.0"?>\n<tmx version="1.4"><body/></tmx>'))).toEqual({
      message: expect.stringMatching(/a\.xlf begins with <tmx>; <xliff> was expected\.$/),
      hint: 'Set data.corpus.format to tmx.',
    });
    expect((await dataFailure(read('<html/>'))).hint).toBe('Check data.corpus.format, and that it is the right file.');
  });
});

describe('an XLIFF 2 corpus', () => {
  it('gives a pair a segment, with the words of inline elements and without matches', async () => {
    const corpus = await read(
      version2(
        '<unit id="1"><mtc:matches xmlns:mtc="urn:oasis:names:tc:xliff:matches:2.0"><mtc:match ref="#1"><source>no</source><target>non</target></mtc:match></mtc:matches>' +
          '<originalData><data id="d">&lt;b></data></originalData>' +
          '<segment state="final"><source>Open <pc id="1">the <mrk id="m">gate</mrk></pc><ph id="2"/></source><target>Ouvrir <sc id="1"/>le portail<ec startRef="1"/></target></segment>' +
          '<ignorable><source> </source><target> </target></ignorable>\n' +
          '<segment><source>Close<cp hex="0007"/></source><target>Fermer</target></segment></unit>',
      ),
    );
    expect(corpus.pairs).toEqual([
      { source: 'Open the gate', target: 'Ouvrir le portail', line: 3 },
      { source: 'Close', target: 'Fermer', line: 4 },
    ]);
  });

  it('leaves out and counts segments in their initial state', async () => {
    const corpus = await read(
      version2(
        '<unit id="1"><segment state="initial"><source>a</source><target>a</target></segment><segment><source>b</source></segment><segment><source>c</source><target>d</target></segment></unit>',
      ),
    );
    expect(corpus.pairs).toMatchObject([{ source: 'c', target: 'd' }]);
    expect(corpus.problemCounts).toEqual({ untranslated: 2 });
  });

  it('reports the segments of a file in another language', async () => {
    const segment = '<unit id="1"><segment><source>a</source><target>b</target></segment></unit>';
    const { message } = await dataFailure(read(version2(segment, 'srcLang="en" trgLang="frp"')));
    expect(message).toMatch(/\(other-language: from "en" into "frp"\)/);
  });
});

describe('hostile XLIFF', () => {
  it('never opens an external entity, and cut anywhere is refused', async () => {
    const text = `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${version2(
      '<unit id="1"><segment><source>&e;</source><target>b</target></segment><segment><source>a</source><target>b</target></segment></unit>',
    ).replace('<?xml version="1.0"?>', '')}`;
    const corpus = await read(text);
    expect(corpus.pairs).toMatchObject([{ source: 'a' }]);
    expect(corpus.problemCounts).toEqual({ malformed: 1 });
    const ends = await countEnds(prefixes(Buffer.from(text)), 'cut.xlf', (_, path) =>
      readCorpus({ format: 'xliff', path }, languages),
    );
    expect(ends).toEqual({ read: 0, refused: Buffer.byteLength(text) });
  });

  it('with a unit in a unit or two targets loses those units', async () => {
    const corpus = await read(
      version1(
        '<trans-unit><source>a</source><trans-unit><source>b</source></trans-unit><target>c</target></trans-unit>' +
          '<trans-unit><source>a</source><target>b</target><target>c</target></trans-unit>' +
          '<trans-unit><source>a</source><target>b</target></trans-unit>',
      ),
    );
    expect(corpus.pairs).toHaveLength(1);
    expect(corpus.problems.map(({ detail }) => detail)).toEqual(['a unit inside a unit', 'two <target>']);
  });
});
