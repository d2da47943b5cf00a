/**
 * SentencePiece's text normalisation: rewrites by the longest matching rule from left to right, replaces malformed
 * bytes, and turns white space into ▁ as the model's settings say. Follows Normalizer::Normalize of sentencepiece
 * byte for byte. The result is a view of one buffer that the next call overwrites.
 */
import { ModelError } from '../../errors.ts';
import type { ByteTrie } from './byte-trie.ts';
import { DoubleArray } from './double-array.ts';
import type { NormalizerSpec } from './sentencepiece-model.ts';
import { utf8Length } from './utf8-length.ts';

const SPACE = 0x20;
/** NFKC's longest replacement has 33 bytes; a long one for each character would fill the memory. */
const MAX_REPLACEMENT_BYTES = 1024;
const SPACE_BYTES = Uint8Array.of(SPACE);
/** ▁ U+2581, which stands for a space inside pieces. */
const SPACE_SYMBOL = Uint8Array.of(0xe2, 0x96, 0x81);

export interface NormalizerOptions {
  /** Names the file in errors. */
  readonly path: string;
  /** Pieces the rules must leave alone; null when there are none. */
  readonly protectedPieces?: ByteTrie | null;
  readonly treatWhitespaceAsSuffix?: boolean;
}

export class Normalizer {
  readonly #spec: NormalizerSpec;
  readonly #isSuffix: boolean;
  readonly #protectedPieces: ByteTrie | null;
  readonly #rules: DoubleArray | null = null;
  /** Replacements, each ended by a zero byte. */
  readonly #replacements: Uint8Array = new Uint8Array(0);
  readonly #space: Uint8Array;
  readonly #encoder = new TextEncoder();
  #input = new Uint8Array(1024);
  #output = new Uint8Array(1024);
  #outputLength = 0;
  // What #matchAt found: the replacement's bytes.
  #found: Uint8Array = SPACE_BYTES;
  #foundStart = 0;
  #foundEnd = 0;

  /** @throws {ModelError} when the rules are damaged */
  constructor(
    spec: NormalizerSpec,
    { path, protectedPieces = null, treatWhitespaceAsSuffix = false }: NormalizerOptions,
  ) {
    this.#spec = spec;
    this.#isSuffix = treatWhitespaceAsSuffix;
    this.#protectedPieces = protectedPieces;
    this.#space = spec.escapeWhitespaces ? SPACE_SYMBOL : SPACE_BYTES;
    const charsmap = spec.precompiledCharsmap;
    if (charsmap.length === 0) return;
    const rulesSize = charsmap.length > 4 ? Buffer.from(charsmap.subarray(0, 4)).readUInt32LE() : 0;
    const rules = new DoubleArray(charsmap.subarray(4, 4 + rulesSize));
    const replacements = charsmap.subarray(4 + rulesSize);
    if (replacements.at(-1) !== 0 || !rules.isSound(replacements.length)) {
      throw new ModelError(
        `${path} has damaged normalisation rules: ${charsmap.length} bytes that should hold a table of ${rulesSize} bytes and its replacements.`,
        { hint: 'Fetch the file again from where the model came from.' },
      );
    }
    const longest = longestReplacement(replacements);
    if (longest > MAX_REPLACEMENT_BYTES) {
      throw new ModelError(
        `${path} has a normalisation rule that puts ${longest} bytes for a character; at most ${MAX_REPLACEMENT_BYTES} are read.`,
        { hint: 'Fetch the file again from where the model came from.' },
      );
    }
    this.#rules = rules;
    this.#replacements = replacements;
  }

  /** Gives the normalised text as UTF-8, valid until the next call. */
  normalize(text: string): Uint8Array {
    this.#outputLength = 0;
    const end = this.#encodeInput(text);
    const { removeExtraWhitespaces, addDummyPrefix } = this.#spec;
    let position = removeExtraWhitespaces ? this.#skipSpaces(end) : 0;
    if (position === end) return this.#output.subarray(0, 0);
    if (addDummyPrefix && !this.#isSuffix) this.#append(this.#space, 0, this.#space.length);
    let isAfterSpace = removeExtraWhitespaces;
    while (position < end) {
      position += this.#matchAt(position, end);
      const found = this.#found;
      let start = this.#foundStart;
      if (isAfterSpace) while (start < this.#foundEnd && found[start] === SPACE) start++;
      if (start < this.#foundEnd) {
        this.#appendEscaped(found, start, this.#foundEnd);
        isAfterSpace = removeExtraWhitespaces && found[this.#foundEnd - 1] === SPACE;
      }
    }
    if (removeExtraWhitespaces) this.#dropTrailingSpaces();
    if (addDummyPrefix && this.#isSuffix) this.#append(this.#space, 0, this.#space.length);
    return this.#output.subarray(0, this.#outputLength);
  }

  /** Gives the length of the input in bytes. */
  #encodeInput(text: string): number {
    // One UTF-16 unit takes at most three bytes.
    if (this.#input.length < text.length * 3) this.#input = new Uint8Array(text.length * 3);
    return this.#encoder.encodeInto(text, this.#input).written;
  }

  #skipSpaces(end: number): number {
    let position = 0;
    while (position < end) {
      const length = this.#matchAt(position, end);
      if (this.#foundEnd - this.#foundStart !== 1 || this.#found[this.#foundStart] !== SPACE) break;
      position += length;
    }
    return position;
  }

  /** Finds what the text at `position` becomes, and gives the bytes it takes up. */
  #matchAt(position: number, end: number): number {
    const input = this.#input;
    const protectedLength = this.#protectedPieces?.longestPrefix(input, position, end) ?? 0;
    if (protectedLength === 0 && this.#rules !== null) {
      const replacement = this.#rules.longestPrefix(input, position, end);
      if (this.#rules.matchLength > 0) {
        this.#found = this.#replacements;
        this.#foundStart = replacement;
        this.#foundEnd = this.#replacements.indexOf(0, replacement);
        return this.#rules.matchLength;
      }
    }
    // The input comes from a string, so it is well-formed and a character never reaches past `end`.
    const length = protectedLength > 0 ? protectedLength : utf8Length(input[position] ?? 0);
    this.#found = input;
    this.#foundStart = position;
    this.#foundEnd = position + length;
    return length;
  }

  #appendEscaped(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve((end - start) * this.#space.length);
    const output = this.#output;
    let length = this.#outputLength;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte === SPACE) {
        for (const spaceByte of this.#space) output[length++] = spaceByte;
      } else {
        output[length++] = byte;
      }
    }
    this.#outputLength = length;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    for (let i = start; i < end; i++) this.#output[this.#outputLength++] = bytes[i] ?? 0;
  }

  #dropTrailingSpaces(): void {
    const space = this.#space;
    const output = this.#output;
    while (
      this.#outputLength >= space.length &&
      space.every((byte, i) => output[this.#outputLength - space.length + i] === byte)
    ) {
      this.#outputLength -= space.length;
    }
  }

  #reserve(extra: number): void {
    const needed = this.#outputLength + extra;
    if (needed <= this.#output.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#output.length * 2));
    larger.set(this.#output.subarray(0, this.#outputLength));
    this.#output = larger;
  }
}

/** Bytes between two zeros, at most. */
function longestReplacement(replacements: Uint8Array): number {
  let longest = 0;
  let start = 0;
  for (let end = replacements.indexOf(0); end >= 0; end = replacements.indexOf(0, start)) {
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return longest;
}
