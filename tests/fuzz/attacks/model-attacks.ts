/** Hostile models: weights, their indexes, configurations, tokenizers. */
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GenerationFile } from '../../../src/engine/decoding/generation-file.ts';
import { checkedWeights } from '../../../src/engine/model/checked-weights.ts';
import { parseMarianConfig } from '../../../src/engine/model/marian/marian-config.ts';
import { readGenerationConfig, readModelConfig, readWeights } from '../../../src/engine/model/model-directory.ts';
import { readPytorchWeights } from '../../../src/engine/model/pytorch/read-pytorch-weights.ts';
import { unpickle } from '../../../src/engine/model/pytorch/unpickle.ts';
import { readSafetensors } from '../../../src/engine/model/safetensors.ts';
import { ByteTrie } from '../../../src/engine/text/byte-trie.ts';
import { MarianTokenizer } from '../../../src/engine/text/marian-tokenizer.ts';
import { SentencePiece } from '../../../src/engine/text/sentencepiece.ts';
import { ModelError } from '../../../src/errors.ts';
import { zipOf } from '../../support/zip.ts';
import { fixture } from '../readers/fixture.ts';
import type { Attack } from './attack.ts';

export const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

function safetensors(header: string, dataBytes: number): Buffer {
  const text = Buffer.from(header);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, Buffer.alloc(dataBytes)]);
}

const tensor = (name: string, from: number, to: number, more = '') =>
  `"${name}":{"dtype":"F32","shape":[${(to - from) / 4}],"data_offsets":[${from},${to}]${more}}`;

function ofSafetensors(name: string, content: () => Buffer, answer: RegExp | null, isHeavy = false): Attack {
  return {
    name: `safetensors: ${name}`,
    make: (folder) => writeFileSync(join(folder, 'model.safetensors'), content()),
    read: (folder) => readSafetensors(join(folder, 'model.safetensors')),
    answer,
    isHeavy,
  };
}

const lengthOf = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(64, '{');
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const safetensorsAttacks: readonly Attack[] = [
  ofSafetensors(
    'a header of 2^60 bytes',
    () => lengthOf(2n ** 60n),
    /model\.safetensors .* announce a header of 1152921504606846976/,
  ),
  ofSafetensors(
    'a header of 2^64 - 1 bytes',
    () => lengthOf(2n ** 64n - 1n),
    /announce a header of 18446744073709551615/,
  ),
  ofSafetensors(
    'tensors that overlap',
    () => safetensors(`{${tensor('a', 0, 8)},${tensor('b', 4, 12)}}`, 12),
    /model\.safetensors: b starts at byte 4 and overlaps a, which ends at 8/,
  ),
  ofSafetensors(
    'a tensor of 2^60 bytes',
    () => safetensors('{"a":{"dtype":"F32","shape":[288230376151711744],"data_offsets":[0,1152921504606846976]}}', 8),
    /model\.safetensors: a has the shape \[288230376151711740\], expected a list of whole numbers/,
  ),
  ofSafetensors(
    'a shape whose product overflows to the size',
    () => safetensors('{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}', 0),
    /a takes 0 bytes, but its shape .* needs 73786976294838210000/,
  ),
  ofSafetensors(
    'the same name twice',
    () => safetensors(`{${tensor('a', 0, 8)},${tensor('a', 0, 4)}}`, 8),
    /has 8 bytes of data, but its tensors end at byte 4/,
  ),
  ofSafetensors(
    'a type that lies about its size',
    () => safetensors('{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,16]}}', 16),
    /a takes 16 bytes, but its shape \[4\] of F16 needs 8/,
  ),
  ofSafetensors(
    'a type that is none',
    () => safetensors('{"a":{"dtype":"__proto__","shape":[4],"data_offsets":[0,16]}}', 16),
    /a has numbers of type "__proto__"; bleubird reads F32/,
  ),
  ofSafetensors(
    'a shape of a million axes, wrong in the end',
    () => safetensors(`{"a":{"dtype":"F32","shape":[${'1,'.repeat(1_000_000)}2],"data_offsets":[0,4]}}`, 4),
    /^.{0,300}$/s,
  ),
  ofSafetensors(
    'a header of 64 MB',
    () => safetensors(`{"__metadata__":{"a":"${'x'.repeat(64_000_000)}"}}`, 0),
    /model\.safetensors has a header of 64000025 bytes, at most \d+ are read/,
    true,
  ),
  ofSafetensors('a header nested 100,000 deep', () => safetensors(DEEP, 0), /The header of .* holds \[\[\[/),
];

const PICKLE_START = '\x80\x02';
const os = 'cos\nsystem\n(X\x04\0\0\0true\x85R.';

function ofPickle(name: string, text: () => string, answer: RegExp): Attack {
  return {
    name: `pickle: ${name}`,
    make: (folder) => writeFileSync(join(folder, 'pytorch_model.bin'), Buffer.from(text(), 'latin1')),
    read: (folder) => readPytorchWeights(join(folder, 'pytorch_model.bin')),
    answer,
  };
}

const pickleAttacks: readonly Attack[] = [
  ofPickle(
    'GLOBAL os.system',
    () => PICKLE_START + os,
    /names "os\.system" at byte 2, which no tensor needs; nothing of the file was run/,
  ),
  ofPickle(
    'STACK_GLOBAL of a memorised posix.system',
    () => `\x80\x04\x8c\x05posix\x94\x8c\x06system\x94h\0h\x01\x93.`,
    /names "posix\.system" at byte 23/,
  ),
  ofPickle(
    'builtins.eval in a nested REDUCE',
    () => `${PICKLE_START}ccollections\nOrderedDict\n)R(cbuiltins\neval\nX\x01\0\0\x001\x85RtR.`,
    /names "builtins\.eval" at byte 30/,
  ),
  ofPickle('INST, which calls too', () => `${PICKLE_START}(X\x01\0\0\0aios\nsystem\n.`, /instruction 0x69 at byte 9/),
  ofPickle('OBJ, NEWOBJ_EX, EXT1', () => `${PICKLE_START}(\x82\x01.`, /instruction 0x82 at byte 3/),
  ofPickle(
    'a list that doubles 60 times over',
    () =>
      `${PICKLE_START}]q\0${Array.from({ length: 60 }, (_, i) => `]q${String.fromCharCode(i + 1)}(h${String.fromCharCode(i)}h${String.fromCharCode(i)}e`).join('')}.`,
    /is a pickle, but not one of PyTorch|magic number/,
  ),
  ofPickle('a list in itself', () => `${PICKLE_START}]q\0h\0a.`, /magic number/),
  ofPickle('a long integer of 2^31 bytes', () => `${PICKLE_START}\x8b\xff\xff\xff\x7f`, /instruction 0x8b at byte 2/),
  ofPickle('a text of 4 GB', () => `${PICKLE_START}X\xff\xff\xff\xff`, /at byte 2 more bytes of text \(4294967295\)/),
  ofPickle(
    'ten million values on the stack',
    () => PICKLE_START + 'N'.repeat(10_000_000),
    /at byte 100002 more nested values than the 100000/,
  ),
  ofPickle('ten million marks', () => PICKLE_START + '('.repeat(10_000_000), /more nested values than the 100000/),
  ofPickle('ten million empty lists', () => PICKLE_START + ']0'.repeat(5_000_000), /instruction 0x30|containers/),
  ofPickle(
    'a memo of four million',
    () => `${PICKLE_START}N${'\x94'.repeat(4_000_000)}.`,
    /more remembered values than the 1000000/,
  ),
  ofPickle('tuples nested 300,000 deep', () => `${PICKLE_START})${'\x85'.repeat(300_000)}.`, /magic number/),
  {
    name: 'pickle: a dictionary of 60,000 entries in one go',
    make: () => {},
    read: () => {
      const head = `}q\0(`;
      const items = Array.from({ length: 60_000 }, (_, i) => {
        const name = `t${i}`;
        return `X${String.fromCharCode(name.length)}\0\0\0${name}N`;
      }).join('');
      unpickle(Buffer.from(`${PICKLE_START}${head}${items}u.`, 'latin1'), 0, { path: 'p', fileOffset: 0 });
      throw new ModelError('read in bounded time');
    },
    answer: /bounded|nested values/,
  },
];

function ofZip(name: string, content: () => Buffer, answer: RegExp): Attack {
  return {
    name: `pytorch zip: ${name}`,
    make: (folder) => writeFileSync(join(folder, 'pytorch_model.bin'), content()),
    read: (folder) => readPytorchWeights(join(folder, 'pytorch_model.bin')),
    answer,
  };
}

const emptyPickle = Buffer.from(`${PICKLE_START}}.`, 'latin1');

/** A zip whose end of directory is moved into zip64 form, with counts and places that lie. */
function zip64(count: bigint, size: bigint, offset: bigint): Buffer {
  const zip = zipOf([{ name: 'a/data.pkl', content: emptyPickle }]);
  const end = zip.subarray(zip.length - 22);
  end.writeUInt16LE(0xffff, 8);
  end.writeUInt16LE(0xffff, 10);
  end.writeUInt32LE(0xffff_ffff, 12);
  end.writeUInt32LE(0xffff_ffff, 16);
  const record = Buffer.alloc(56);
  record.write('PK\x06\x06', 'latin1');
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(count, 24);
  record.writeBigUInt64LE(count, 32);
  record.writeBigUInt64LE(size, 40);
  record.writeBigUInt64LE(offset, 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(zip.length - 22), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([zip.subarray(0, zip.length - 22), record, locator, end]);
}

/** A state dict of two tensors whose storages are said to lie on the same bytes. */
function overlapping(): Buffer {
  const item = (key: string) =>
    `X\x01\0\0\0${key}ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0${key}X\x03\0\0\0cpuM\xe8\x03tQK\0M\xe8\x03\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR`;
  const pickle = Buffer.from(`${PICKLE_START}}(${item('0')}${item('1')}u.`, 'latin1');
  const zip = zipOf([
    { name: 'a/data.pkl', content: pickle },
    { name: 'a/data/0', content: Buffer.alloc(4000) },
    { name: 'a/data/1', content: Buffer.alloc(0) },
  ]);
  const last = zip.lastIndexOf('PK\x01\x02', undefined, 'latin1');
  const before = zip.lastIndexOf('PK\x01\x02', last - 1, 'latin1');
  zip.writeUInt32LE(4000, last + 20);
  zip.writeUInt32LE(4000, last + 24);
  zip.writeUInt32LE(zip.readUInt32LE(before + 42), last + 42);
  return zip;
}

const zipAttacks: readonly Attack[] = [
  ofZip(
    'a record ../../x',
    () => zipOf([{ name: '../../x', content: emptyPickle }]),
    /record "\.\.\/\.\.\/x" at byte 0 has a path that leads out/,
  ),
  ofZip('a record /etc/x', () => zipOf([{ name: '/etc/x', content: emptyPickle }]), /has a path that leads out/),
  ofZip('a record C:\\x', () => zipOf([{ name: 'C:\\x', content: emptyPickle }]), /has a path that leads out/),
  ofZip(
    'a bomb of 100 MB of zeros',
    () => zipOf([{ name: 'a/data.pkl', content: Buffer.alloc(100_000_000), isDeflated: true }]),
    /has the compressed record "a\/data\.pkl" at byte 0 \(\d+ bytes said to become 100000000\)/,
  ),
  ofZip('zip64: 2^60 records', () => zip64(2n ** 60n, 100n, 0n), /cannot be read|records/),
  ofZip('zip64: a directory at 2^60', () => zip64(1n, 100n, 2n ** 60n), /cannot be read/),
  ofZip('zip64: a directory at 2^64 - 1', () => zip64(1n, 2n ** 64n - 1n, 2n ** 64n - 1n), /cannot be read/),
  ofZip(
    'two storages on the same bytes, larger than the file',
    overlapping,
    /has storages that overlap: they are larger than the file/,
  ),
  ofZip(
    '30,000 records',
    () => zipOf(Array.from({ length: 30_000 }, (_, i) => ({ name: `a/${i}`, content: Buffer.alloc(0) }))),
    /has 30000 records, expected at most 20000/,
  ),
  ofZip(
    'a record twice',
    () =>
      zipOf([
        { name: 'a/data.pkl', content: emptyPickle },
        { name: 'a/data.pkl', content: emptyPickle },
      ]),
    /it has the record "a\/data\.pkl" twice/,
  ),
];

function ofJson(file: string, text: () => string, what: string, answer: RegExp | null, isHeavy = false): Attack {
  return {
    name: `${file}: ${what}`,
    make(folder) {
      for (const name of TOKENIZER)
        writeFileSync(join(folder, name), fixture(`tests/fixtures/text/added-tokens/${name}`));
      writeFileSync(join(folder, file), text());
    },
    read: readerOf(file),
    answer,
    isHeavy,
  };
}

const TOKENIZER = ['source.spm', 'target.spm', 'vocab.json', 'tokenizer_config.json'];

function readerOf(file: string): (folder: string) => unknown {
  if (file === 'config.json') return async (folder) => parseMarianConfig(await readModelConfig(folder));
  if (file === 'generation_config.json') {
    return async (folder) => {
      const settings = new GenerationFile(await readGenerationConfig(folder), 100);
      settings.integer('num_beams', 1);
      settings.badWords();
      settings.refuseUnsupported();
      settings.throwProblems();
    };
  }
  if (file.endsWith('.index.json')) return readWeights;
  return (folder) => MarianTokenizer.load(folder);
}

const jsonAttacks: readonly Attack[] = [
  ...[
    'config.json',
    'generation_config.json',
    'vocab.json',
    'tokenizer_config.json',
    'model.safetensors.index.json',
  ].flatMap((file) => [
    ofJson(file, () => DEEP, 'nested 100,000 deep', /\.json holds \[\[\[\[.*expected a JSON object/),
    ofJson(
      file,
      () => `{"a":"${'x'.repeat(70_000_000)}"}`,
      'of 70 MB',
      /\.json has 70000008 bytes, at most \d+ are read/,
    ),
  ]),
  ofJson('config.json', () => `{"model_type":${DEEP}}`, 'a model_type nested 100,000 deep', /\[\[\[\[/),
  ofJson(
    'config.json',
    () => `{"model_type":"marian","activation_function":${DEEP}}`,
    'a field nested 100,000 deep',
    /activation_function/,
  ),
  ofJson(
    'generation_config.json',
    () => `{"num_beams":${DEEP}}`,
    'num_beams nested 100,000 deep',
    /num_beams is \[\[\[\[.*expected/,
  ),
  ofJson(
    'generation_config.json',
    () => `{"stop_strings":${DEEP}}`,
    'stop_strings nested 100,000 deep',
    /stop_strings is \[\[\[\[.*not supported/,
  ),
  ofJson(
    'generation_config.json',
    () => `{"bad_words_ids":${DEEP}}`,
    'bad_words_ids nested 100,000 deep',
    /bad_words_ids is \[\[\[/,
  ),
  ofJson(
    'tokenizer_config.json',
    () => `{"added_tokens_decoder":{"0":${DEEP}}}`,
    'an added token nested 100,000 deep',
    /entry 0 holds \[\[\[\[/,
  ),
  ofJson(
    'tokenizer_config.json',
    () => `{"added_tokens_decoder":{"0":{"content":${DEEP}}}}`,
    'a content nested 100,000 deep',
    /has the entry \{"0":\{"content":\[\[\[/,
  ),
  ofJson('special_tokens_map.json', () => `{"unk_token":${DEEP}}`, 'unk_token nested 100,000 deep', null),
  ofJson('vocab.json', () => `{"\\u001b[2J\\u202e":1.5}`, 'a piece of escapes', /the piece "\\u001b\[2J/),
  {
    name: 'config.json: a link to /dev/zero',
    make: (folder) => symlinkSync('/dev/zero', join(folder, 'config.json')),
    read: (folder) => readModelConfig(folder),
    answer: /config\.json is no file/,
  },
  {
    name: 'source.spm: 5 GB of nothing',
    make(folder) {
      for (const name of TOKENIZER)
        writeFileSync(join(folder, name), fixture(`tests/fixtures/text/added-tokens/${name}`));
      truncateSync(join(folder, 'source.spm'), 5 * 2 ** 30);
    },
    read: (folder) => MarianTokenizer.load(folder),
    answer: /source\.spm has 5368709120 bytes, at most \d+ are read/,
  },
  {
    name: 'weights: 20,000 tensors of no model, with names of escapes',
    make: () => {},
    read: () => {
      const names = Array.from({ length: 20_000 }, (_, i) => `\u001b[2J${i}${'x'.repeat(50)}`);
      checkedWeights(
        new Map(names.map((name) => [name, { shape: [1], data: new Float32Array(1) }])),
        new Map([['a', [1]]]),
      );
    },
    answer: /^.{0,60000} {2}and \d+ more$/s,
  },
];

const spmFile = () => fixture('tests/fixtures/text/models/plain.spm');

/** Numbers whose edges fall on one stretch of a table hashed by Fibonacci's constant; see byte-trie.ts. */
function clusteredPieces(count: number): Uint8Array[] {
  // Each node is made in turn, so an attacker knows its number, and may pick the byte that hashes lowest.
  const bits = Math.ceil(Math.log2(count * 2 + 1));
  const pieces: Uint8Array[] = [];
  let node = 0;
  let made = 0;
  while (made < count) {
    const bytes: number[] = [];
    node = 0;
    while (bytes.length < 4000 && made < count) {
      let best = 0;
      let bestSlot = 2 ** 32;
      for (let byte = 0; byte < 256; byte++) {
        const slot = Math.imul(node * 256 + byte, 0x9e3779b1) >>> (32 - bits);
        if (slot < bestSlot && (bytes.length > 0 || byte === pieces.length)) {
          best = byte;
          bestSlot = slot;
        }
      }
      bytes.push(best);
      made += 1;
      node = made;
    }
    pieces.push(Uint8Array.from(bytes));
  }
  return pieces;
}

const tokenizerAttacks: readonly Attack[] = [
  {
    name: 'spm: cut at every byte',
    make: () => {},
    read() {
      const whole = spmFile().subarray(0, 3000);
      for (let end = 0; end < whole.length; end++) {
        try {
          new SentencePiece(whole.subarray(0, end), 'source.spm');
        } catch (error) {
          if (!(error instanceof ModelError) || !/source\.spm/.test(error.message)) throw error;
        }
      }
      throw new ModelError(`each of ${whole.length} cuts is refused with file and offset`);
    },
    answer: /each of 3000 cuts/,
  },
  {
    name: 'spm: a length of 2^63',
    make: () => {},
    read: () => new SentencePiece(Buffer.from('0affffffffffffffff7f00', 'hex'), 'source.spm'),
    answer: /source\.spm cannot be read .*field 1 at offset 10 needs \d+ bytes, of which 1 are there/,
  },
  {
    name: 'spm: pieces whose edges fall together in a hash table',
    make: () => {},
    read() {
      const trie = new ByteTrie(clusteredPieces(400_000).map((bytes, id) => [bytes, id] as const));
      throw new ModelError(`built, node ${trie.child(0, 0)}`);
    },
    answer: /built/,
    isHeavy: true,
  },
];

export const modelAttacks: readonly Attack[] = [
  ...safetensorsAttacks,
  ...pickleAttacks,
  ...zipAttacks,
  ...jsonAttacks,
  ...tokenizerAttacks,
];
