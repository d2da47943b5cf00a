// In f32. For earlier positions one row is one item of work: each has keys of its own. For the source one head of one
// sentence is: its beams are the rows of two small products.
#include "cached-attention.h"

#include "../memory.h"
#include "../threads.h"
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

inline float dot(const float* a, const float* b, int64_t size) {
  Vec sums{};
  for (int64_t i = 0; i < size; i += kLanes) sums += loadFirst(a + i, size - i) * loadFirst(b + i, size - i);
  return sumLanes(sums);
}

/** output[0…size) = Σ factors[i] · rows[i][0…size) */
template <int vectors>
inline void weightedSum(const float* factors, const float* const* rows, int64_t count, int64_t offset, int64_t size,
                        float* output) {
  Vec sums[vectors] = {};
  for (int64_t i = 0; i < count; i++) {
    const float* row = rows[i] + offset;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sums[v] += factors[i] * loadFirst(row + v * kLanes, size - v * kLanes);
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
  float* const own = placeOf(cached.position, cached.beam);
  __builtin_memcpy(own, call.key + row * width, static_cast<size_t>(width) * sizeof(float));
  __builtin_memcpy(own + kind, call.value + row * width, static_cast<size_t>(width) * sizeof(float));
  const auto** keys = static_cast<const float**>(scratch.takeBytes(static_cast<size_t>(count) * sizeof(float*)));
  const auto** values = static_cast<const float**>(scratch.takeBytes(static_cast<size_t>(count) * sizeof(float*)));
  for (int64_t position = 0; position < count; position++) {
    keys[position] = position == cached.position ? own : placeOf(position, cached.history[position]);
    values[position] = keys[position] + kind;
  }
  float* const scores = scratch.takeFloats(roundUp(count, kLanes));
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(call.headSize));
  for (int64_t head = 0; head < call.heads; head++) {
    const int64_t first = head * call.headSize;
    const float* const query = call.query + row * width + first;
    for (int64_t position = 0; position < count; position++) {
      scores[position] = dot(query, keys[position] + first, call.headSize);
    }
    softmax(scores, count, scale);
    float* const output = call.output + row * width + first;
    int64_t column = 0;
    for (; column + 3 * kLanes < call.headSize; column += 4 * kLanes) {
      weightedSum<4>(scores, values, count, first + column, call.headSize - column, output + column);
    }
    for (; column < call.headSize; column += kLanes) {
      weightedSum<1>(scores, values, count, first + column, call.headSize - column, output + column);
    }
  }
}

void attendToSource(const CachedSourceAttention& call, const SourceRows& rows, int64_t head, Scratch& scratch) {
  const ScratchFrame frame(scratch);
  const int64_t width = call.heads * call.headSize;
  const int64_t padded = paddedLength(rows.length);
  const float* const keys = rows.source + call.layer * sourceStride(rows.length, width);
  const float* const values = keys + padded * width;
  const int64_t first = rows.firstRow * width + head * call.headSize;
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
  float* const keys = call.source + call.layer * sourceStride(call.length, call.width);
  transpose(call.key, call.width, call.length, call.width, keys, padded, padded);
  __builtin_memcpy(keys + padded * call.width, call.value,
                   static_cast<size_t>(call.length * call.width) * sizeof(float));
}

}  // namespace bleubird::BLEUBIRD_ISA
