// The output layer and its loss in one, with the gradients: see `crossEntropy` of fused-ops.ts.
// N rows, D model size, V vocabulary.
#pragma once

#include <cstdint>

namespace bleubird {

/**
 * Where its time goes, for the benchmarks: nanoseconds of all threads together, added up from call to call. Two readings
 * of the clock, some 50 ns, for each product of a block, which takes tens of µs and more: no run is slower for it.
 */
struct CrossEntropyTimes {
  int64_t products, all;
};

struct CrossEntropy {
  int64_t rows, width, size;  // N, D, V
  const float* hidden;        // [N, D]
  const float* head;          // [V, D]
  const float* bias;          // [V]
  const int32_t* labels;      // [N], each in 0…V-1
  double labelSmoothing;
  double weight;
  bool bf16;  // inputs of the products; all else is f32
  CrossEntropyTimes* times;
};

struct CrossEntropyGradients {
  float* hidden;  // [N, D]
  float* head;    // [V, D]
  bool addsToHead;
};

}  // namespace bleubird

#ifdef BLEUBIRD_ISA
namespace bleubird::BLEUBIRD_ISA {

/** Returns weight × the mean loss, in nats; fills `gradients` unless it is null. */
double crossEntropy(const CrossEntropy& call, const CrossEntropyGradients* gradients);

}  // namespace bleubird::BLEUBIRD_ISA
#endif
