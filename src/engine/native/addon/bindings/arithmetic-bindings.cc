// Arithmetic on float32 tensors for the tfjs kernels around a model, such as those of decoding: plain loops over rows, in
// which each row's result depends on nothing else.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "../threads.h"
#include "bindings.h"

namespace bleubird {
namespace {

constexpr int64_t kMaxRank = 8;
constexpr int64_t kPieceElements = 8192;

int64_t rowsOfPiece(int64_t width) { return std::max<int64_t>(1, kPieceElements / std::max<int64_t>(1, width)); }

using Binary = float (*)(float, float);

Binary binaryNamed(const std::string& name) {
  if (name == "Add") return [](float a, float b) { return a + b; };
  if (name == "Sub") return [](float a, float b) { return a - b; };
  if (name == "Multiply") return [](float a, float b) { return a * b; };
  if (name == "RealDiv") return [](float a, float b) { return a / b; };
  if (name == "Maximum") return [](float a, float b) { return a != a || a > b ? a : b; };
  if (name == "Minimum") return [](float a, float b) { return a != a || a < b ? a : b; };
  throw std::invalid_argument("no operation of two tensors is named " + name);
}

/** combine(name, a, aStrides, b, bStrides, shape, output): strides are 0 along broadcast axes */
napi_value combine(Arguments& arguments) {
  const Binary operation = binaryNamed(arguments.text(0));
  const IntegerArray shape = arguments.integers(5);
  const int64_t rank = shape.length;
  const IntegerArray aStrides = arguments.integers(2, rank);
  const IntegerArray bStrides = arguments.integers(4, rank);
  if (rank > kMaxRank) throw std::out_of_range("a tensor may have 8 axes");
  int64_t size = 1;
  int64_t aSize = 1;
  int64_t bSize = 1;
  for (int64_t axis = 0; axis < rank; axis++) {
    if (shape[axis] < 0 || aStrides[axis] < 0 || bStrides[axis] < 0) throw std::out_of_range("a shape is negative");
    size = product(size, shape[axis]);
    aSize += product(std::max(0, shape[axis] - 1), aStrides[axis]);
    bSize += product(std::max(0, shape[axis] - 1), bStrides[axis]);
  }
  float* output = arguments.floats(6, size);
  if (size == 0) return arguments.undefined();
  const float* a = arguments.floats(1, aSize);
  const float* b = arguments.floats(3, bSize);
  const int64_t length = rank == 0 ? 1 : shape[rank - 1];
  const int64_t aStep = rank == 0 ? 0 : aStrides[rank - 1];
  const int64_t bStep = rank == 0 ? 0 : bStrides[rank - 1];
  parallelFor(size / length, rowsOfPiece(length), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* left = a;
      const float* right = b;
      int64_t rest = row;
      for (int64_t axis = rank - 2; axis >= 0; axis--) {
        const int64_t place = rest % shape[axis];
        rest /= shape[axis];
        left += place * aStrides[axis];
        right += place * bStrides[axis];
      }
      for (int64_t i = 0; i < length; i++) output[row * length + i] = operation(left[i * aStep], right[i * bStep]);
    }
  });
  return arguments.undefined();
}

using Unary = float (*)(float);

Unary unaryNamed(const std::string& name) {
  if (name == "Neg") return [](float x) { return -x; };
  if (name == "Exp") return [](float x) { return std::exp(x); };
  if (name == "Log") return [](float x) { return std::log(x); };
  if (name == "Sqrt") return [](float x) { return std::sqrt(x); };
  if (name == "Rsqrt") return [](float x) { return 1 / std::sqrt(x); };
  if (name == "Square") return [](float x) { return x * x; };
  if (name == "Abs") return [](float x) { return std::fabs(x); };
  if (name == "Relu") return [](float x) { return x < 0 ? 0 : x; };
  if (name == "Step") return [](float x) { return x > 0 ? 1 : x != x ? x : 0; };
  if (name == "Sigmoid") return [](float x) { return 1 / (1 + std::exp(-x)); };
  if (name == "Tanh") return [](float x) { return std::tanh(x); };
  if (name == "Erf") return [](float x) { return std::erf(x); };
  throw std::invalid_argument("no operation of one tensor is named " + name);
}

/** map(name, x, size, output) */
napi_value map(Arguments& arguments) {
  const Unary operation = unaryNamed(arguments.text(0));
  const int64_t size = arguments.size(2);
  const float* x = arguments.floats(1, size);
  float* output = arguments.floats(3, size);
  parallelFor(size, kPieceElements, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) output[i] = operation(x[i]);
  });
  return arguments.undefined();
}

/** The place of the largest of a row, the first of equal ones; that of a NaN when there is one. */
int64_t placeOfMaximum(const float* row, int64_t width) {
  int64_t best = 0;
  for (int64_t i = 0; i < width; i++) {
    if (row[i] != row[i]) return i;
    if (row[i] > row[best]) best = i;
  }
  return best;
}

double sumOfRow(const float* row, int64_t width) {
  double sum = 0;
  for (int64_t i = 0; i < width; i++) sum += static_cast<double>(row[i]);
  return sum;
}

using Reduction = float (*)(const float* row, int64_t width);

Reduction reductionNamed(const std::string& name) {
  if (name == "Sum") return [](const float* row, int64_t width) { return static_cast<float>(sumOfRow(row, width)); };
  if (name == "Mean") {
    return [](const float* row, int64_t width) { return static_cast<float>(sumOfRow(row, width) / static_cast<double>(width)); };
  }
  if (name == "Max") return [](const float* row, int64_t width) { return row[placeOfMaximum(row, width)]; };
  throw std::invalid_argument("no reduction is named " + name);
}

/** reduce(name, x, rows, width, output): of each row; Max wants a width of at least 1 */
napi_value reduce(Arguments& arguments) {
  const std::string name = arguments.text(0);
  const Reduction reduction = reductionNamed(name);
  const int64_t rows = arguments.size(2);
  const int64_t width = arguments.size(3);
  if (name == "Max" && width == 0) throw std::out_of_range("there is no maximum of nothing");
  const float* x = arguments.floats(1, product(rows, width));
  float* output = arguments.floats(4, rows);
  parallelFor(rows, rowsOfPiece(width), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) output[row] = reduction(x + row * width, width);
  });
  return arguments.undefined();
}

/** argMax(x, rows, width, output): int32 places */
napi_value argMax(Arguments& arguments) {
  const int64_t rows = arguments.size(1);
  const int64_t width = arguments.size(2);
  if (width == 0) throw std::out_of_range("there is no maximum of nothing");
  const float* x = arguments.floats(0, product(rows, width));
  int32_t* output = reinterpret_cast<int32_t*>(arguments.floats(3, rows));
  parallelFor(rows, rowsOfPiece(width), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      output[row] = static_cast<int32_t>(placeOfMaximum(x + row * width, width));
    }
  });
  return arguments.undefined();
}

/** softmax(x, rows, width, output) */
napi_value softmax(Arguments& arguments) {
  const int64_t rows = arguments.size(1);
  const int64_t width = arguments.size(2);
  const float* x = arguments.floats(0, product(rows, width));
  float* output = arguments.floats(3, product(rows, width));
  if (width == 0) return arguments.undefined();
  parallelFor(rows, rowsOfPiece(width), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = output + row * width;
      const float maximum = from[placeOfMaximum(from, width)];
      for (int64_t i = 0; i < width; i++) to[i] = std::exp(from[i] - maximum);
      const float scale = static_cast<float>(1 / sumOfRow(to, width));
      for (int64_t i = 0; i < width; i++) to[i] *= scale;
    }
  });
  return arguments.undefined();
}

/** topK(x, rows, width, count, values, indices): best first, equal ones by index; NaN before all */
napi_value topK(Arguments& arguments) {
  const int64_t rows = arguments.size(1);
  const int64_t width = arguments.size(2);
  const int64_t count = arguments.size(3);
  if (count > width) throw std::out_of_range("more of the best were asked for than there are");
  const float* x = arguments.floats(0, product(rows, width));
  float* values = arguments.floats(4, product(rows, count));
  int32_t* indices = reinterpret_cast<int32_t*>(arguments.floats(5, product(rows, count)));
  if (count == 0) return arguments.undefined();
  const auto isBetter = [](float a, float b) { return a > b || (a != a && b == b); };
  parallelFor(rows, rowsOfPiece(width), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      float* best = values + row * count;
      int32_t* places = indices + row * count;
      int64_t found = 0;
      for (int64_t i = 0; i < width; i++) {  // insertion into a sorted list: `count` is small
        const float value = x[row * width + i];
        if (found == count && !isBetter(value, best[count - 1])) continue;
        int64_t place = found < count ? found++ : count - 1;
        for (; place > 0 && isBetter(value, best[place - 1]); place--) {
          best[place] = best[place - 1];
          places[place] = places[place - 1];
        }
        best[place] = value;
        places[place] = static_cast<int32_t>(i);
      }
    }
  });
  return arguments.undefined();
}

/** fill(output, size, value) */
napi_value fill(Arguments& arguments) {
  const int64_t size = arguments.size(1);
  kernels().fill(arguments.floats(0, size), size, static_cast<float>(arguments.number(2)));
  return arguments.undefined();
}

/**
 * batchGemm(a, b, c, batches, aBatches, bBatches, m, n, k, transposeA, transposeB): for each batch c = op(a)·op(b) in
 * float32; `a` or `b` with one batch serves all
 */
napi_value batchGemm(Arguments& arguments) {
  const int64_t batches = arguments.size(3);
  const int64_t aBatches = arguments.size(4);
  const int64_t bBatches = arguments.size(5);
  if ((aBatches != 1 && aBatches != batches) || (bBatches != 1 && bBatches != batches)) {
    throw std::out_of_range("the batches of a product do not match");
  }
  Gemm whole;
  whole.m = arguments.size(6);
  whole.n = arguments.size(7);
  whole.k = arguments.size(8);
  whole.transposeA = arguments.boolean(9);
  whole.transposeB = arguments.boolean(10);
  whole.lda = whole.transposeA ? whole.m : whole.k;
  whole.ldb = whole.transposeB ? whole.k : whole.n;
  whole.ldc = whole.n;
  const int64_t aSize = product(whole.m, whole.k);
  const int64_t bSize = product(whole.k, whole.n);
  const int64_t cSize = product(whole.m, whole.n);
  whole.a = arguments.floats(0, product(aBatches, aSize));
  whole.b = arguments.floats(1, product(bBatches, bSize));
  whole.c = arguments.floats(2, product(batches, cSize));
  if (batches == 1) {
    kernels().gemm(whole);
    return arguments.undefined();
  }
  parallelFor(batches, 1, [&](int64_t batch, int64_t) {
    ScratchFrame frame(threadScratch());
    Gemm one = whole;
    if (aBatches > 1) one.a += batch * aSize;
    if (bBatches > 1) one.b += batch * bSize;
    one.c += batch * cSize;
    kernels().gemmInOneThread(one, threadScratch());
  });
  return arguments.undefined();
}

}  // namespace

void registerArithmetic(napi_env env, napi_value exports) {
  exportFunction<combine>(env, exports, "combine");
  exportFunction<map>(env, exports, "map");
  exportFunction<reduce>(env, exports, "reduce");
  exportFunction<argMax>(env, exports, "argMax");
  exportFunction<softmax>(env, exports, "softmax");
  exportFunction<topK>(env, exports, "topK");
  exportFunction<fill>(env, exports, "fill");
  exportFunction<batchGemm>(env, exports, "batchGemm");
}

}  // namespace bleubird
