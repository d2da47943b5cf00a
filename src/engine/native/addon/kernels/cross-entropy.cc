// Rows are taken in blocks of R, and for each of these the vocabulary in blocks of C columns, which the threads share:
//   1. the logits [R, C] of a block; while they are in the cache, the greatest of each row, and e^(logit - greatest) in
//      their place, with the sum
//   2. from those of all blocks, the normalizer of each row, and so the loss
//   3. for each block again, its powers made gradients of the logits; then their products with the hidden rows, which are
//      the gradient of the block's part of the head, and with that part, one summand of the hidden rows' gradient
// Memory: 4·R·V bytes of powers, at most kKeptBytes (one row of powers if that is more), and 4·R·D bytes for each of
// kPartials sums. Without gradients the powers are not kept: 4·R·C bytes a thread.
#include "cross-entropy.h"

#include "../memory.h"
#include "../simd.h"
#include "../threads.h"
#include "dropout.h"
#include "gemm.h"

namespace bleubird::BLEUBIRD_ISA {
namespace {

// kBlockRows of a vocabulary of 80,000: most batches in one go, so that the head is packed and its gradient written once.
constexpr int64_t kKeptBytes = 160 << 20;
constexpr int64_t kBlockRows = 512;
constexpr int64_t kBlockColumns = 256;
/** Sums over the vocabulary are made in as many parts, whatever the number of threads. */
constexpr int64_t kPartials = 16;

/** Of one row and one block of columns; arrays of rows. */
struct BlockSums {
  float* greatest;
  float* powers;  // Σ e^(logit - greatest)
  float* logits;  // Σ logit
};

/** What is known of a block of rows. */
struct RowBlock {
  int64_t rows;
  int64_t blocks;         // of columns
  const float* hidden;    // [R, D]
  const int32_t* labels;  // [R]
  float* sums;            // [blocks, 3, stride]
  int64_t stride;
  float* labelLogits;  // [R]
  float* normalizers;  // [R] log Σ e^logit
  float* logitSums;    // [R]
  float* powers;       // the blocks' [R, C], one after the other; null when not kept

  BlockSums sumsOf(int64_t block) const {
    float* first = sums + block * 3 * stride;
    return {first, first + stride, first + 2 * stride};
  }
};

int64_t columnsOf(const CrossEntropy& call, int64_t block) {
  return smaller(kBlockColumns, call.size - block * kBlockColumns);
}

Vec lanesBelow(int64_t count, Vec inside, Vec outside) {
  const Vec lanes = __builtin_convertvector(laneNumbers(), Vec);
  return select(lanes < static_cast<float>(count), inside, outside);
}

/** Adds the time until its end. */
class Stopwatch {
 public:
  explicit Stopwatch(int64_t& total) : total_(total), start_(nanoseconds()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { __atomic_fetch_add(&total_, nanoseconds() - start_, __ATOMIC_RELAXED); }

 private:
  int64_t& total_;
  int64_t start_;
};

void multiply(const CrossEntropy& call, const Gemm& product, Scratch& scratch) {
  const Stopwatch watch(call.times->products);
  gemmInOneThread(product, scratch);
}

/** Replaces `count` logits by e^(logit - greatest). */
inline void toPowers(float* logits, int64_t count, float& greatest, float& powerSum, float& logitSum) {
  const int64_t whole = count / kLanes * kLanes;
  const Vec last = loadFirst(logits + whole, count - whole);
  // A row of -Infinity alone has no greatest to subtract.
  Vec largest = lanesBelow(count - whole, last, splat(-__FLT_MAX__));
  Vec logitSums = last;
  for (int64_t i = 0; i < whole; i += kLanes) {
    largest = larger(largest, load(logits + i));
    logitSums += load(logits + i);
  }
  greatest = maxLane(largest);
  if (greatest < -__FLT_MAX__) greatest = -__FLT_MAX__;
  const Vec lastPowers = lanesBelow(count - whole, exp(last - greatest), Vec{});
  Vec powerSums = lastPowers;
  for (int64_t i = 0; i < whole; i += kLanes) {
    const Vec power = exp(load(logits + i) - greatest);
    store(logits + i, power);
    powerSums += power;
  }
  storeFirst(logits + whole, lastPowers, count - whole);
  powerSum = sumLanes(powerSums);
  logitSum = sumLanes(logitSums);
}

/** Step 1 for one block of columns. */
void computePowers(const CrossEntropy& call, const RowBlock& row, int64_t block, Scratch& scratch) {
  const Stopwatch watch(call.times->all);
  const ScratchFrame frame(scratch);
  const int64_t first = block * kBlockColumns;
  const int64_t columns = columnsOf(call, block);
  float* logits = row.powers == nullptr ? scratch.takeFloats(row.rows * columns) : row.powers + first * row.rows;
  Gemm product;
  product.m = row.rows;
  product.n = columns;
  product.k = call.width;
  product.a = row.hidden;
  product.lda = call.width;
  product.b = call.head + first * call.width;
  product.ldb = call.width;
  product.transposeB = true;
  product.c = logits;
  product.ldc = columns;
  product.bias = call.bias + first;
  product.bf16 = call.bf16;
  multiply(call, product, scratch);
  const BlockSums sums = row.sumsOf(block);
  for (int64_t r = 0; r < row.rows; r++) {
    const int64_t label = row.labels[r] - first;
    if (label >= 0 && label < columns) row.labelLogits[r] = logits[r * columns + label];
    toPowers(logits + r * columns, columns, sums.greatest[r], sums.powers[r], sums.logits[r]);
  }
}

/** Step 2. Leaves in each block's `powers` what its powers are to be multiplied by to become probabilities. */
void normalize(const CrossEntropy& call, const RowBlock& row) {
  parallelFor(row.stride / kLanes, 4, [&](int64_t begin, int64_t end) {
    const Stopwatch watch(call.times->all);
    for (int64_t r = begin * kLanes; r < end * kLanes; r += kLanes) {
      Vec greatest = load(row.sumsOf(0).greatest + r);
      for (int64_t block = 1; block < row.blocks; block++) {
        greatest = larger(greatest, load(row.sumsOf(block).greatest + r));
      }
      Vec total{};
      Vec logits{};
      for (int64_t block = 0; block < row.blocks; block++) {
        const BlockSums sums = row.sumsOf(block);
        const Vec shift = exp(load(sums.greatest + r) - greatest);
        total += load(sums.powers + r) * shift;
        logits += load(sums.logits + r);
        store(sums.powers + r, shift);
      }
      for (int64_t block = 0; block < row.blocks; block++) {
        float* factors = row.sumsOf(block).powers + r;
        store(factors, load(factors) / total);
      }
      for (int64_t lane = 0; lane < smaller(kLanes, row.rows - r); lane++) {
        row.normalizers[r + lane] = greatest[lane] + static_cast<float>(__builtin_log(static_cast<double>(total[lane])));
        row.logitSums[r + lane] = logits[lane];
      }
    }
  });
}

/** Σ over the rows of the loss. */
double sumOfLosses(const CrossEntropy& call, const RowBlock& row) {
  double loss = 0;
  for (int64_t r = 0; r < row.rows; r++) {
    loss += row.normalizers[r] - (1 - call.labelSmoothing) * row.labelLogits[r];
    if (call.labelSmoothing > 0) loss -= call.labelSmoothing * row.logitSums[r] / static_cast<double>(call.size);
  }
  return loss;
}

/** Step 3 for one block of columns; `partial` [R, D] gets its summand, added unless it is the first. */
void addGradients(const CrossEntropy& call, const RowBlock& row, int64_t block, const CrossEntropyGradients& gradients,
                  float* partial, bool isFirst, Scratch& scratch) {
  const Stopwatch watch(call.times->all);
  const int64_t first = block * kBlockColumns;
  const int64_t columns = columnsOf(call, block);
  const double weight = call.weight / static_cast<double>(call.rows);
  const float ofAll = static_cast<float>(weight * call.labelSmoothing / static_cast<double>(call.size));
  const float ofLabel = static_cast<float>(weight * (1 - call.labelSmoothing));
  float* powers = row.powers + first * row.rows;
  const float* factors = row.sumsOf(block).powers;
  for (int64_t r = 0; r < row.rows; r++) {
    float* at = powers + r * columns;
    const float factor = factors[r] * static_cast<float>(weight);
    for (int64_t i = 0; i < columns; i += kLanes) {
      storeFirst(at + i, loadFirst(at + i, columns - i) * factor - ofAll, columns - i);
    }
    const int64_t label = row.labels[r] - first;
    if (label >= 0 && label < columns) at[label] -= ofLabel;
  }
  Gemm ofHead;
  ofHead.m = columns;
  ofHead.n = call.width;
  ofHead.k = row.rows;
  ofHead.a = powers;
  ofHead.lda = columns;
  ofHead.transposeA = true;
  ofHead.b = row.hidden;
  ofHead.ldb = call.width;
  ofHead.c = gradients.head + first * call.width;
  ofHead.ldc = call.width;
  ofHead.accumulate = gradients.addsToHead;
  ofHead.bf16 = call.bf16;
  multiply(call, ofHead, scratch);
  Gemm ofHidden;
  ofHidden.m = row.rows;
  ofHidden.n = call.width;
  ofHidden.k = columns;
  ofHidden.a = powers;
  ofHidden.lda = columns;
  ofHidden.b = call.head + first * call.width;
  ofHidden.ldb = call.width;
  ofHidden.c = partial;
  ofHidden.ldc = call.width;
  ofHidden.accumulate = !isFirst;
  ofHidden.bf16 = call.bf16;
  multiply(call, ofHidden, scratch);
}

void computeGradients(const CrossEntropy& call, const RowBlock& row, const CrossEntropyGradients& gradients, float* partials) {
  const int64_t parts = smaller(kPartials, row.blocks);
  const int64_t partSize = row.rows * call.width;
  parallelFor(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      const int64_t firstBlock = row.blocks * part / parts;
      const int64_t endBlock = row.blocks * (part + 1) / parts;
      for (int64_t block = firstBlock; block < endBlock; block++) {
        addGradients(call, row, block, gradients, partials + part * partSize, block == firstBlock, threadScratch());
      }
    }
  });
  parallelFor(partSize, 4096, [&](int64_t begin, int64_t end) {
    const Stopwatch watch(call.times->all);
    for (int64_t i = begin; i < end; i += kLanes) {
      Vec sum = loadFirst(partials + i, end - i);
      for (int64_t part = 1; part < parts; part++) sum += loadFirst(partials + part * partSize + i, end - i);
      storeFirst(gradients.hidden + i, sum, end - i);
    }
  });
}

}  // namespace

double crossEntropy(const CrossEntropy& call, const CrossEntropyGradients* gradients) {
  Scratch& scratch = threadScratch();
  const ScratchFrame frame(scratch);
  const int64_t fitting = larger(1, kKeptBytes / (call.size * static_cast<int64_t>(sizeof(float))));
  const int64_t most = gradients == nullptr ? kBlockRows : smaller(kBlockRows, fitting);
  // Blocks of nearly equal height.
  const int64_t rowBlocks = (call.rows + most - 1) / most;
  const int64_t height = (call.rows + rowBlocks - 1) / rowBlocks;
  RowBlock row;
  row.blocks = (call.size + kBlockColumns - 1) / kBlockColumns;
  row.stride = roundUp(height, kLanes);
  row.sums = scratch.takeFloats(row.blocks * 3 * row.stride);
  row.labelLogits = scratch.takeFloats(row.stride);
  row.normalizers = scratch.takeFloats(row.stride);
  row.logitSums = scratch.takeFloats(row.stride);
  row.powers = gradients == nullptr ? nullptr : scratch.takeFloats(height * call.size);
  float* partials = gradients == nullptr ? nullptr : scratch.takeFloats(kPartials * height * call.width);
  double loss = 0;
  for (int64_t first = 0; first < call.rows; first += height) {
    row.rows = smaller(height, call.rows - first);
    row.hidden = call.hidden + first * call.width;
    row.labels = call.labels + first;
    parallelFor(row.blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; block++) computePowers(call, row, block, threadScratch());
    });
    normalize(call, row);
    loss += sumOfLosses(call, row);
    if (gradients != nullptr) {
      const CrossEntropyGradients ofRows = {gradients->hidden + first * call.width, gradients->head,
                                            gradients->addsToHead || first > 0};
      computeGradients(call, row, ofRows, partials);
    }
  }
  return loss * call.weight / static_cast<double>(call.rows);
}

}  // namespace bleubird::BLEUBIRD_ISA
