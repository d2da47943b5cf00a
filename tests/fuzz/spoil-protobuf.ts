/** Mutations of a protobuf message field by field: dropped, doubled, moved, renumbered, with lengths that lie. */
import type { Random } from './random.ts';

interface Field {
  readonly tag: number;
  readonly bytes: Buffer;
  /** Where the content starts in `bytes`, after tag and length; 0 for fields without a length. */
  readonly contentAt: number;
}

export function spoilProtobuf(input: Buffer, random: Random, depth = 0): Buffer {
  const fields = fieldsOf(input);
  const at = random.below(fields.length);
  const field = fields[at];
  if (field === undefined) return input;
  const others = random.below(fields.length);
  switch (random.below(depth < 2 ? 9 : 6)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      fields.splice(others, 0, field);
      break;
    case 2:
      fields.push(...fields.splice(at, 1));
      break;
    case 3:
      fields[at] = { ...field, bytes: withTag(field, (1 + random.below(45)) * 8 + random.below(8)) };
      break;
    case 4:
      fields[at] = {
        ...field,
        bytes: Buffer.concat([
          varint(field.tag),
          varint(random.pick([0, 1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 53])),
          field.bytes.subarray(1),
        ]),
      };
      break;
    case 5:
      return Buffer.concat(fields.map(({ bytes }) => bytes)).subarray(0, random.below(input.length));
    default: {
      if (field.contentAt === 0) break;
      const content = spoilProtobuf(field.bytes.subarray(field.contentAt), random, depth + 1);
      fields[at] = { ...field, bytes: Buffer.concat([varint(field.tag), varint(content.length), content]) };
    }
  }
  return Buffer.concat(fields.map(({ bytes }) => bytes));
}

function withTag(field: Field, tag: number): Buffer {
  return Buffer.concat([varint(tag), field.bytes.subarray(1)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** The fields up to the first that is none. */
function fieldsOf(input: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < input.length) {
    const start = at;
    let value = 0;
    const read = (): number => {
      value = 0;
      for (let shift = 1; at < input.length; shift *= 128) {
        const byte = input[at++] ?? 0;
        value += (byte & 127) * shift;
        if (byte < 128) break;
      }
      return value;
    };
    const tag = read();
    let contentAt = 0;
    if (tag % 8 === 0) read();
    else if (tag % 8 === 1) at += 8;
    else if (tag % 8 === 5) at += 4;
    else if (tag % 8 === 2) {
      const length = read();
      contentAt = at - start;
      at += length;
    } else break;
    if (at > input.length) break;
    fields.push({ tag, bytes: input.subarray(start, at), contentAt });
  }
  return fields;
}
