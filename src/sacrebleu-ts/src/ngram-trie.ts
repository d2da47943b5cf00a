/**
 * The n-grams of one segment's references, of all orders up to a highest, to find those of its hypothesis in.
 *
 * An n-gram is a path from the root, one symbol (a word's number, a code point) an edge; node 0 is the root. Edges lie
 * in one hash table keyed by parent and symbol, both compared in full: two n-grams are never mistaken for each other.
 * Clearing costs as much as the next segment is long, so one trie serves a whole corpus, and all hypotheses of a segment.
 */
export class NgramTrie {
  private readonly maxOrder: number;
  /** Hash slot → child node, 0 where free. */
  private slots = new Int32Array(0);
  /** 32 - log2 of the slots in use. */
  private shift = 32;
  private nodes = 1;
  private reference = 0;
  private parents = new Int32Array(0);
  private symbols = new Int32Array(0);
  /** The reference that `counts` is about. */
  private references = new Int32Array(0);
  private counts = new Int32Array(0);
  /** How often the reference that has the n-gram most often has it, less what the hypothesis has matched. */
  private available = new Int32Array(0);
  /** The nodes the hypothesis has matched; no more than n-grams the references have. */
  private matched = new Int32Array(0);

  constructor(maxOrder: number) {
    this.maxOrder = maxOrder;
  }

  /** Forgets all references. @param symbols how many the next references have together */
  clear(symbols: number): void {
    const mostNodes = symbols * this.maxOrder + 1;
    const bits = Math.max(4, 32 - Math.clz32(2 * mostNodes - 1));
    this.shift = 32 - bits;
    if (this.slots.length < 2 ** bits) {
      this.slots = new Int32Array(2 ** bits);
      for (const name of ['parents', 'symbols', 'references', 'counts', 'available', 'matched'] as const) {
        this[name] = new Int32Array(2 ** (bits - 1));
      }
    } else {
      this.slots.fill(0, 0, 2 ** bits);
    }
    this.nodes = 1;
    this.reference = 0;
  }

  /** Adds a reference: each n-gram counts as often as in the reference that has it most often. */
  addReference(reference: Int32Array): void {
    const { counts, references, available, maxOrder } = this;
    const { length } = reference;
    this.reference += 1;
    for (let start = 0; start < length; start++) {
      const end = Math.min(start + maxOrder, length);
      let node = 0;
      for (let index = start; index < end; index++) {
        node = this.findOrAddChild(node, reference[index] ?? 0);
        const count = references[node] === this.reference ? (counts[node] ?? 0) + 1 : 1;
        references[node] = this.reference;
        counts[node] = count;
        if (count > (available[node] ?? 0)) available[node] = count;
      }
    }
  }

  /** The hypothesis's n-grams that are in a reference, by order; each reference n-gram matches once. */
  countMatches(hypothesis: Int32Array): number[] {
    const { available, matched, maxOrder } = this;
    const { length } = hypothesis;
    const matches = new Array<number>(maxOrder).fill(0);
    let total = 0;
    for (let start = 0; start < length; start++) {
      const end = Math.min(start + maxOrder, length);
      let node = 0;
      for (let index = start; index < end; index++) {
        node = this.findChild(node, hypothesis[index] ?? 0);
        // Where no reference has an n-gram, none has a longer one that begins with it.
        if (node === 0) break;
        const left = available[node] ?? 0;
        if (left === 0) continue;
        available[node] = left - 1;
        matched[total++] = node;
        matches[index - start] = (matches[index - start] ?? 0) + 1;
      }
    }
    // All n-grams are there again for the next hypothesis.
    for (let index = 0; index < total; index++) {
      const node = matched[index] ?? 0;
      available[node] = (available[node] ?? 0) + 1;
    }
    return matches;
  }

  private findChild(parent: number, symbol: number): number {
    const { slots, parents, symbols, shift } = this;
    const last = (1 << (32 - shift)) - 1;
    let slot = Math.imul(Math.imul(parent, 0x2c1b3c6d) + symbol, 0x9e3779b1) >>> shift;
    for (;;) {
      const node = slots[slot] ?? 0;
      if (node === 0 || (parents[node] === parent && symbols[node] === symbol)) return node;
      slot = (slot + 1) & last;
    }
  }

  private findOrAddChild(parent: number, symbol: number): number {
    const { slots, parents, symbols, shift } = this;
    const last = (1 << (32 - shift)) - 1;
    let slot = Math.imul(Math.imul(parent, 0x2c1b3c6d) + symbol, 0x9e3779b1) >>> shift;
    for (;;) {
      const node = slots[slot] ?? 0;
      if (node === 0) break;
      if (parents[node] === parent && symbols[node] === symbol) return node;
      slot = (slot + 1) & last;
    }
    const node = this.nodes++;
    slots[slot] = node;
    parents[node] = parent;
    symbols[node] = symbol;
    this.references[node] = 0;
    this.available[node] = 0;
    return node;
  }
}
