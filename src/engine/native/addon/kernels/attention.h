// Multi-head attention over packed sequences: softmax(query·keyᵀ/√(D/H) [+ causal mask])·value of each sequence and head.
// B sequences, H heads, D = H × head size; sequence b has the rows starts[b] … starts[b+1]-1.
#pragma once

#include "dropout.h"

namespace bleubird {

struct Attention {
  int64_t sequences, heads, headSize;
  const int32_t* queryStarts;  // [B+1]
  const int32_t* keyStarts;    // [B+1]
  bool isCausal;               // a query sees only keys up to its own place
  const Dropout* dropout;      // on the probabilities, or null; fused-ops.ts says how they are counted
  const float* query;          // rows of D floats, here and below
  const float* key;
  const float* value;
};

}  // namespace bleubird

#ifdef BLEUBIRD_ISA
namespace bleubird::BLEUBIRD_ISA {

/** Every sequence with a query must have a key. */
void attention(const Attention& call, float* output);

/** Computes the probabilities anew: nothing is kept from the way forth. */
void attentionBackward(const Attention& call, const float* gradOutput, float* gradQuery, float* gradKey, float* gradValue);

}  // namespace bleubird::BLEUBIRD_ISA
#endif
