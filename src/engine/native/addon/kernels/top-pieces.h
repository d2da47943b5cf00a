// The output layer of a decoding step: the best next pieces of each row and the normalizer of their probabilities, made
// from blocks of the vocabulary, so that the logits of all of it are never held.
#pragma once

#include "gemm.h"

namespace bleubird {

/** One row and one piece that it must not produce. */
struct BannedPiece {
  int32_t row, id;
};

struct TopPieces {
  int64_t rows, width, size;  // R, D, V
  int64_t firstRow;           // the number of the first in `banned`
  const float* hidden;        // [R, D]
  const float* head;          // [V, D]
  const float* bias;          // [V]
  uint64_t headStamp;         // of its block, as Gemm::weightStamp
  bool bf16;
  const int32_t* bannedIds;  // for all rows
  int64_t bannedIdCount;
  const BannedPiece* banned;
  int64_t bannedCount;
  bool renormalizes;     // whether the normalizer counts the pieces that are left, or all
  int64_t count;         // K wanted
  int32_t* ids;          // [R, K] best first, equal ones by id; -1 where fewer are allowed
  float* logits;         // [R, K]
  double* normalizers;   // [R] log Σ e^logit
};

}  // namespace bleubird

#ifdef BLEUBIRD_ISA
namespace bleubird::BLEUBIRD_ISA {

void topPieces(const TopPieces& call);

}  // namespace bleubird::BLEUBIRD_ISA
#endif
