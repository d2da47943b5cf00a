// Matrix products, the heart of every kernel. Operands are packed into panels first (rounded to bf16 on request), which
// also does away with transposes and odd sizes; blocks of C are then computed one by one, each by one thread, each sum
// over k in the same order whatever m, n and the number of threads are: a row's result does not depend on its neighbours.
#pragma once

#include <cstdint>

#include "../memory.h"

namespace bleubird {

enum class Activation : int32_t { none = 0, relu = 1, silu = 2, gelu = 3 };

/** C[m,n] (+)= alpha · op(A)[m,k] · op(B)[k,n] (+ bias), then activation. All row-major, any sizes, 0 too. */
struct Gemm {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  bool transposeA = false;  // A is stored [k, m]
  const float* b = nullptr;
  int64_t ldb = 0;
  bool transposeB = false;  // B is stored [n, k], as Hugging Face's weights
  float* c = nullptr;
  int64_t ldc = 0;
  bool accumulate = false;      // adds to C instead of replacing it
  float alpha = 1;
  const float* bias = nullptr;  // [n], added to each row
  Activation activation = Activation::none;
  float* sum = nullptr;         // [m, n] with stride ldc: gets what goes into the activation
  bool bf16 = false;            // inputs rounded to bf16; accumulation is f32 always
  // blockStamp() of the block B lies in when B is a weight: its packed form is then kept until the stamp changes.
  // 0: B is packed for this product only.
  uint64_t weightStamp = 0;
};

}  // namespace bleubird

#ifdef BLEUBIRD_ISA
namespace bleubird::BLEUBIRD_ISA {

/** On all threads. */
void gemm(const Gemm& product);

/** On the calling thread: for many small ones inside a parallelFor. Takes its panels from `scratch`; keeps no weights. */
void gemmInOneThread(const Gemm& product, Scratch& scratch);

}  // namespace bleubird::BLEUBIRD_ISA
#endif
