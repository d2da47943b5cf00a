// The vocabulary is taken in blocks of columns: the logits of a block by one matrix product, whose packed weights stay from
// step to step; then row by row, while they are in the cache, their sum of powers and those among the best so far.
#include "top-pieces.h"

#include "../memory.h"
#include "../simd.h"
#include "../threads.h"

namespace bleubird::BLEUBIRD_ISA {
namespace {

/** Columns of a block: the same for any number of rows, so that no row depends on others, and packed weights fit again. */
constexpr int64_t kBlockColumns = 1024;

/** What is known of a row after some blocks. */
struct RowSums {
  float greatest;
  float powers;  // Σ e^(logit - greatest)
};

/**
 * eˣ for what is added to 1, as 2^(x / ln 2): off by at most 2e-7, or by 6e-8 · |x| of itself. Below -87 it is 0, above 0
 * undefined; NaN stays. The polynomial is that of least relative error for 2^f with |f| ≤ 1/2.
 */
inline Vec expBelowZero(Vec x) {
  const Vec scaled = x * 1.44269504088896341f;
  const Vec shifted = scaled + 12583039.0f;  // 1.5·2²³ + 127: rounds to an integer, whose exponent is in the low bits
  const Vec f = scaled - (shifted - 12583039.0f);
  Vec p = splat(1.3276474e-03f);
  p = p * f + 9.675542e-03f;
  p = p * f + 5.550713e-02f;
  p = p * f + 2.402212e-01f;
  p = p * f + 6.9314694e-01f;
  p = p * f + 1.0000001f;
  return select(x < -87.0f, Vec{}, p * floats(bits(shifted) << 23));
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

/** Adds logits to the sum of powers of their row, or puts the best of them among the best, or both. */
template <bool adds, bool keeps>
struct Scan {
  RowSums sums;
  int64_t count;
  int32_t* ids;
  float* best;
  Vec powers{};

  /** No logit that is not above this changes anything but the sum. */
  float bound() const { return keeps ? best[count - 1] : sums.greatest; }

  void take(const float* logits, const Vec* vectors, int64_t number, int32_t firstId) {
    Vec largest = vectors[0];
    for (int64_t v = 1; v < number; v++) largest = larger(largest, vectors[v]);
    if (laneBits(largest > bound()) != 0) takeAbove(logits, vectors, number, firstId, largest);
    if constexpr (adds) {
      for (int64_t v = 0; v < number; v++) powers += expBelowZero(vectors[v] - sums.greatest);
    }
  }

  void takeAbove(const float* logits, const Vec* vectors, int64_t number, int32_t firstId, Vec largest) {
    const float greatest = maxLane(largest);
    if (adds && greatest > sums.greatest) {
      const Vec factor = exp(splat(sums.greatest - greatest));
      powers *= factor;
      sums.powers *= factor[0];
      sums.greatest = greatest;
    }
    if constexpr (keeps) {
      for (int64_t v = 0; v < number; v++) {
        for (uint32_t above = laneBits(vectors[v] > best[count - 1]); above != 0; above &= above - 1) {
          const int64_t place = v * kLanes + __builtin_ctz(above);
          const float logit = logits[place];
          if (logit > best[count - 1]) insert(ids, best, count, firstId + static_cast<int32_t>(place), logit);
        }
      }
    }
  }
};

template <bool adds, bool keeps>
void scan(const float* logits, int64_t columns, int64_t first, RowSums& sums, int64_t count, int32_t* ids, float* best) {
  constexpr int64_t kVectors = 4;
  Scan<adds, keeps> row = {sums, count, ids, best};
  int64_t column = 0;
  for (; column + kVectors * kLanes <= columns; column += kVectors * kLanes) {
    const float* const from = logits + column;
    const Vec vectors[kVectors] = {load(from), load(from + kLanes), load(from + 2 * kLanes), load(from + 3 * kLanes)};
    row.take(from, vectors, kVectors, static_cast<int32_t>(first + column));
  }
  for (; column < columns; column += kLanes) {
    float last[kLanes];
    for (int64_t i = 0; i < kLanes; i++) last[i] = column + i < columns ? logits[column + i] : -__builtin_inff();
    const Vec vector = load(last);
    row.take(last, &vector, 1, static_cast<int32_t>(first + column));
  }
  sums = {row.sums.greatest, row.sums.powers + sumLanes(row.powers)};
}

void ban(const TopPieces& call, float* logits, int64_t row, int64_t first, int64_t columns) {
  const auto hide = [=](int64_t id) {
    if (id >= first && id < first + columns) logits[id - first] = -__builtin_inff();
  };
  for (int64_t i = 0; i < call.bannedIdCount; i++) hide(call.bannedIds[i]);
  for (int64_t i = 0; i < call.bannedCount; i++) {
    if (call.banned[i].row - call.firstRow == row) hide(call.banned[i].id);
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
        int32_t* const ids = call.ids + row * call.count;
        float* const best = call.logits + row * call.count;
        if (call.renormalizes) {
          ban(call, ofRow, row, first, columns);
          scan<true, true>(ofRow, columns, first, sums[row], call.count, ids, best);
        } else {
          scan<true, false>(ofRow, columns, first, sums[row], call.count, ids, best);
          ban(call, ofRow, row, first, columns);
          scan<false, true>(ofRow, columns, first, sums[row], call.count, ids, best);
        }
      }
    });
  }
  for (int64_t row = 0; row < call.rows; row++) {
    call.normalizers[row] = sums[row].greatest + __builtin_log(static_cast<double>(sums[row].powers));
  }
}

}  // namespace bleubird::BLEUBIRD_ISA
