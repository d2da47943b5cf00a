// The passes over all parameters at the end of a step. They read and write each number once, so the memory's bandwidth is
// their limit; work is cut into pieces across the parameters, however large each one is.
#include "row-blocks.h"
#include "rows.h"

namespace bleubird::BLEUBIRD_ISA {

constexpr int64_t kSpanElements = 16384;

static inline int64_t countSpans(int64_t size) { return (size + kSpanElements - 1) / kSpanElements; }

/** Calls body(tensor, begin, end, span) for each span of up to kSpanElements of each tensor, on all threads. */
template <typename Tensor, typename Body>
static void forEachSpan(const Tensor* tensors, int64_t count, const Body& body) {
  int64_t spans = 0;
  for (int64_t t = 0; t < count; t++) spans += countSpans(tensors[t].size);
  parallelFor(spans, 1, [&](int64_t span, int64_t) {
    int64_t t = 0;
    int64_t spanOfTensor = span;
    while (spanOfTensor >= countSpans(tensors[t].size)) spanOfTensor -= countSpans(tensors[t++].size);
    const int64_t begin = spanOfTensor * kSpanElements;
    body(tensors[t], begin, smaller(tensors[t].size, begin + kSpanElements), span);
  });
}

/** In float32 over 512 elements a lane at most, beyond that in float64. */
static double squaresOfSpan(const float* values, int64_t begin, int64_t end) {
  double total = 0;
  for (int64_t start = begin; start < end; start += 1024) {
    const int64_t stop = smaller(end, start + 1024);
    Vec sums{};
    for (int64_t i = start; i < stop; i += kLanes) {
      const Vec value = loadFirst(values + i, stop - i);
      sums += value * value;
    }
    total += static_cast<double>(sumLanes(sums));
  }
  return total;
}

double sumOfSquares(const FloatSpan* tensors, int64_t count) {
  int64_t spans = 0;
  for (int64_t t = 0; t < count; t++) spans += countSpans(tensors[t].size);
  ScratchFrame frame(threadScratch());
  double* partials = static_cast<double*>(threadScratch().takeBytes(static_cast<size_t>(spans) * sizeof(double)));
  forEachSpan(tensors, count, [=](const FloatSpan& tensor, int64_t begin, int64_t end, int64_t span) {
    partials[span] = squaresOfSpan(tensor.values, begin, end);
  });
  double total = 0;
  for (int64_t span = 0; span < spans; span++) total += partials[span];
  return total;
}

/** A plain loop: compilers know a square root of registers, their vector extensions do not. */
static void stepOfSpan(const AdamWParameter& parameter, int64_t begin, int64_t end, const AdamWNumbers& n) {
  float* __restrict value = parameter.value;
  const float* __restrict gradient = parameter.gradient;
  float* __restrict mean = parameter.mean;
  float* __restrict square = parameter.square;
  const float kept = parameter.isDecayed ? n.kept : 1.0f;
  for (int64_t i = begin; i < end; i++) {
    const float scaled = gradient[i] * n.gradientScale;
    mean[i] += (scaled - mean[i]) * n.oneMinusBeta1;
    square[i] = square[i] * n.beta2 + scaled * scaled * n.oneMinusBeta2;
    const float denominator = __builtin_sqrtf(square[i]) / n.squareCorrection + n.epsilon;
    value[i] = value[i] * kept - mean[i] / denominator * n.stepSize;
  }
}

void adamw(const AdamWParameter* parameters, int64_t count, const AdamWNumbers& numbers) {
  forEachSpan(parameters, count, [&](const AdamWParameter& parameter, int64_t begin, int64_t end, int64_t) {
    stepOfSpan(parameter, begin, end, numbers);
  });
}

}  // namespace bleubird::BLEUBIRD_ISA
