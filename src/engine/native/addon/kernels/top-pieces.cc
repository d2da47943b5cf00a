// The vocabulary is taken in blocks of columns: the logits of a block by one matrix product, whose packed weights stay from
// step to step; then row by row, while they are in the cache, their sum of powers and those among the best so far.
#include "top-pieces.h"

#include "../memory.h"
#include "../simd.h"
#include "../threads.h"

namespace bleubird::BLEUBIRD_ISA {
namespace {

/** Columns of a block: the same for any number of rows, so that no row depends on others, and packed weights fit again. */
constexpr int64_t kBlockColumns = 2048;

/** What is known of a row after some blocks. */
struct RowSums {
  float greatest;
  float powers;  // Σ e^(logit - greatest)
};

inline float greatestOf(const float* logits, int64_t count) {
  const int64_t whole = count / kLanes * kLanes;
  float greatest = -__builtin_inff();
  if (whole > 0) {
    Vec largest = load(logits);
    for (int64_t i = kLanes; i < whole; i += kLanes) largest = larger(largest, load(logits + i));
    greatest = maxLane(largest);
  }
  for (int64_t i = whole; i < count; i++) greatest = logits[i] > greatest ? logits[i] : greatest;
  return greatest;
}

void addPowers(const float* logits, int64_t count, RowSums& sums) {
  const float ofBlock = greatestOf(logits, count);
  const float greatest = ofBlock > sums.greatest ? ofBlock : sums.greatest;
  // A row of -Infinity alone has no greatest to subtract.
  const float shift = greatest < -__FLT_MAX__ ? -__FLT_MAX__ : greatest;
  Vec powers{};
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) powers += exp(load(logits + i) - shift);
  if (whole < count) {
    float last[kLanes];
    for (int64_t i = 0; i < kLanes; i++) last[i] = whole + i < count ? logits[whole + i] - shift : -__builtin_inff();
    powers += exp(load(last));
  }
  sums.powers = sums.powers * exp(splat(sums.greatest - shift))[0] + sumLanes(powers);
  sums.greatest = shift;
}

/** Puts a piece among the best; one equal to another stays behind it, and so the smaller id first. */
inline void insert(int32_t* ids, float* best, int64_t count, int32_t id, float logit) {
  int64_t place = count - 1;
  for (; place > 0 && logit > best[place - 1]; place--) {
    best[place] = best[place - 1];
    ids[place] = ids[place - 1];
  }
  best[place] = logit;
  ids[place] = id;
}

void keepBest(const float* logits, int64_t columns, int64_t first, int64_t count, int32_t* ids, float* best) {
  constexpr int64_t kStride = 4 * kLanes;
  for (int64_t i = 0; i < columns; i += kStride) {
    if (i + kStride <= columns) {
      const Vec largest = larger(larger(load(logits + i), load(logits + i + kLanes)),
                                 larger(load(logits + i + 2 * kLanes), load(logits + i + 3 * kLanes)));
      if (!(maxLane(largest) > best[count - 1])) continue;
    }
    for (int64_t j = i; j < smaller(i + kStride, columns); j++) {
      if (logits[j] > best[count - 1]) insert(ids, best, count, static_cast<int32_t>(first + j), logits[j]);
    }
  }
}

void ban(const TopPieces& call, float* logits, int64_t row, int64_t first, int64_t columns) {
  const auto hide = [=](int64_t id) {
    if (id >= first && id < first + columns) logits[id - first] = -__builtin_inff();
  };
  for (int64_t i = 0; i < call.bannedIdCount; i++) hide(call.bannedIds[i]);
  for (int64_t i = 0; i < call.bannedCount; i++) {
    if (call.banned[i].row == row) hide(call.banned[i].id);
  }
}

}  // namespace

void topPieces(const TopPieces& call) {
  if (call.rows == 0) return;
  Scratch& scratch = threadScratch();
  const ScratchFrame frame(scratch);
  const int64_t block = smaller(kBlockColumns, call.size);
  float* const logits = scratch.takeFloats(call.rows * block);
  auto* const sums = static_cast<RowSums*>(scratch.takeBytes(static_cast<size_t>(call.rows) * sizeof(RowSums)));
  for (int64_t row = 0; row < call.rows; row++) sums[row] = {-__FLT_MAX__, 0.0f};
  for (int64_t i = 0; i < call.rows * call.count; i++) {
    call.ids[i] = -1;
    call.logits[i] = -__builtin_inff();
  }
  for (int64_t first = 0; first < call.size; first += block) {
    const int64_t columns = smaller(block, call.size - first);
    Gemm product;
    product.m = call.rows;
    product.n = columns;
    product.k = call.width;
    product.a = call.hidden;
    product.lda = call.width;
    product.b = call.head + first * call.width;
    product.ldb = call.width;
    product.transposeB = true;
    product.c = logits;
    product.ldc = block;
    product.bias = call.bias + first;
    product.bf16 = call.bf16;
    product.weightStamp = call.headStamp;
    gemm(product);
    parallelFor(call.rows, 4, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        float* const ofRow = logits + row * block;
        if (call.renormalizes) ban(call, ofRow, row, first, columns);
        addPowers(ofRow, columns, sums[row]);
        if (!call.renormalizes) ban(call, ofRow, row, first, columns);
        keepBest(ofRow, columns, first, call.count, call.ids + row * call.count, call.logits + row * call.count);
      }
    });
  }
  for (int64_t row = 0; row < call.rows; row++) {
    call.normalizers[row] = sums[row].greatest + __builtin_log(static_cast<double>(sums[row].powers));
  }
}

}  // namespace bleubird::BLEUBIRD_ISA
