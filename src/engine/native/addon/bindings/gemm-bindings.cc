#include <stdexcept>

#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "bindings.h"

namespace bleubird {
namespace {

constexpr int64_t kTransposeA = 1;
constexpr int64_t kTransposeB = 2;
constexpr int64_t kAccumulate = 4;
constexpr int64_t kWeight = 8;  // B is a weight: keep its packed form

/**
 * gemm(a, b, c, m, n, k, flags, bias | null, activation, sum | null): c (+)= activation(op(a)·op(b) + bias), all contiguous;
 * `activation` 0…3 as in gemm.h, `flags` the sum of the above.
 */
napi_value multiply(Arguments& arguments) {
  Gemm gemm;
  gemm.m = arguments.size(3);
  gemm.n = arguments.size(4);
  gemm.k = arguments.size(5);
  const int64_t flags = arguments.integer(6);
  gemm.transposeA = (flags & kTransposeA) != 0;
  gemm.transposeB = (flags & kTransposeB) != 0;
  gemm.accumulate = (flags & kAccumulate) != 0;
  gemm.a = arguments.floats(0, product(gemm.m, gemm.k));
  gemm.b = arguments.floats(1, product(gemm.k, gemm.n));
  gemm.c = arguments.floats(2, product(gemm.m, gemm.n));
  gemm.lda = gemm.transposeA ? gemm.m : gemm.k;
  gemm.ldb = gemm.transposeB ? gemm.k : gemm.n;
  gemm.ldc = gemm.n;
  gemm.bias = arguments.floatsOrNull(7, gemm.n);
  const int64_t activation = arguments.integer(8);
  if (activation < 0 || activation > 3) throw std::out_of_range("the activation " + std::to_string(activation) + " is not known");
  gemm.activation = static_cast<Activation>(activation);
  gemm.sum = arguments.floatsOrNull(9, product(gemm.m, gemm.n));
  gemm.bf16 = usesBf16();
  if ((flags & kWeight) != 0) gemm.weightStamp = blockStamp(arguments.handle(1));
  kernels().gemm(gemm);
  return arguments.undefined();
}

}  // namespace

void registerGemm(napi_env env, napi_value exports) { exportFunction<multiply>(env, exports, "gemm"); }

}  // namespace bleubird
