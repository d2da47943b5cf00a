// Matrix products too small to be worth packing, on the calling thread: tiles of C in registers, A's elements broadcast
// from wherever they lie, B read in place. Each element of C is one sum over k in order, whatever the tile it falls in.
#pragma once

#include "../simd.h"

namespace bleubird::BLEUBIRD_ISA {

/** Element (row, step) lies at data[row · rowStride + step · stepStride]. */
struct Strided {
  const float* data;
  int64_t rowStride;
  int64_t stepStride;
};

constexpr int kTileRows = 6;
/** In registers; 32 registers hold 6 × 4 sums, 16 hold 6 × 2. */
constexpr int kTileVectors = kLanes == 16 ? 4 : 2;

template <int rows, int vectors>
inline void productTile(Strided a, int64_t k, const float* b, int64_t ldb, float* c, int64_t ldc, int64_t columns,
                        bool accumulate) {
  Vec sums[rows][vectors] = {};
  for (int64_t step = 0; step < k; step++) {
    Vec right[vectors];
#pragma GCC unroll 8
    for (int vector = 0; vector < vectors; vector++) right[vector] = load(b + step * ldb + vector * kLanes);
#pragma GCC unroll 8
    for (int row = 0; row < rows; row++) {
      const float left = a.data[row * a.rowStride + step * a.stepStride];
#pragma GCC unroll 8
      for (int vector = 0; vector < vectors; vector++) sums[row][vector] += left * right[vector];
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < rows; row++) {
#pragma GCC unroll 8
    for (int vector = 0; vector < vectors; vector++) {
      float* to = c + row * ldc + vector * kLanes;
      const int64_t count = columns - vector * kLanes;
      storeFirst(to, accumulate ? loadFirst(to, count) + sums[row][vector] : sums[row][vector], count);
    }
  }
}

template <int vectors>
inline void productColumns(int64_t m, Strided a, int64_t k, const float* b, int64_t ldb, float* c, int64_t ldc,
                           int64_t columns, bool accumulate) {
  // Tiles of nearly equal height: 7 rows are 4 and 3, not 6 and 1.
  int64_t tiles = (m + kTileRows - 1) / kTileRows;
  for (int64_t row = 0; row < m; tiles--) {
    const int64_t rows = (m - row + tiles - 1) / tiles;
    const Strided from = {a.data + row * a.rowStride, a.rowStride, a.stepStride};
    float* to = c + row * ldc;
    switch (rows) {
      case 1: productTile<1, vectors>(from, k, b, ldb, to, ldc, columns, accumulate); break;
      case 2: productTile<2, vectors>(from, k, b, ldb, to, ldc, columns, accumulate); break;
      case 3: productTile<3, vectors>(from, k, b, ldb, to, ldc, columns, accumulate); break;
      case 4: productTile<4, vectors>(from, k, b, ldb, to, ldc, columns, accumulate); break;
      case 5: productTile<5, vectors>(from, k, b, ldb, to, ldc, columns, accumulate); break;
      default: productTile<6, vectors>(from, k, b, ldb, to, ldc, columns, accumulate); break;
    }
    row += rows;
  }
}

/** C[m, n] (+)= A[m, k] · B[k, n]; rows of B must be readable up to n rounded up to whole vectors. */
inline void smallProduct(int64_t m, int64_t n, int64_t k, Strided a, const float* b, int64_t ldb, float* c, int64_t ldc,
                         bool accumulate) {
  int64_t column = 0;
  while (column < n) {
    const int64_t left = n - column;
    if (left > (kTileVectors - 1) * kLanes) {
      productColumns<kTileVectors>(m, a, k, b + column, ldb, c + column, ldc, left, accumulate);
      column += kTileVectors * kLanes;
    } else if (kTileVectors > 2 && left > kLanes) {
      productColumns<2>(m, a, k, b + column, ldb, c + column, ldc, left, accumulate);
      column += 2 * kLanes;
    } else {
      productColumns<1>(m, a, k, b + column, ldb, c + column, ldc, left, accumulate);
      column += kLanes;
    }
  }
}

typedef float Four __attribute__((vector_size(16)));
typedef float LooseFour __attribute__((vector_size(16), aligned(4), may_alias));

/** to[column, row] = from[row, column]; zeros up to `paddedRows` rows of `from`. */
inline void transpose(const float* from, int64_t ldFrom, int64_t rows, int64_t columns, float* to, int64_t ldTo,
                      int64_t paddedRows) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float* source = from + row * ldFrom;
    int64_t column = 0;
    for (; column + 4 <= columns; column += 4) {
      const Four a = *reinterpret_cast<const LooseFour*>(source + column);
      const Four b = *reinterpret_cast<const LooseFour*>(source + ldFrom + column);
      const Four c = *reinterpret_cast<const LooseFour*>(source + 2 * ldFrom + column);
      const Four d = *reinterpret_cast<const LooseFour*>(source + 3 * ldFrom + column);
      const Four lowAB = shuffle<0, 4, 1, 5>(a, b);
      const Four highAB = shuffle<2, 6, 3, 7>(a, b);
      const Four lowCD = shuffle<0, 4, 1, 5>(c, d);
      const Four highCD = shuffle<2, 6, 3, 7>(c, d);
      float* target = to + column * ldTo + row;
      *reinterpret_cast<LooseFour*>(target) = shuffle<0, 1, 4, 5>(lowAB, lowCD);
      *reinterpret_cast<LooseFour*>(target + ldTo) = shuffle<2, 3, 6, 7>(lowAB, lowCD);
      *reinterpret_cast<LooseFour*>(target + 2 * ldTo) = shuffle<0, 1, 4, 5>(highAB, highCD);
      *reinterpret_cast<LooseFour*>(target + 3 * ldTo) = shuffle<2, 3, 6, 7>(highAB, highCD);
    }
    for (; column < columns; column++) {
      for (int64_t i = 0; i < 4; i++) to[column * ldTo + row + i] = source[i * ldFrom + column];
    }
  }
  for (; row < paddedRows; row++) {
    for (int64_t column = 0; column < columns; column++) {
      to[column * ldTo + row] = row < rows ? from[row * ldFrom + column] : 0.0f;
    }
  }
}

}  // namespace bleubird::BLEUBIRD_ISA
