/** Makes files in the forms of torch.save byte by byte, also such as PyTorch would never write. */

const uint16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8]);
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

type Part = string | number | Uint8Array;

/** A pickle of protocol 2: texts stand for their characters, numbers for one byte; PROTO and STOP are added. */
export function pickle(...parts: Part[]): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), ...parts.map(bytesOf), Buffer.from('.')]);
}

function bytesOf(part: Part): Uint8Array {
  if (typeof part === 'number') return Buffer.from([part]);
  return typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
}

/** Instructions of a pickle. */
export const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from('X'), uint32(Buffer.byteLength(value)), Buffer.from(value)]);
export const integer = (value: number): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(BigInt(value), 1);
  bytes[0] = 8;
  return Buffer.concat([Buffer.from([0x8a]), bytes]);
};
export const tuple = (...items: Part[]): Buffer =>
  Buffer.concat([Buffer.from('('), ...items.map(bytesOf), Buffer.from('t')]);
export const storage = (key: string, count: number, type = 'torch\nFloatStorage'): Buffer =>
  Buffer.concat([tuple(text('storage'), `c${type}\n`, text(key), text('cpu'), integer(count)), Buffer.from('Q')]);
export const tensor = (from: Buffer, offset: number, shape: number[], strides: number[]): Buffer =>
  Buffer.concat([
    Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n'),
    tuple(from, integer(offset), tuple(...shape.map(integer)), tuple(...strides.map(integer)), 0x89, ')'),
    Buffer.from('R'),
  ]);
export const dict = (entries: Readonly<Record<string, Part>>): Buffer =>
  Buffer.concat([
    Buffer.from('}('),
    ...Object.entries(entries).flatMap(([key, value]) => [text(key), bytesOf(value)]),
    Buffer.from('u'),
  ]);

export interface ZipRecord {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where the directory says the record is, for records that lie or overlap. */
  readonly claimedOffset?: number;
  readonly claimedSize?: number;
}

/** A zip file of records that are not compressed (APPNOTE.TXT 6.3, 4.3.7, 4.3.12 and 4.3.16). */
export function zip(records: readonly ZipRecord[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, claimedOffset = offset, claimedSize = bytes.length } of records) {
    const nameBytes = Buffer.from(name);
    const sizes = Buffer.concat([
      uint32(0),
      uint32(claimedSize),
      uint32(claimedSize),
      uint16(nameBytes.length),
      uint16(0),
    ]);
    const common = Buffer.concat([uint16(20), uint16(0x800), uint16(0), uint32(0), sizes]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, nameBytes, bytes]);
    locals.push(local);
    directory.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        uint16(20),
        common,
        Buffer.alloc(10),
        uint32(claimedOffset),
        nameBytes,
      ]),
    );
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const count = uint16(records.length);
  const end = Buffer.concat([
    Buffer.from('PK\x05\x06'),
    Buffer.alloc(4),
    count,
    count,
    uint32(size),
    uint32(offset),
    uint16(0),
  ]);
  return Buffer.concat([...locals, ...directory, end]);
}

/** A file of PyTorch with this pickle and these storages by key. */
export function torchZip(pickled: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Buffer {
  return zip([
    { name: 'archive/data.pkl', bytes: pickled },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
  ]);
}
