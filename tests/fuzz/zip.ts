/** A zip file in memory, to be spoiled: members deflated or stored, under any name. */
import { crc32, deflateRawSync } from 'node:zlib';
import type { Random } from './random.ts';

export interface ZipMember {
  readonly name: string;
  readonly content: Buffer;
  readonly isDeflated?: boolean;
  /** Mode bits of a Unix file, such as those of a link. */
  readonly mode?: number;
}

export function zipOf(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, isDeflated = false, mode = 0o100644 } of members) {
    const packed = isDeflated ? deflateRawSync(content) : content;
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isDeflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, nameBytes]));
    parts.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

const NUMBERS = [0, 1, 8, 9, 12, 14, 99, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff];

/** Changes one field of a record's header, of the directory or of its end. */
export function spoilZip(input: Buffer, random: Random): Buffer {
  const copy = Buffer.from(input);
  const starts: number[] = [];
  for (let at = copy.indexOf('PK'); at >= 0; at = copy.indexOf('PK', at + 1)) starts.push(at);
  const start = random.pick(starts);
  if (start === undefined) return copy;
  const at = start + 4 + 2 * random.below(22);
  const size = random.pick([2, 4] as const);
  if (at + size > copy.length) return copy;
  copy.writeUIntLE((random.pick(NUMBERS) ?? 0) % 256 ** size, at, size);
  return copy;
}
