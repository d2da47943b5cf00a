// How a matrix product is cut into panels, and how some panels of an operand are packed side by side, by one thread or all.
#pragma once

#include "../threads.h"
#include "gemm-kernel.h"
#include "gemm.h"

namespace bleubird::BLEUBIRD_ISA {

// Words of k multiplied in one go: a panel of B of that depth (32 KB with AVX-512) stays in the first cache while all
// panels of A pass by, and those of A in the second (kRowChunkBytes).
constexpr int64_t kDepthBlock = 256;
// Panels packed side by side where lanes are adjacent: their part of a row of the operand is worth going there.
constexpr int64_t kPanelsAcross = 16;

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

inline Plan planFor(const Gemm& product) {
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
inline void packPart(const Plan& plan, const Operand& whole, const PanelShape& shape, int64_t lane, const Panels& to,
                     int64_t panel, int64_t at, const Part& part) {
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
inline void packPanels(const Plan& plan, const Operand& whole, const PanelShape& shape, int64_t first, const Panels& to,
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

inline void packRowPanels(const Gemm& product, const Plan& plan, int64_t first, const Panels& to, bool isParallel) {
  const Operand whole = {product.a, product.lda, product.transposeA, product.m, product.k};
  packPanels(plan, whole, {plan.panelRows, plan.usesTiles}, first, to, isParallel);
}

inline void packColumnPanels(const Gemm& product, const Plan& plan, int64_t first, const Panels& to, bool isParallel) {
  const Operand whole = {product.b, product.ldb, !product.transposeB, product.n, product.k};
  packPanels(plan, whole, {kPanelColumns, false}, first, to, isParallel);
}

}  // namespace bleubird::BLEUBIRD_ISA
