// One item of work is one head of one sequence, on one thread, in f32: the products are too small for bf16 tiles, and most
// sentences have 5 to 30 pieces. Queries are taken in blocks, so that memory grows with the length, not its square.
// T queries and S keys of a sequence, t queries of a block.
#include "attention.h"

#include "../memory.h"
#include "../threads.h"
#include "small-product.h"

namespace bleubird::BLEUBIRD_ISA {
namespace {

constexpr int64_t kBlockQueries = 48;
/** Beyond as many rows a head's columns are copied side by side: rows of D floats would share few lines of the cache. */
constexpr int64_t kCopiedRows = 64;

/** A head's columns of some rows. */
struct HeadRows {
  const float* data;
  int64_t stride;
};

/** One head of one sequence. */
struct Item {
  int64_t queries, keys;  // T, S
  int64_t queryOffset, keyOffset;
  int64_t firstProbability;  // among all, for dropout
  int64_t scoreStride;
};

/** Returns the probabilities before each sequence; the sequences' own starts tell the rest. */
const int64_t* countProbabilities(const Attention& call, Scratch& scratch) {
  auto* before = static_cast<int64_t*>(scratch.takeBytes(static_cast<size_t>(call.sequences + 1) * sizeof(int64_t)));
  before[0] = 0;
  for (int64_t b = 0; b < call.sequences; b++) {
    const int64_t queries = call.queryStarts[b + 1] - call.queryStarts[b];
    const int64_t keys = call.keyStarts[b + 1] - call.keyStarts[b];
    before[b + 1] = before[b] + call.heads * queries * keys;
  }
  return before;
}

Item itemAt(const Attention& call, const int64_t* probabilitiesBefore, int64_t index) {
  const int64_t sequence = index / call.heads;
  const int64_t head = index % call.heads;
  const int64_t width = call.heads * call.headSize;
  Item item;
  item.queries = call.queryStarts[sequence + 1] - call.queryStarts[sequence];
  item.keys = call.keyStarts[sequence + 1] - call.keyStarts[sequence];
  item.queryOffset = call.queryStarts[sequence] * width + head * call.headSize;
  item.keyOffset = call.keyStarts[sequence] * width + head * call.headSize;
  item.firstProbability = probabilitiesBefore[sequence] + head * item.queries * item.keys;
  // A power of two would put the rows into few sets of the cache.
  const int64_t padded = roundUp(item.keys, kLanes);
  item.scoreStride = padded % 256 == 0 ? padded + kLanes : padded;
  return item;
}

/** The rows with whole vectors to read; a copy where there are none, or where one pays. */
HeadRows readable(const float* rows, int64_t count, int64_t headSize, int64_t width, Scratch& scratch) {
  if (headSize % kLanes == 0 && count <= kCopiedRows) return {rows, width};
  const int64_t stride = roundUp(headSize, kLanes);
  float* copy = scratch.takeFloats(count * stride);
  for (int64_t row = 0; row < count; row++) {
    for (int64_t column = 0; column < stride; column += kLanes) {
      store(copy + row * stride + column, loadFirst(rows + row * width + column, larger(0, headSize - column)));
    }
  }
  return {copy, stride};
}

int64_t visibleKeys(const Attention& call, const Item& item, int64_t query) {
  return call.isCausal ? smaller(query + 1, item.keys) : item.keys;
}

/** Makes scores[0…visible) the softmax of themselves times `scale`, and zeros behind, up to `padded`. */
inline void softmax(float* scores, float scale, int64_t visible, int64_t padded) {
  const Vec lanes = __builtin_convertvector(laneNumbers(), Vec);
  const Vec hidden = splat(-__builtin_inff());
  const int64_t whole = visible / kLanes * kLanes;
  if (whole < visible) {
    const Vec last = load(scores + whole);
    store(scores + whole, select(lanes < static_cast<float>(visible - whole), last, hidden));
  }
  const int64_t end = roundUp(visible, kLanes);
  Vec largest = hidden;
  for (int64_t i = 0; i < end; i += kLanes) largest = larger(largest, load(scores + i));
  const float shift = maxLane(largest);
  Vec sums{};
  for (int64_t i = 0; i < end; i += kLanes) {
    const Vec power = exp((load(scores + i) - shift) * scale);
    store(scores + i, power);
    sums += power;
  }
  const Vec factor = splat(1.0f / sumLanes(sums));
  for (int64_t i = 0; i < end; i += kLanes) store(scores + i, load(scores + i) * factor);
  for (int64_t i = end; i < padded; i += kLanes) store(scores + i, Vec{});
}

/** probabilities[t, S] of the queries first … first + count - 1. @returns how many keys these see */
int64_t probabilitiesOf(const Attention& call, const Item& item, int64_t first, int64_t count, const float* keysTransposed,
                        float* probabilities) {
  const int64_t width = call.heads * call.headSize;
  const int64_t seen = visibleKeys(call, item, first + count - 1);
  const int64_t padded = roundUp(seen, kLanes);
  const Strided queries = {call.query + item.queryOffset + first * width, width, 1};
  smallProduct(count, padded, call.headSize, queries, keysTransposed, item.scoreStride, probabilities, item.scoreStride,
               false);
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(call.headSize));
  for (int64_t row = 0; row < count; row++) {
    softmax(probabilities + row * item.scoreStride, scale, visibleKeys(call, item, first + row), padded);
  }
  return seen;
}

void attend(const Attention& call, const Item& item, float* output, Scratch& scratch) {
  const ScratchFrame frame(scratch);
  const int64_t width = call.heads * call.headSize;
  const int64_t stride = item.scoreStride;
  float* keysTransposed = scratch.takeFloats(call.headSize * stride);
  transpose(call.key + item.keyOffset, width, item.keys, call.headSize, keysTransposed, stride, roundUp(item.keys, kLanes));
  const HeadRows values = readable(call.value + item.keyOffset, item.keys, call.headSize, width, scratch);
  float* probabilities = scratch.takeFloats(smaller(item.queries, kBlockQueries) * stride);
  for (int64_t first = 0; first < item.queries; first += kBlockQueries) {
    const int64_t count = smaller(kBlockQueries, item.queries - first);
    const int64_t seen = probabilitiesOf(call, item, first, count, keysTransposed, probabilities);
    if (call.dropout != nullptr) {
      for (int64_t row = 0; row < count; row++) {
        const int64_t firstOfRow = item.firstProbability + (first + row) * item.keys;
        for (int64_t i = 0; i < seen; i += kLanes) {
          float* at = probabilities + row * stride + i;
          store(at, load(at) * dropoutFactors(*call.dropout, firstOfRow + i));
        }
      }
    }
    smallProduct(count, call.headSize, seen, {probabilities, stride, 1}, values.data, values.stride,
                 output + item.queryOffset + first * width, width, false);
  }
}

struct Gradients {
  const float* output;
  float *query, *key, *value;
};

/** Makes `gradients`, of the dropped probabilities, those of the scores; `dropped` gets the dropped probabilities. */
inline void scoreGradients(const Dropout* dropout, int64_t firstOfRow, float scale, const float* probabilities,
                           float* gradients, float* dropped, int64_t seen) {
  Vec sums{};
  for (int64_t i = 0; i < seen; i += kLanes) {
    const Vec probability = load(probabilities + i);
    Vec gradient = load(gradients + i);
    if (dropout != nullptr) {
      const Vec factors = dropoutFactors(*dropout, firstOfRow + i);
      gradient *= factors;
      store(gradients + i, gradient);
      store(dropped + i, probability * factors);
    }
    sums += probability * gradient;
  }
  const float mean = sumLanes(sums);
  for (int64_t i = 0; i < seen; i += kLanes) {
    store(gradients + i, load(probabilities + i) * (load(gradients + i) - mean) * scale);
  }
}

void attendBackward(const Attention& call, const Item& item, const Gradients& gradients, Scratch& scratch) {
  const ScratchFrame frame(scratch);
  const int64_t size = call.headSize;
  const int64_t width = call.heads * size;
  const int64_t stride = item.scoreStride;
  const int64_t padded = roundUp(item.keys, kLanes);
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(size));
  float* keysTransposed = scratch.takeFloats(size * stride);
  float* valuesTransposed = scratch.takeFloats(size * stride);
  transpose(call.key + item.keyOffset, width, item.keys, size, keysTransposed, stride, padded);
  transpose(call.value + item.keyOffset, width, item.keys, size, valuesTransposed, stride, padded);
  const HeadRows keys = readable(call.key + item.keyOffset, item.keys, size, width, scratch);
  const int64_t blockSize = smaller(item.queries, kBlockQueries) * stride;
  float* probabilities = scratch.takeFloats(blockSize);
  float* scores = scratch.takeFloats(blockSize);
  float* dropped = call.dropout == nullptr ? probabilities : scratch.takeFloats(blockSize);
  float* gradKeys = gradients.key + item.keyOffset;
  float* gradValues = gradients.value + item.keyOffset;
  int64_t touched = 0;  // keys that have a gradient already
  for (int64_t first = 0; first < item.queries; first += kBlockQueries) {
    const ScratchFrame blockFrame(scratch);
    const int64_t count = smaller(kBlockQueries, item.queries - first);
    const int64_t offset = item.queryOffset + first * width;
    const int64_t seen = probabilitiesOf(call, item, first, count, keysTransposed, probabilities);
    smallProduct(count, roundUp(seen, kLanes), size, {gradients.output + offset, width, 1}, valuesTransposed, stride, scores,
                 stride, false);
    for (int64_t row = 0; row < count; row++) {
      scoreGradients(call.dropout, item.firstProbability + (first + row) * item.keys, scale, probabilities + row * stride,
                     scores + row * stride, dropped + row * stride, seen);
    }
    smallProduct(count, size, seen, {scores, stride, 1}, keys.data, keys.stride, gradients.query + offset, width, false);
    const HeadRows queries = readable(call.query + offset, count, size, width, scratch);
    const HeadRows gradOutputs = readable(gradients.output + offset, count, size, width, scratch);
    // Keys seen before get more, others their first.
    const int64_t bounds[] = {0, touched, seen};
    for (int part = 0; part < 2; part++) {
      const int64_t begin = bounds[part];
      const int64_t rows = bounds[part + 1] - begin;
      const bool accumulate = part == 0;
      smallProduct(rows, size, count, {scores + begin, 1, stride}, queries.data, queries.stride, gradKeys + begin * width,
                   width, accumulate);
      smallProduct(rows, size, count, {dropped + begin, 1, stride}, gradOutputs.data, gradOutputs.stride,
                   gradValues + begin * width, width, accumulate);
    }
    touched = seen;
  }
  for (int64_t key = touched; key < item.keys; key++) {
    for (int64_t column = 0; column < size; column++) {
      gradKeys[key * width + column] = 0;
      gradValues[key * width + column] = 0;
    }
  }
}

}  // namespace

void attention(const Attention& call, float* output) {
  const ScratchFrame frame(threadScratch());
  const int64_t* before = countProbabilities(call, threadScratch());
  parallelFor(call.sequences * call.heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) attend(call, itemAt(call, before, i), output, threadScratch());
  });
}

void attentionBackward(const Attention& call, const float* gradOutput, float* gradQuery, float* gradKey, float* gradValue) {
  const ScratchFrame frame(threadScratch());
  const int64_t* before = countProbabilities(call, threadScratch());
  const Gradients gradients = {gradOutput, gradQuery, gradKey, gradValue};
  parallelFor(call.sequences * call.heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) attendBackward(call, itemAt(call, before, i), gradients, threadScratch());
  });
}

}  // namespace bleubird::BLEUBIRD_ISA
