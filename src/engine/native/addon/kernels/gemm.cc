#include "gemm.h"

#include "../packed-weights.h"
#include "../threads.h"
#include "gemm-kernel.h"

namespace bleubird::BLEUBIRD_ISA {
namespace {

// Words of k multiplied in one go: a panel of B of that depth (32 KB with AVX-512) stays in the first cache while all
// panels of A pass by, and those of A in the second.
constexpr int64_t kDepthBlock = 256;
constexpr int64_t kRowChunkBytes = 448 << 10;
// Packed at once of either operand: bounds the scratch, and stays in the last cache.
constexpr int64_t kPackedBytes = 2 << 20;
// So many panels of A pay for reading all of B once more.
constexpr int64_t kRowPanelsWanted = 32;
// Panels packed side by side where lanes are adjacent: their part of a row of the operand is worth going there.
constexpr int64_t kPanelsAcross = 16;
// Panels of B by which a block of C is cut: wide enough that its rows are written by whole cache lines.
constexpr int64_t kColumnPanels = 4;
// Below this many products other threads are not worth calling.
constexpr int64_t kSerialWork = 1 << 19;

inline int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <typename Body>
void forPieces(bool isParallel, int64_t count, int64_t grain, const Body& body) {
  if (isParallel) return parallelFor(count, grain, body);
  if (count > 0) body(static_cast<int64_t>(0), count);
}

/** How a product is cut. Everything the order of a sum depends on comes from k alone. */
struct Plan {
  WordFormat format;
  bool usesTiles;
  int64_t depth;       // words of k
  int64_t depthBlock;  // of them multiplied in one go, the last block may have fewer; at least 1
  int64_t panelRows;   // real rows of a panel of A
  int64_t rowSlots;
  int64_t rowPanels, columnPanels;
};

Plan planFor(const Gemm& product) {
  Plan plan{};
  plan.format = product.bf16 ? kBf16Format : WordFormat::floats;
#if defined(BLEUBIRD_HAS_TILES)
  plan.usesTiles = product.bf16;
#endif
  plan.depth = depthOf(plan.format, product.k);
  const int64_t blocks = ceilDivide(plan.depth, kDepthBlock);
  plan.depthBlock = blocks == 0 ? 1 : ceilDivide(plan.depth, blocks);
  // As even as can be: 32 rows are 11 + 11 + 10, not 14 + 14 + 4.
  plan.panelRows = ceilDivide(product.m, ceilDivide(product.m, kPanelRows));
  plan.rowSlots = kRowSlots;
#if defined(BLEUBIRD_HAS_TILES)
  if (plan.usesTiles) {
    plan.depth = roundUp(plan.depth, kTileDepth);
    plan.depthBlock = roundUp(plan.depthBlock, kTileDepth);
    plan.panelRows = plan.rowSlots = kTilePanelRows;
  }
#endif
  plan.rowPanels = ceilDivide(product.m, plan.panelRows);
  plan.columnPanels = ceilDivide(product.n, kPanelColumns);
  return plan;
}

/**
 * Some panels of an operand, packed, from one depth to another: block of depth after block of depth, in each panel after
 * panel. So what is multiplied in one go lies together, and caches keep it whole.
 */
struct Panels {
  uint32_t* words;
  int64_t count;
  int64_t slots;
  int64_t depthStart, depthEnd;

  int64_t depthOfBlock(const Plan& plan, int64_t depth) const { return smaller(plan.depthBlock, depthEnd - depth); }
  uint32_t* at(const Plan& plan, int64_t panel, int64_t depth) const {
    return words + slots * ((depth - depthStart) * count + panel * depthOfBlock(plan, depth));
  }
};

/** Part of a panel: `depth` words of k from `offset` on, in a block of k that has `blockDepth`. */
struct Part {
  int64_t offset, depth, blockDepth;
};

template <WordFormat format>
void packPart(const Operand& from, bool byRows, int64_t slots, const Part& part, uint32_t* block) {
  if (byRows) return packRows<format>(from, slots, part.depth, part.blockDepth, block + part.offset);
  packPanel<format>(from, slots, part.depth, block + part.offset * slots);
}

/** How the panels of an operand are cut and laid out. */
struct PanelShape {
  int64_t lanes;  // of the operand in a panel
  bool byRows;    // the depth of each lane together, as tiles want A
};

/** Packs a part of one panel, which is number `lane / shape.lanes` of the whole operand; `at` is where its block of k begins. */
void packPart(const Plan& plan, const Operand& whole, const PanelShape& shape, int64_t lane, const Panels& to, int64_t panel,
              int64_t at, const Part& part) {
  const int64_t perWord = plan.format == WordFormat::pairs ? 2 : 1;
  const int64_t element = (at + part.offset) * perWord;
  const float* from = whole.data + (whole.hasAdjacentLanes ? element * whole.stride + lane : lane * whole.stride + element);
  const int64_t left = smaller(whole.k - element, part.depth * perWord);
  // More lanes than the panel has may be read where they exist: whole vectors are faster, and nobody looks at their sums.
  const Operand operand = {from, whole.stride, whole.hasAdjacentLanes, smaller(to.slots, whole.lanes - lane), left};
  uint32_t* const block = to.at(plan, panel, at);
  if (plan.format == WordFormat::floats) return packPart<WordFormat::floats>(operand, shape.byRows, to.slots, part, block);
  packPart<kBf16Format>(operand, shape.byRows, to.slots, part, block);
}

/** Packs the panels from number `first` of the operand on, reading its memory in the order it lies there. */
void packPanels(const Plan& plan, const Operand& whole, const PanelShape& shape, int64_t first, const Panels& to,
                bool isParallel) {
  const int64_t blocks = ceilDivide(to.depthEnd - to.depthStart, plan.depthBlock);
  // Along k, panel by panel; or where lanes are adjacent, across some panels for a few words of k, then for the next few.
  const int64_t partDepth = whole.hasAdjacentLanes ? kLanes : plan.depthBlock;
  const int64_t groupPanels = whole.hasAdjacentLanes ? kPanelsAcross : 1;
  const int64_t parts = ceilDivide(plan.depthBlock, partDepth);
  const int64_t groups = ceilDivide(to.count, groupPanels);
  const auto packPiece = [&](int64_t block, int64_t part, int64_t group) {
    const int64_t at = to.depthStart + block * plan.depthBlock;
    const int64_t offset = part * partDepth;
    const int64_t blockDepth = to.depthOfBlock(plan, at);
    if (offset >= blockDepth) return;
    const int64_t end = smaller((group + 1) * groupPanels, to.count);
    for (int64_t panel = group * groupPanels; panel < end; panel++) {
      packPart(plan, whole, shape, (first + panel) * shape.lanes, to, panel, at,
               {offset, smaller(partDepth, blockDepth - offset), blockDepth});
    }
  };
  if (whole.hasAdjacentLanes) {
    forPieces(isParallel, blocks * parts * groups, 2, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) packPiece(i / groups / parts, i / groups % parts, i % groups);
    });
  } else {
    forPieces(isParallel, groups, 2, [&](int64_t begin, int64_t end) {
      for (int64_t group = begin; group < end; group++) {
        for (int64_t block = 0; block < blocks; block++) packPiece(block, 0, group);
      }
    });
  }
}

void packRowPanels(const Gemm& product, const Plan& plan, int64_t first, const Panels& to, bool isParallel) {
  const Operand whole = {product.a, product.lda, product.transposeA, product.m, product.k};
  packPanels(plan, whole, {plan.panelRows, plan.usesTiles}, first, to, isParallel);
}

void packColumnPanels(const Gemm& product, const Plan& plan, int64_t first, const Panels& to, bool isParallel) {
  const Operand whole = {product.b, product.ldb, !product.transposeB, product.n, product.k};
  packPanels(plan, whole, {kPanelColumns, false}, first, to, isParallel);
}

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
