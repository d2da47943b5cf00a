/**
 * A set of byte strings, each with a number, walked one byte at a time. A node's children are a list, or from the ninth on
 * a table of all 256 bytes, so that no vocabulary, however it was chosen, makes a step take more than eight looks.
 */
const MAX_LISTED = 8;
const TABLE_SIZE = 256;
const NONE = -1;

export class ByteTrie {
  /** The node no byte has led to yet. */
  static readonly root = 0;
  readonly #values: Int32Array;
  /** Of a node: its first child, or where its table begins, as -2 - table; the next child of its parent; the byte to it. */
  readonly #firstChildren: Int32Array;
  readonly #nextSiblings: Int32Array;
  readonly #bytes: Uint8Array;
  #tables = new Int32Array(64 * TABLE_SIZE);
  #tableCount = 0;
  #nodeCount = 1;

  /** @param entries byte strings, none empty, and their values ≥ 0 */
  constructor(entries: readonly (readonly [Uint8Array, number])[]) {
    const maximumNodes = entries.reduce((sum, [bytes]) => sum + bytes.length, 1);
    this.#values = new Int32Array(maximumNodes).fill(-1);
    this.#firstChildren = new Int32Array(maximumNodes).fill(NONE);
    this.#nextSiblings = new Int32Array(maximumNodes).fill(NONE);
    this.#bytes = new Uint8Array(maximumNodes);
    for (const [bytes, value] of entries) {
      let node = ByteTrie.root;
      for (const byte of bytes) {
        const child = this.child(node, byte);
        node = child === NONE ? this.#addChild(node, byte) : child;
      }
      this.#values[node] = value;
    }
  }

  /** The node `byte` leads to, or -1. */
  child(node: number, byte: number): number {
    let child = this.#firstChildren[node] ?? NONE;
    if (child < NONE) return this.#tables[(-2 - child) * TABLE_SIZE + byte] ?? NONE;
    while (child !== NONE && this.#bytes[child] !== byte) child = this.#nextSiblings[child] ?? NONE;
    return child;
  }

  /** The value of the string that ends at `node`, or -1. */
  value(node: number): number {
    return this.#values[node] ?? -1;
  }

  /** Length in bytes of the longest entry that starts at `start`, 0 when there is none. */
  longestPrefix(text: Uint8Array, start: number, end: number): number {
    let longest = 0;
    let node: number = ByteTrie.root;
    for (let i = start; i < end; i++) {
      node = this.child(node, text[i] ?? 0);
      if (node < 0) break;
      if (this.value(node) >= 0) longest = i + 1 - start;
    }
    return longest;
  }

  #addChild(node: number, byte: number): number {
    const child = this.#nodeCount++;
    this.#bytes[child] = byte;
    const first = this.#firstChildren[node] ?? NONE;
    if (first < NONE) {
      this.#tables[(-2 - first) * TABLE_SIZE + byte] = child;
      return child;
    }
    this.#nextSiblings[child] = first;
    this.#firstChildren[node] = child;
    if (this.#countSiblings(child) > MAX_LISTED) this.#makeTable(node, child);
    return child;
  }

  #countSiblings(first: number): number {
    let count = 0;
    for (let child = first; child !== NONE; child = this.#nextSiblings[child] ?? NONE) count += 1;
    return count;
  }

  #makeTable(node: number, first: number): void {
    const start = this.#tableCount * TABLE_SIZE;
    if (start === this.#tables.length) {
      const larger = new Int32Array(2 * start);
      larger.set(this.#tables);
      this.#tables = larger;
    }
    this.#tables.fill(NONE, start, start + TABLE_SIZE);
    for (let child = first; child !== NONE; child = this.#nextSiblings[child] ?? NONE) {
      this.#tables[start + (this.#bytes[child] ?? 0)] = child;
    }
    this.#firstChildren[node] = -2 - this.#tableCount++;
  }
}
