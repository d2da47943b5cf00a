/**
 * What the addon offers for attention and the output layer, as typed functions; documented at their bindings in C++.
 */
import type { Block, DropoutNumbers } from './addon-functions.ts';

/** attention-bindings.cc */
export interface AttentionFunctions {
  attention(
    query: Block,
    key: Block,
    value: Block,
    output: Block,
    width: number,
    heads: number,
    queryStarts: Int32Array,
    keyStarts: Int32Array,
    isCausal: boolean,
    ...dropout: DropoutNumbers
  ): void;
  attentionBackward(
    query: Block,
    key: Block,
    value: Block,
    gradOutput: Block,
    gradQuery: Block,
    gradKey: Block,
    gradValue: Block,
    width: number,
    heads: number,
    queryStarts: Int32Array,
    keyStarts: Int32Array,
    isCausal: boolean,
    ...dropout: DropoutNumbers
  ): void;
}

/** cross-entropy-bindings.cc */
export interface CrossEntropyFunctions {
  /** Both gradients, or neither. */
  crossEntropy(
    hidden: Block,
    head: Block,
    bias: Block,
    labels: Int32Array,
    width: number,
    size: number,
    labelSmoothing: number,
    weight: number,
    loss: Block,
    gradHidden: Block | null,
    gradHead: Block | null,
    addsToHead: boolean,
  ): void;
  /** Fills with the seconds that all threads together spent in it since the last call: in products, in all. */
  crossEntropyTimes(to: Float64Array): void;
}
