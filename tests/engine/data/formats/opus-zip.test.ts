import { describe, expect, it } from 'vitest';
import type { CorpusSpec } from '../../../../src/engine/config/experiment.ts';
import { readCorpus } from '../../../../src/engine/data/read-corpus.ts';
import { type ZipMember, zipOf } from '../../../support/zip.ts';
import { dataFailure } from '../data-failure.ts';
import { countEnds, prefixes } from '../sound-ends.ts';
import { temporaryFiles } from '../temporary-files.ts';

const languages = { source_lang: 'fr', target_lang: 'en' };
/** Nothing of these tests may reach the network or the user's own caches. */
const world = { env: { HF_HUB_OFFLINE: '1', HOME: '/nowhere' } };
const opus = (directory: string): CorpusSpec => ({ format: 'opus', name: 'Garden', version: null, directory });
const english: ZipMember = { name: 'Garden.en-fr.en', content: ' Gate\u00a0\r\n\nHedge\rTree' };
const french: ZipMember = { name: 'Garden.en-fr.fr', content: 'Portail\nrien\nHaie\nArbre\n' };

/** As OPUS has them. */
function deflated(members: readonly ZipMember[]): Buffer {
  return zipOf(members.map((member) => ({ ...member, isDeflated: true })));
}

async function read(members: readonly ZipMember[]) {
  await using files = await temporaryFiles({ 'en-fr.txt.zip': deflated(members) });
  return await readCorpus(opus(files.directory), languages, world);
}

describe('an OPUS archive', () => {
  it('is read as its unpacked files are: lines stripped, empty ones kept', async () => {
    const corpus = await read([{ name: 'LICENSE', content: 'x' }, french, english, { name: '../evil', content: 'x' }]);
    expect(corpus.name).toBe('Garden fr-en');
    expect(corpus.pairs).toEqual([
      { source: 'Portail', target: 'Gate', line: 1 },
      { source: 'rien', target: '', line: 2 },
      { source: 'Haie', target: 'Hedge', line: 3 },
      { source: 'Arbre', target: 'Tree', line: 4 },
    ]);
    expect(corpus.problems[0]?.file).toMatch(/en-fr\.txt\.zip:Garden\.en-fr\.en$/);
    await using files = await temporaryFiles({
      [english.name]: english.content,
      [french.name]: french.content,
      'en-fr.txt.zip': 'no zip: the unpacked files are taken',
    });
    expect((await readCorpus(opus(files.directory), languages, world)).sha256).toBe(corpus.sha256);
  });

  it.each<[string, ZipMember[], RegExp]>([
    [
      'a missing member',
      [english, { ...french, name: 'x/Garden.en-fr.fr' }],
      /: it has no member Garden\.en-fr\.fr\.$/,
    ],
    [
      'an encrypted member',
      [english, { ...french, flags: 1 }],
      /Garden\.en-fr\.fr is encrypted or packed in a way that is not known\.$/,
    ],
    [
      'a bomb',
      [english, { ...french, content: '\n'.repeat(3_000_000) }],
      /Garden\.en-fr\.fr would unpack from \d+ to 3000000 bytes\.$/,
    ],
    [
      'a wrong checksum',
      [english, { ...french, claimedChecksum: 5 }],
      /Garden\.en-fr\.fr: its checksum is [0-9a-f]{8}; expected 00000005\.$/,
    ],
    [
      'a wrong size',
      [english, { ...french, claimedSize: 5 }],
      /Garden\.en-fr\.fr: too many bytes in the stream\. expected 5\./,
    ],
  ])('with %s is refused', async (_, members, message) => {
    const { message: found, hint } = await dataFailure(read(members));
    expect(found).toContain('en-fr.txt.zip cannot be read as an OPUS archive: ');
    expect(found).toMatch(message);
    expect(hint).toContain('unzip -t ');
  });

  it('cut anywhere or with any byte changed ends in pairs or a DataError', async () => {
    const whole = deflated([french, english]);
    const variants = prefixes(whole);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      variants.push(changed);
    }
    const ends = await countEnds(variants, 'en-fr.txt.zip', (directory) =>
      readCorpus(opus(directory), languages, world),
    );
    expect(ends.read + ends.refused).toBe(variants.length);
    expect(ends.refused).toBeGreaterThan(whole.length);
  });
});
