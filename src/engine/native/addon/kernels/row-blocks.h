// Sums over the rows of a matrix, made in blocks of rows so that threads can share them and still agree to the last bit.
#pragma once

#include "../memory.h"
#include "../simd.h"
#include "../threads.h"

namespace bleubird::BLEUBIRD_ISA {

/** Rows whose column sums are made one after the other; few enough that 16 threads find work in a batch. */
constexpr int64_t kBlockRows = 32;
/** Elements that are worth a thread's attention, in operations without sums over rows. */
constexpr int64_t kPieceElements = 8192;

inline int64_t countBlocks(int64_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }
inline int64_t rowsOfPiece(int64_t width) { return larger(1, kPieceElements / larger(1, width)); }

/** target (+)= the sum of `blocks` rows of `partials`, in order. `stride` floats lie between two of them. */
inline void sumPartials(const float* partials, int64_t blocks, int64_t stride, int64_t width, float* target, bool adds) {
  parallelFor(width, 512, [=](int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; column += kLanes) {
      Vec sum{};
      for (int64_t block = 0; block < blocks; block++) {
        sum += loadFirst(partials + block * stride + column, end - column);
      }
      if (adds) sum = loadFirst(target + column, end - column) + sum;
      storeFirst(target + column, sum, end - column);
    }
  });
}

}  // namespace bleubird::BLEUBIRD_ISA
