// In f32. For earlier positions one row is one item of work: each has keys of its own. For the source one head of one
// sentence is: its beams are the rows of two small products.
#include "cached-attention.h"

#include "../memory.h"
#include "../threads.h"
#include "gemm-pack.h"
#include "small-product.h"

namespace bleubird::BLEUBIRD_ISA {
namespace {

/** Rows, and heads of sentences, that are worth a thread's attention. */
constexpr int64_t kItems = 4;

/** Makes scores[0…count) the softmax of themselves times `scale`; room up to whole vectors. */
inline void softmax(float* scores, int64_t count, float scale) {
  const int64_t padded = roundUp(count, kLanes);
  for (int64_t i = count; i < padded; i++) scores[i] = -__builtin_inff();
  Vec largest = load(scores);
  for (int64_t i = kLanes; i < padded; i += kLanes) largest = larger(largest, load(scores + i));
  const float shift = maxLane(largest);
  Vec sums{};
  for (int64_t i = 0; i < padded; i += kLanes) {
    const Vec power = exp((load(scores + i) - shift) * scale);
    store(scores + i, power);
    sums += power;
  }
  const Vec factor = splat(1.0f / sumLanes(sums));
  for (int64_t i = 0; i < padded; i += kLanes) store(scores + i, load(scores + i) * factor);
}

/** The products of a and b element by element, in as many sums as there are lanes. */
inline Vec partialDot(const float* a, const float* b, int64_t size) {
  Vec sums{};
  for (int64_t i = 0; i < size; i += kLanes) sums += loadFirst(a + i, size - i) * loadFirst(b + i, size - i);
  return sums;
}

/** Lane i: the sum of the lanes of rows[i]. Halves are interleaved and added until one is left. */
inline Vec sumsOf(Vec* rows) {
#pragma GCC unroll 4
  for (int count = kLanes; count > 1; count /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < count / 2; i++) {
      const Vec low = shuffle<BLEUBIRD_LOW_HALVES>(rows[i], rows[i + count / 2]);
      const Vec high = shuffle<BLEUBIRD_HIGH_HALVES>(rows[i], rows[i + count / 2]);
      rows[i] = low + high;
    }
  }
  return rows[0];
}

/** Makes each lane what `join` makes of all lanes i, i + slots, i + 2 · slots, …; `slots` is a power of two. */
template <typename Join>
inline Vec joinLanes(Vec value, int64_t slots, const Join& join) {
  float lanes[kLanes];
  store(lanes, value);
  for (int64_t step = kLanes / 2; step >= slots; step /= 2) {
    for (int64_t lane = 0; lane < step; lane++) lanes[lane] = join(lanes[lane], lanes[lane + step]);
  }
  for (int64_t lane = slots; lane < kLanes; lane++) lanes[lane] = lanes[lane - slots];
  return load(lanes);
}

/** Scores [positions, slots]: each column becomes the softmax of itself times `scale`. `unit`: the larger of slots and kLanes. */
inline void softmaxOfColumns(float* scores, int64_t size, int64_t slots, int64_t unit, float scale) {
  for (int64_t column = 0; column < unit; column += kLanes) {
    Vec largest = load(scores + column);
    for (int64_t i = column + unit; i < size; i += unit) largest = larger(largest, load(scores + i));
    largest = joinLanes(largest, slots, [](float a, float b) { return a > b ? a : b; });
    Vec sums{};
    for (int64_t i = column; i < size; i += unit) {
      const Vec power = exp((load(scores + i) - largest) * scale);
      store(scores + i, power);
      sums += power;
    }
    const Vec factor = 1.0f / joinLanes(sums, slots, [](float a, float b) { return a + b; });
    for (int64_t i = column; i < size; i += unit) store(scores + i, load(scores + i) * factor);
  }
}

/** output[0…size) = Σ factors[i · stride] · rows[i][offset…offset + size) */
template <int vectors>
inline void weightedSum(const float* factors, int64_t stride, const float* const* rows, int64_t count, int64_t offset,
                        int64_t size, float* output) {
  Vec sums[vectors] = {};
  for (int64_t i = 0; i < count; i++) {
    const float* row = rows[i] + offset;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sums[v] += factors[i * stride] * loadFirst(row + v * kLanes, size - v * kLanes);
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectors; v++) storeFirst(output + v * kLanes, sums[v], size - v * kLanes);
}

void attendToOwn(const CachedSelfAttention& call, int64_t row, Scratch& scratch) {
  const ScratchFrame frame(scratch);
  const CachedRow& cached = call.cached[row];
  const int64_t width = call.heads * call.headSize;
  const int64_t count = cached.position + 1;
  const int64_t kind = kPagePositions * call.beams * width;  // between keys and values
  const auto placeOf = [&](int64_t position, int64_t beam) {
    return cached.pages[position / kPagePositions] + 2 * call.layer * kind +
           (position % kPagePositions * call.beams + beam) * width;
  };
  const float* const query = call.inputs + row * 3 * width;
  float* const own = placeOf(cached.position, cached.beam);
  __builtin_memcpy(own, query + width, static_cast<size_t>(width) * sizeof(float));
  __builtin_memcpy(own + kind, query + 2 * width, static_cast<size_t>(width) * sizeof(float));
  const auto** keys = static_cast<const float**>(scratch.takeBytes(static_cast<size_t>(count) * sizeof(float*)));
  const auto** values = static_cast<const float**>(scratch.takeBytes(static_cast<size_t>(count) * sizeof(float*)));
  for (int64_t position = 0; position < count; position++) {
    keys[position] = position == cached.position ? own : placeOf(position, cached.history[position]);
    values[position] = keys[position] + kind;
  }

  // The scores of all heads lie side by side, so that a softmax over positions needs no sums across lanes.
  int64_t slots = 1;
  while (slots < call.heads) slots *= 2;
  const int64_t unit = larger(slots, static_cast<int64_t>(kLanes));
  const int64_t size = roundUp(count * slots, unit);
  float* const scores = scratch.takeFloats(size);
  for (int64_t slot = 0; slot < size; slot += kLanes) {
    Vec partials[kLanes];
    for (int64_t lane = 0; lane < kLanes; lane++) {
      const int64_t position = (slot + lane) / slots;
      const int64_t first = (slot + lane) % slots * call.headSize;
      partials[lane] = position < count && first < width ? partialDot(query + first, keys[position] + first, call.headSize) : Vec{};
    }
    store(scores + slot, sumsOf(partials));
  }
  for (int64_t i = count * slots; i < size; i++) scores[i] = -__builtin_inff();
  softmaxOfColumns(scores, size, slots, unit, 1.0f / __builtin_sqrtf(static_cast<float>(call.headSize)));
  for (int64_t head = 0; head < call.heads; head++) {
    const int64_t first = head * call.headSize;
    float* const output = call.output + row * width + first;
    const float* const factors = scores + head;
    int64_t column = 0;
    for (; column + 3 * kLanes < call.headSize; column += 4 * kLanes) {
      weightedSum<4>(factors, slots, values, count, first + column, call.headSize - column, output + column);
    }
    for (; column + kLanes < call.headSize; column += 2 * kLanes) {
      weightedSum<2>(factors, slots, values, count, first + column, call.headSize - column, output + column);
    }
    if (column < call.headSize) {
      weightedSum<1>(factors, slots, values, count, first + column, call.headSize - column, output + column);
    }
  }
}

void attendToSource(const CachedSourceAttention& call, const SourceRows& rows, int64_t head, Scratch& scratch) {
  const ScratchFrame frame(scratch);
  const int64_t width = call.heads * call.headSize;
  const int64_t padded = paddedLength(rows.length);
  const float* const keys = rows.source + call.layer * sourceStride(rows.length, width);
  const float* const values = keys + padded * width;
  const int64_t first = (rows.firstRow - call.firstRow) * width + head * call.headSize;
  float* const scores = scratch.takeFloats(rows.rows * padded);
  smallProduct(rows.rows, padded, call.headSize, {call.query + first, width, 1}, keys + head * call.headSize * padded,
               padded, scores, padded, false);
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(call.headSize));
  for (int64_t row = 0; row < rows.rows; row++) softmax(scores + row * padded, rows.length, scale);
  smallProduct(rows.rows, call.headSize, rows.length, {scores, padded, 1}, values + head * call.headSize, width,
               call.output + first, width, false);
}

}  // namespace

void cachedSelfAttention(const CachedSelfAttention& call) {
  parallelFor(call.rows, kItems, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) attendToOwn(call, row, threadScratch());
  });
}

void cachedSourceAttention(const CachedSourceAttention& call) {
  parallelFor(call.sentences * call.heads, kItems, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; item++) {
      attendToSource(call, call.sources[item / call.heads], item % call.heads, threadScratch());
    }
  });
}

void layOutSource(const SourceLayout& call) {
  const int64_t padded = paddedLength(call.length);
  const int64_t stride = call.layers * 2 * call.width;
  for (int64_t layer = 0; layer < call.layers; layer++) {
    const float* const inputs = call.inputs + layer * 2 * call.width;
    float* const keys = call.source + layer * sourceStride(call.length, call.width);
    float* const values = keys + padded * call.width;
    transpose(inputs, stride, call.length, call.width, keys, padded, padded);
    for (int64_t position = 0; position < call.length; position++) {
      __builtin_memcpy(values + position * call.width, inputs + position * stride + call.width,
                       static_cast<size_t>(call.width) * sizeof(float));
    }
  }
  // What whole vectors read beyond the end takes part in no sum that is kept, but must be there.
  __builtin_memset(call.source + sourceFloats(call.length, call.width, call.layers) - kSourceLanes, 0,
                   kSourceLanes * sizeof(float));
}

}  // namespace bleubird::BLEUBIRD_ISA
