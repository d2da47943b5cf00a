/** Spoils a zip archive where its readers look. */
import type { Random } from './random.ts';

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
