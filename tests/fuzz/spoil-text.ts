/** Mutations of texts made of lines or of tags: parts dropped, doubled, moved, nested, repeated, with words of the format. */
import type { Random } from './random.ts';

/** @param separator  keeps what it matches as parts of their own, as a group in a split does */
export function spoilParts(input: Buffer, separator: RegExp, random: Random, words: readonly string[]): Buffer {
  const parts = input.toString('utf8').split(separator);
  const at = random.below(parts.length);
  const part = parts[at] ?? '';
  switch (random.below(7)) {
    case 0:
      parts.splice(at, 1 + random.below(3));
      break;
    case 1:
      parts.splice(random.below(parts.length), 0, part);
      break;
    case 2:
      parts.push(...parts.splice(at, 1));
      break;
    case 3:
      parts.splice(at, 0, random.pick(words) ?? '');
      break;
    case 4:
      parts[at] = random.pick(words) ?? '';
      break;
    case 5:
      parts[at] = part.slice(random.below(part.length)) + (random.pick(words) ?? '');
      break;
    default:
      parts[at] = part.repeat(random.oneIn(50) ? 20_000 / (part.length + 1) : 3);
  }
  return Buffer.from(parts.join(''));
}
