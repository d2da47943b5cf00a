#include "gemm.h"

#include "../packed-weights.h"
#include "../threads.h"
#include "gemm-panels.h"

namespace bleubird::BLEUBIRD_ISA {
namespace {

// So much of A stays in the second cache while panels of B pass by.
constexpr int64_t kRowChunkBytes = 448 << 10;
// Packed at once of either operand: bounds the scratch, and stays in the last cache.
constexpr int64_t kPackedBytes = 2 << 20;
// So many panels of A pay for reading all of B once more.
constexpr int64_t kRowPanelsWanted = 32;
// Panels of B by which a block of C is cut: wide enough that its rows are written by whole cache lines.
constexpr int64_t kColumnPanels = 4;
// Below this many products other threads are not worth calling.
constexpr int64_t kSerialWork = 1 << 19;

inline Vec activate(Vec x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return select(x < Vec{}, Vec{}, x);  // NaN stays
    case Activation::silu:
      return x * sigmoid(x);
    case Activation::gelu:
      return 0.5f * x * (1.0f + erf(x * 0.70710678118654752f));
    case Activation::none:
      break;
  }
  return x;
}

/** Part of C: where the sums of a pair of panels go. */
struct Place {
  int64_t row, rows, column, columns;
  bool isFirst, isLast;  // of the blocks of k
};

void storeTile(const Gemm& product, const float* tile, const Place& at) {
  const bool adds = product.accumulate || !at.isFirst;
  const float* const bias = at.isLast ? product.bias : nullptr;
  float* const sum = at.isLast ? product.sum : nullptr;
  const Activation activation = at.isLast ? product.activation : Activation::none;
  for (int64_t row = 0; row < at.rows; row++) {
    const int64_t start = (at.row + row) * product.ldc + at.column;
    for (int64_t column = 0; column < at.columns; column += kLanes) {
      const int64_t left = at.columns - column;
      float* const c = product.c + start + column;
      Vec value = product.alpha * load(tile + row * kPanelColumns + column);
      if (adds) value += loadFirst(c, left);
      if (bias != nullptr) value += loadFirst(bias + at.column + column, left);
      if (sum != nullptr) storeFirst(sum + start + column, value, left);
      if (activation != Activation::none) value = activate(value, activation);
      storeFirst(c, value, left);
    }
  }
}

/** Which panels of each operand make a block of C, counted within what is packed. */
struct BlockRange {
  int64_t rowBegin, rowEnd, columnBegin, columnEnd;
};

/** A block of C, for the depths that are packed, by one thread. `row` and `column`: where the packed panels begin in C. */
void multiplyBlock(const Gemm& product, const Plan& plan, const Panels& a, int64_t row, const Panels& b, int64_t column,
                   const BlockRange& range) {
  alignas(64) float tile[32 * kPanelColumns];
#if defined(BLEUBIRD_HAS_TILES)
  const TileFrame tiles(plan.usesTiles);
#endif
  int64_t at = a.depthStart;
  do {
    const int64_t depth = a.depthOfBlock(plan, at);
    for (int64_t j = range.columnBegin; j < range.columnEnd; j++) {
      const uint32_t* const columnWords = b.at(plan, j, at);
      const int64_t firstColumn = column + j * kPanelColumns;
      const int64_t columns = smaller(static_cast<int64_t>(kPanelColumns), product.n - firstColumn);
      for (int64_t i = range.rowBegin; i < range.rowEnd; i++) {
        const uint32_t* const rowWords = a.at(plan, i, at);
        const int64_t firstRow = row + i * plan.panelRows;
        const int64_t rows = smaller(plan.panelRows, product.m - firstRow);
#if defined(BLEUBIRD_HAS_TILES)
        if (plan.usesTiles) {
          multiplyTiles(depth, rowWords, depth, columnWords, rows, tile);
        } else
#endif
          if (plan.format == WordFormat::pairs) {
          panelKernel<true>(rows)(depth, rowWords, columnWords, tile);
        } else {
          panelKernel<false>(rows)(depth, rowWords, columnWords, tile);
        }
        storeTile(product, tile, {firstRow, rows, firstColumn, columns, at == 0, at + depth >= plan.depth});
      }
    }
    at += depth;
  } while (at < a.depthEnd);
}

/** All of B packed: kept from before where it is a weight that has not changed, else for this product. */
Panels packWholeB(const Gemm& product, const Plan& plan, bool isWeight, bool isParallel, Scratch& scratch) {
  const auto bytes = static_cast<size_t>(plan.columnPanels * kPanelColumns * plan.depth * 4);
  const auto format = static_cast<int32_t>(plan.format) + 4 * static_cast<int32_t>(plan.usesTiles) + 8 * kPanelColumns;
  bool isFilled = false;
  void* const words =
      isWeight ? packedWeight({product.weightStamp, product.b, product.n, product.k, product.ldb, product.transposeB, format},
                              bytes, &isFilled)
               : scratch.takeBytes(bytes);
  const Panels panels = {static_cast<uint32_t*>(words), plan.columnPanels, kPanelColumns, 0, plan.depth};
  if (!isFilled) packColumnPanels(product, plan, 0, panels, isParallel);
  return panels;
}

/**
 * C, panels of columns by panels of columns, for rows that are packed whole and few enough to stay in the second cache: who
 * multiplies some panels of B packs them right before, so that they need not leave the cache in between.
 */
void multiplyByColumns(const Gemm& product, const Plan& plan, const Panels& rows, bool isParallel, Scratch& scratch) {
  const int64_t share = isParallel ? larger(plan.columnPanels / (4 * threadCount()), static_cast<int64_t>(1)) : kColumnPanels;
  const int64_t group = smaller(kColumnPanels, share);
  forPieces(isParallel, ceilDivide(plan.columnPanels, group), 1, [&](int64_t begin, int64_t end) {
    Scratch& own = isParallel ? threadScratch() : scratch;
    const ScratchFrame frame(own);
    auto* const words = static_cast<uint32_t*>(own.takeBytes(static_cast<size_t>(group * kPanelColumns * 4 * plan.depth)));
    for (int64_t piece = begin; piece < end; piece++) {
      const int64_t first = piece * group;
      const Panels columns = {words, smaller(group, plan.columnPanels - first), kPanelColumns, 0, plan.depth};
      packColumnPanels(product, plan, first, columns, false);
      multiplyBlock(product, plan, rows, 0, columns, first * kPanelColumns, {0, rows.count, 0, columns.count});
    }
  });
}

/** How many of `count` things of so many bytes are packed at once: as even as can be. */
int64_t stepOf(int64_t count, int64_t bytes, int64_t limit) {
  const int64_t most = larger(limit / larger(bytes, static_cast<int64_t>(1)), static_cast<int64_t>(1));
  return count <= most ? larger(count, static_cast<int64_t>(1)) : ceilDivide(count, ceilDivide(count, most));
}

void multiply(const Gemm& product, Scratch& scratch, bool mayUseThreads) {
  if (product.m <= 0 || product.n <= 0) return;
  const ScratchFrame frame(scratch);
  const Plan plan = planFor(product);
  const bool isParallel = mayUseThreads && product.m * product.n * product.k > kSerialWork;
  const bool isWeight = mayUseThreads && product.weightStamp != 0;
  const int64_t rowBytes = plan.rowSlots * 4 * plan.depthBlock;
  const int64_t allRowBytes = plan.rowPanels * plan.rowSlots * 4 * plan.depth;
  if (!isWeight && allRowBytes <= kRowChunkBytes) {
    auto* const words = static_cast<uint32_t*>(scratch.takeBytes(static_cast<size_t>(allRowBytes)));
    const Panels rows = {words, plan.rowPanels, plan.rowSlots, 0, plan.depth};
    packRowPanels(product, plan, 0, rows, isParallel);
    return multiplyByColumns(product, plan, rows, isParallel, scratch);
  }
  const bool isWhole = isWeight || plan.columnPanels * kPanelColumns * plan.depth * 4 <= kPackedBytes;
  const Panels whole = isWhole ? packWholeB(product, plan, isWeight, isParallel, scratch) : Panels{};

  // Packed at once: as many blocks of depth as let enough rows in, then as many rows and columns as fit. Where B is packed
  // piece by piece all rows should be in, since each step over them packs it again.
  const int64_t rowsWanted = isWhole ? smaller(plan.rowPanels, kRowPanelsWanted) : plan.rowPanels;
  const int64_t columnBytes = kPanelColumns * 4 * plan.depthBlock;
  const int64_t blocks = larger(ceilDivide(plan.depth, plan.depthBlock), static_cast<int64_t>(1));
  const int64_t blockStep = stepOf(blocks, larger(rowBytes * rowsWanted, columnBytes), kPackedBytes);
  const int64_t rowStep = stepOf(plan.rowPanels, rowBytes * blockStep, kPackedBytes);
  const int64_t columnStep = isWhole ? plan.columnPanels : stepOf(plan.columnPanels, columnBytes * blockStep, kPackedBytes);
  auto* const a = static_cast<uint32_t*>(scratch.takeBytes(static_cast<size_t>(rowStep * rowBytes * blockStep)));
  auto* const b =
      isWhole ? nullptr : static_cast<uint32_t*>(scratch.takeBytes(static_cast<size_t>(columnStep * columnBytes * blockStep)));

  // Blocks of C: as many rows as stay in the second cache; few columns, so that there are blocks for all threads.
  const int64_t blockRows = stepOf(rowStep, rowBytes, kRowChunkBytes);
  const int64_t blockColumns =
      isParallel ? smaller(kColumnPanels, larger(columnStep / (4 * threadCount()), static_cast<int64_t>(1))) : kColumnPanels;

  int64_t depth = 0;
  do {
    const int64_t depthEnd = smaller(depth + blockStep * plan.depthBlock, plan.depth);
    for (int64_t row = 0; row < plan.rowPanels; row += rowStep) {
      const Panels rows = {a, smaller(rowStep, plan.rowPanels - row), plan.rowSlots, depth, depthEnd};
      packRowPanels(product, plan, row, rows, isParallel);
      for (int64_t column = 0; column < plan.columnPanels; column += columnStep) {
        const Panels own = {b, smaller(columnStep, plan.columnPanels - column), kPanelColumns, depth, depthEnd};
        if (!isWhole) packColumnPanels(product, plan, column, own, isParallel);
        const Panels& columns = isWhole ? whole : own;
        const int64_t columnBlocks = ceilDivide(columns.count, blockColumns);
        forPieces(isParallel, ceilDivide(rows.count, blockRows) * columnBlocks, 1, [&](int64_t begin, int64_t end) {
          for (int64_t block = begin; block < end; block++) {
            const int64_t i = block / columnBlocks * blockRows;
            const int64_t j = block % columnBlocks * blockColumns;
            const BlockRange range = {i, smaller(i + blockRows, rows.count), j, smaller(j + blockColumns, columns.count)};
            multiplyBlock(product, plan, rows, row * plan.panelRows, columns, column * kPanelColumns, range);
          }
        });
      }
    }
    depth = depthEnd;
  } while (depth < plan.depth);
}

}  // namespace

void gemm(const Gemm& product) { multiply(product, threadScratch(), true); }

void gemmInOneThread(const Gemm& product, Scratch& scratch) { multiply(product, scratch, false); }

}  // namespace bleubird::BLEUBIRD_ISA
