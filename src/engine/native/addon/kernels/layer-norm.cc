#include "row-blocks.h"
#include "rows.h"

namespace bleubird::BLEUBIRD_ISA {

/** torch.nn.LayerNorm's default, which Marian keeps. */
constexpr float kEpsilon = 1e-5f;

/** The first `count` lanes, zeros behind: what takes part in a sum. */
static inline Vec firstLanes(Vec value, int64_t count) {
  if (count >= kLanes) return value;
  return select(laneNumbers() < static_cast<uint32_t>(count), value, Vec{});
}

void layerNorm(const LayerNorm& call) {
  const int64_t width = call.width;
  parallelFor(call.rows, rowsOfPiece(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t start = row * width;
      float* normalized = call.normalized + start;
      Vec sums{};
      for (int64_t column = 0; column < width; column += kLanes) {
        const int64_t left = width - column;
        const Vec dropped = loadFirst(call.x + start + column, left) * dropoutFactors(call.dropout, start + column);
        const Vec sum = loadFirst(call.residual + start + column, left) + dropped;
        storeFirst(normalized + column, sum, left);
        sums += sum;
      }
      const float mean = sumLanes(sums) / static_cast<float>(width);

      Vec squares{};
      for (int64_t column = 0; column < width; column += kLanes) {
        const Vec centered = firstLanes(loadFirst(normalized + column, width - column) - mean, width - column);
        squares += centered * centered;
      }
      const float variance = sumLanes(squares) / static_cast<float>(width);
      const float inverseDeviation = 1.0f / __builtin_sqrtf(variance + kEpsilon);
      call.inverseDeviation[row] = inverseDeviation;

      for (int64_t column = 0; column < width; column += kLanes) {
        const int64_t left = width - column;
        const Vec value = (loadFirst(normalized + column, left) - mean) * inverseDeviation;
        storeFirst(normalized + column, value, left);
        const Vec output = value * loadFirst(call.weight + column, left) + loadFirst(call.bias + column, left);
        storeFirst(call.output + start + column, output, left);
      }
    }
  });
}

/** One row's gradients; adds its share of the parameters' to two rows of column sums. */
static inline void backwardOfRow(const LayerNormBackward& call, int64_t row, float* weightSums, float* biasSums) {
  const int64_t width = call.width;
  const int64_t start = row * width;
  const float* gradOutput = call.gradOutput + start;
  const float* normalized = call.normalized + start;
  Vec along{};            // of the gradient with the mean's direction
  Vec alongNormalized{};  // and with the deviation's
  for (int64_t column = 0; column < width; column += kLanes) {
    const int64_t left = width - column;
    const Vec grad = loadFirst(gradOutput + column, left);
    const Vec value = loadFirst(normalized + column, left);
    const Vec product = grad * value;
    storeFirst(weightSums + column, loadFirst(weightSums + column, left) + product, left);
    storeFirst(biasSums + column, loadFirst(biasSums + column, left) + grad, left);
    const Vec weight = loadFirst(call.weight + column, left);
    along += grad * weight;
    alongNormalized += product * weight;
  }
  const float alongMean = sumLanes(along) / static_cast<float>(width);
  const float alongDeviation = sumLanes(alongNormalized) / static_cast<float>(width);
  const float inverseDeviation = call.inverseDeviation[row];
  for (int64_t column = 0; column < width; column += kLanes) {
    const int64_t left = width - column;
    const Vec grad = loadFirst(gradOutput + column, left) * loadFirst(call.weight + column, left);
    const Vec tangent = grad - alongMean - loadFirst(normalized + column, left) * alongDeviation;
    const Vec gradSum = tangent * inverseDeviation;
    storeFirst(call.gradResidual + start + column, gradSum, left);
    if (call.gradX == nullptr) continue;
    storeFirst(call.gradX + start + column, gradSum * dropoutFactors(call.dropout, start + column), left);
  }
}

void layerNormBackward(const LayerNormBackward& call) {
  const int64_t width = call.width;
  const int64_t blocks = countBlocks(call.rows);
  ScratchFrame frame(threadScratch());
  float* partials = threadScratch().takeFloats(blocks * 2 * width);  // of weight and bias, block by block
  parallelFor(blocks, 1, [&](int64_t block, int64_t) {
    float* weightSums = partials + block * 2 * width;
    float* biasSums = weightSums + width;
    __builtin_memset(weightSums, 0, static_cast<size_t>(2 * width) * sizeof(float));
    const int64_t end = smaller(call.rows, (block + 1) * kBlockRows);
    for (int64_t row = block * kBlockRows; row < end; row++) backwardOfRow(call, row, weightSums, biasSums);
  });
  sumPartials(partials, blocks, 2 * width, width, call.gradWeight, call.addsToWeight);
  sumPartials(partials + width, blocks, 2 * width, width, call.gradBias, call.addsToBias);
}

}  // namespace bleubird::BLEUBIRD_ISA
