/** What the fuzzer found, each as the smallest input that showed it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/engine/config/parse-experiment.ts';
import { readCorpus } from '../../src/engine/data/read-corpus.ts';
import { walkThrift } from '../../src/engine/data/walk-thrift.ts';
import { jsonExcerpt } from '../../src/engine/files/json-excerpt.ts';
import { parseMarianConfig } from '../../src/engine/model/marian/marian-config.ts';
import { readWeights } from '../../src/engine/model/model-directory.ts';
import { parseSafetensorsHeader } from '../../src/engine/model/safetensors-header.ts';
import { eventReceiver } from '../../src/engine/run/channel.ts';
import { MarianTokenizer } from '../../src/engine/text/marian-tokenizer.ts';
import { SentencePiece } from '../../src/engine/text/sentencepiece.ts';
import { DataError, ModelError, RunFailedError } from '../../src/errors.ts';
import { fixture } from './readers/fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'bleubird-regressions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deepText = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const deep: unknown = JSON.parse(deepText);

const spmField = (field: number, content: Buffer): Buffer => {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([field * 8 + 2, ...length, rest]), content]);
};
const unknownPiece = spmField(1, Buffer.concat([spmField(1, Buffer.from('<unk>')), Buffer.from([0x18, 2])]));

describe('JSON nested 100,000 deep', () => {
  it('is quoted by its beginning', () => {
    expect(jsonExcerpt(deep, 5)).toBe('[[[[[…');
    expect(jsonExcerpt({ a: [1, 'x', null, undefined] })).toBe('{"a":[1,"x",null,nothing]}');
    expect(jsonExcerpt('x'.repeat(100))).toBe(`"${'x'.repeat(59)}…`);
  });

  it('is refused in config.json', () => {
    expect(() => parseMarianConfig({ model_type: 'marian', d_model: deep })).toThrow(
      /d_model: .*\(found \[\[\[\[.*…\)/,
    );
  });

  it('is refused in vocab.json and tokenizer_config.json', async () => {
    writeFileSync(join(folder, 'vocab.json'), `{"a":${deepText}}`);
    await expect(MarianTokenizer.load(folder)).rejects.toThrow(
      /the piece "a" has the id \[\[\[\[.*expected a whole number/,
    );
    writeFileSync(join(folder, 'vocab.json'), deepText);
    await expect(MarianTokenizer.load(folder)).rejects.toThrow(/vocab\.json holds \[\[\[\[.*expected a JSON object/);
  });

  it('is refused in an index of weights', async () => {
    writeFileSync(join(folder, 'model.safetensors.index.json'), `{"weight_map":{"w":${deepText}}}`);
    await expect(readWeights(folder)).rejects.toThrow(/w is said to lie in \[\[\[\[.*expected a file name/);
  });

  it.each(['shape', 'dtype', 'data_offsets'])('is refused in a safetensors header as %s', (key) => {
    const header = `{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"${key}":${deepText}}}`;
    expect(() => parseSafetensorsHeader(Buffer.from(header), 4, 'f')).toThrow(ModelError);
  });

  it('is refused as a message of the trainer', () => {
    expect(() => eventReceiver()(deep)).toThrow(RunFailedError);
  });
});

describe('an index of weights', () => {
  it.each(['../../etc/passwd', '/etc/passwd', 'a/b'])('does not lead to %s', async (name) => {
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { w: name } }));
    await expect(readWeights(folder)).rejects.toThrow(/is said to lie in ".*", expected a file name/);
  });
});

describe('sizes no model has', () => {
  it.each([
    ['encoder_layers', 1e15],
    ['decoder_layers', 1001],
    ['vocab_size', 2 ** 53 - 1],
  ])('are refused before anything is made of them: %s', (field, value) => {
    const config = JSON.parse(fixture('experiments/models/demo-en-fr/config.json').toString());
    expect(() => parseMarianConfig({ ...config, [field]: value })).toThrow(new RegExp(`${field}: Too big`));
  });

  it('are refused as ids of a vocabulary', async () => {
    writeFileSync(join(folder, 'vocab.json'), '{"a":2147483648}');
    await expect(MarianTokenizer.load(folder)).rejects.toThrow(
      /has the id 2147483648, expected a whole number from 0 to/,
    );
  });
});

describe('a SentencePiece model made to exhaust', () => {
  it('is refused with a replacement of many bytes for one character', () => {
    // Of the root and 256 children, none of which stands for a character.
    const units = Buffer.alloc(4 * 256);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(units.length);
    const charsmap = Buffer.concat([size, units, Buffer.alloc(2000, 'x'), Buffer.alloc(1)]);
    const model = Buffer.concat([unknownPiece, spmField(3, spmField(2, charsmap))]);
    expect(() => new SentencePiece(model, 's.spm')).toThrow(/s\.spm has a normalisation rule that puts 2000 bytes/);
  });

  it('is refused with a piece that each character of a text would be held against to its end', () => {
    const model = Buffer.concat([unknownPiece, spmField(1, spmField(1, Buffer.alloc(5000, 'a')))]);
    expect(() => new SentencePiece(model, 's.spm')).toThrow('piece 1 has 5000 bytes, at most 4096 are read');
  });
});

describe('a parquet header', () => {
  it('is refused when a list claims more items than there are bytes, before room is made for them', () => {
    // Field 1, a list of 2^25 - 1 bytes; then the end of the structure.
    expect(() => walkThrift(Buffer.from('19f3ffffff0f00', 'hex'))).toThrow(
      'its header has a list of 33554431 items in 1 bytes',
    );
  });

  it('is refused cut off, nested without end, or with endless numbers', () => {
    expect(() => walkThrift(Buffer.from('15', 'hex'))).toThrow('its header ends in the middle');
    expect(() => walkThrift(Buffer.alloc(1000, 0x1c))).toThrow('in more than 64 others');
    expect(() => walkThrift(Buffer.from(`15${'80'.repeat(20)}`, 'hex'))).toThrow('more than 10 bytes');
  });

  it('gives its end', () => {
    // Field 1: -1; field 3: 150; a text; a list of two truths; the end; a byte more.
    expect(walkThrift(Buffer.from('1501' + '25ac02' + '180178' + '19210102' + '00' + 'ff', 'hex'))).toBe(13);
  });
});

describe('an experiment file', () => {
  it('with mappings in mappings on one line is refused', () => {
    // On the first line the parser stacks them up; at the second, which is to the left of them, it goes back.
    const text = `a:\n  ${'b: '.repeat(20_000)}\n c`;
    const parse = () => parseExperiment(text, { fileName: 'e.yaml', directory: '/' });
    expect(parse).toThrow('e.yaml is nested too deeply for an experiment file.');
  });
});

describe('a .gz of endless short lines', () => {
  it('is refused soon', async () => {
    const path = join(folder, 'c.tsv.gz');
    writeFileSync(path, gzipSync(Buffer.alloc(6_000_000, '\t\n')));
    const spec = { format: 'tsv', path, source_column: 1, target_column: 2 } as const;
    const reading = readCorpus(spec, { source_lang: 'en', target_lang: 'fr' });
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(/its first \d+ bytes unpack to [23]\d{6}, more than 200 times as many/);
  });
});
