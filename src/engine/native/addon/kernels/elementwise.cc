#include "row-blocks.h"
#include "rows.h"

namespace bleubird::BLEUBIRD_ISA {

void dropElements(const float* x, float* output, int64_t size, const Dropout& dropout) {
  parallelFor(size, kPieceElements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += kLanes) {
      storeFirst(output + i, loadFirst(x + i, end - i) * dropoutFactors(dropout, i), end - i);
    }
  });
}

void fill(float* output, int64_t size, float value) {
  parallelFor(size, kPieceElements, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += kLanes) storeFirst(output + i, splat(value), end - i);
  });
}

void add(const float* a, const float* b, float* output, int64_t size) {
  parallelFor(size, kPieceElements, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += kLanes) {
      storeFirst(output + i, loadFirst(a + i, end - i) + loadFirst(b + i, end - i), end - i);
    }
  });
}

static inline Vec activationSlope(Vec x, Activation activation) {
  switch (activation) {
    case Activation::none:
      return splat(1.0f);
    case Activation::relu:
      return select(x <= 0.0f, Vec{}, splat(1.0f));
    case Activation::silu: {
      const Vec s = sigmoid(x);
      return s * (1.0f + x * (1.0f - s));
    }
    case Activation::gelu: {
      const Vec density = exp(-0.5f * x * x) * 0.398942280401432678f;  // 1/√(2π)
      return 0.5f + 0.5f * erf(x * 0.707106781186547524f) + x * density;
    }
  }
  return Vec{};
}

/** The block's rows of gradSum, and their column sums. */
static void backwardOfBlock(const ActivationBackward& call, int64_t block, float* sums) {
  const int64_t width = call.width;
  __builtin_memset(sums, 0, static_cast<size_t>(width) * sizeof(float));
  const int64_t end = smaller(call.rows, (block + 1) * kBlockRows);
  for (int64_t row = block * kBlockRows; row < end; row++) {
    for (int64_t column = 0; column < width; column += kLanes) {
      const int64_t left = width - column;
      const int64_t first = row * width + column;
      Vec grad = loadFirst(call.gradOutput + first, left);
      if (call.activation != Activation::none) {
        grad *= activationSlope(loadFirst(call.sum + first, left), call.activation);
        storeFirst(call.gradSum + first, grad, left);
      }
      storeFirst(sums + column, loadFirst(sums + column, left) + grad, left);
    }
  }
}

void activationBackward(const ActivationBackward& call) {
  const int64_t blocks = countBlocks(call.rows);
  ScratchFrame frame(threadScratch());
  float* partials = threadScratch().takeFloats(blocks * call.width);
  parallelFor(blocks, 1,
              [&](int64_t block, int64_t) { backwardOfBlock(call, block, partials + block * call.width); });
  sumPartials(partials, blocks, call.width, call.width, call.gradBias, call.addsToBias);
}

}  // namespace bleubird::BLEUBIRD_ISA
