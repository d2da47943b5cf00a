/** Tokenizers: SentencePiece models, vocabularies, tokenizer_config.json; each read and then used on a text. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MarianTokenizer } from '../../../src/engine/text/marian-tokenizer.ts';
import { SentencePiece } from '../../../src/engine/text/sentencepiece.ts';
import type { FuzzedReader } from '../reader.ts';
import { spoilJson } from '../spoil-json.ts';
import { spoilProtobuf } from '../spoil-protobuf.ts';
import { fixture } from './fixture.ts';

const TEXT = ' Ｔhe quick\u0000 brown\t狐 >>fr<< ﷺ <unk></s> 😀 aaaaaaaaaaaaaaaa\u2581 \ud800 é';

function use(tokenizer: MarianTokenizer): void {
  const { ids } = tokenizer.encodeSource(TEXT, { maxLength: 50 });
  tokenizer.encodeTarget(TEXT);
  tokenizer.decode([...ids, 0, -1, 2 ** 40]);
}

const spm: FuzzedReader = {
  name: 'spm',
  seeds: () =>
    ['handmade-large', 'handmade-ties', 'identity', 'plain', 'user-defined', 'byte-fallback', 'whitespace-suffix'].map(
      (name) => fixture(`tests/fixtures/text/models/${name}.spm`),
    ),
  words: ['<unk>', '<0x41>', '</s>', '\u2581'],
  spoil: spoilProtobuf,
  read(input) {
    const sentencePiece = new SentencePiece(input, 'source.spm');
    sentencePiece.decodePieces([...sentencePiece.encodePieces(TEXT), '<0xE2>', '<unk>', '']);
  },
};

const FOLDER = 'tests/fixtures/text/added-tokens';

function tokenizerFile(name: string, file: string): FuzzedReader {
  return {
    name,
    seeds: () => [fixture(`${FOLDER}/${file}`)],
    words: ['"__proto__":', '1152921504606846976', '"<unk>"', '"</s>"', '-1', '1e5', '"content":', '"("', '\\ud800'],
    spoil: (input, random) => Buffer.from(spoilJson(input.toString(), random)),
    async read(input, folder) {
      for (const other of ['source.spm', 'target.spm', 'vocab.json', 'tokenizer_config.json']) {
        writeFileSync(join(folder, other), other === file ? input : (files.get(other) ?? ''));
      }
      use(await MarianTokenizer.load(folder));
    },
  };
}

const files = new Map(
  ['source.spm', 'target.spm', 'vocab.json', 'tokenizer_config.json'].map((name) => [
    name,
    fixture(`${FOLDER}/${name}`),
  ]),
);

export const textReaders: readonly FuzzedReader[] = [
  spm,
  tokenizerFile('vocab', 'vocab.json'),
  tokenizerFile('tokenizer-config', 'tokenizer_config.json'),
];
