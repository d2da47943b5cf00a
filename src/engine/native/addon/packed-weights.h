// Weights in the packed form matrix products read, kept from one product to the next under the stamp of their block, so
// that a weight is packed once for each of its two orientations after each change, not at each use.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bleubird {

/** What tells apart the packed forms of one weight: where it begins, its sizes and strides, and how it was packed. */
struct PackedWeightKey {
  uint64_t stamp;
  const float* weight;
  int64_t n, k, ldb;
  bool transposeB;
  int32_t format;  // of the instruction set and precision
};

/** Memory of `bytes` for the packed form; `*isFilled` says whether it holds it already. The caller fills it otherwise. */
void* packedWeight(const PackedWeightKey& key, size_t bytes, bool* isFilled);

/** The block is gone: so are its packed forms. */
void dropPackedWeights(uint64_t stamp);
/** The block's contents changed: its packed forms keep their memory, but not their contents. */
void renamePackedWeights(uint64_t oldStamp, uint64_t newStamp);

int64_t packedWeightBytes();

}  // namespace bleubird
