// Dropout by a counter: whether element i of a site is dropped is a hash of (seed, site, i), so that forward and backward
// agree without a stored mask, and every backend drops the same elements (dropout.ts has the same hash).
#pragma once

#include "../simd.h"

namespace bleubird {

/** Element i is dropped where hash32((i + siteKey) ^ seedKey) < threshold; the others are multiplied by `kept`. */
struct Dropout {
  uint32_t threshold;
  float kept;
  uint32_t seedKey;
  uint32_t siteKey;
};

}  // namespace bleubird

#ifdef BLEUBIRD_ISA
namespace bleubird::BLEUBIRD_ISA {

inline BitVec laneNumbers() {
  BitVec numbers{};
  for (int lane = 0; lane < kLanes; lane++) numbers[lane] = static_cast<uint32_t>(lane);
  return numbers;
}

/** 0 or `kept` for the elements first, first + 1, … of an array. */
inline Vec dropoutFactors(const Dropout& dropout, int64_t first) {
  BitVec hash = (laneNumbers() + (static_cast<uint32_t>(first) + dropout.siteKey)) ^ dropout.seedKey;
  hash = (hash ^ (hash >> 16)) * 0x7feb352du;
  hash = (hash ^ (hash >> 15)) * 0x846ca68bu;
  hash = hash ^ (hash >> 16);
  return select(hash < dropout.threshold, Vec{}, splat(dropout.kept));
}

/** The factors of `dropout`, or ones where it is null. */
inline Vec dropoutFactors(const Dropout* dropout, int64_t first) {
  return dropout == nullptr ? splat(1.0f) : dropoutFactors(*dropout, first);
}

}  // namespace bleubird::BLEUBIRD_ISA
#endif
