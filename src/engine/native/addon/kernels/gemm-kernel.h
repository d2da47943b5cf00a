// The innermost loops: one panel of A by one panel of B, all their sums in registers (or tiles) at once.
#pragma once

#include "gemm-pack.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#if defined(BLEUBIRD_EMULATES_TILES)
#include "emulated-tiles.h"
#endif
#if defined(__AMX_BF16__) || defined(BLEUBIRD_EMULATES_TILES)
#define BLEUBIRD_HAS_TILES 1
#endif

namespace bleubird::BLEUBIRD_ISA {

// Rows × vectors of the sums that fit in the registers, with room for a row of B and one element of A.
#if defined(__AVX512F__)
constexpr int kPanelRows = 14;
constexpr int kPanelVectors = 2;
#elif defined(__AVX2__)
constexpr int kPanelRows = 6;
constexpr int kPanelVectors = 2;
#elif defined(__aarch64__)
constexpr int kPanelRows = 6;
constexpr int kPanelVectors = 4;
#else
constexpr int kPanelRows = 4;
constexpr int kPanelVectors = 2;
#endif
constexpr int kPanelColumns = kPanelVectors * kLanes;
constexpr int kRowSlots = (kPanelRows + kLanes - 1) / kLanes * kLanes;

/** What this instruction set multiplies bf16 as. */
#if defined(__AVX512BF16__)
constexpr WordFormat kBf16Format = WordFormat::pairs;
#else
constexpr WordFormat kBf16Format = WordFormat::rounded;
#endif

template <bool isPairs>
inline Vec multiplyAdd(uint32_t a, Vec b, Vec sum) {
#if defined(__AVX512BF16__)
  if constexpr (isPairs) {
    const __m512i pair = _mm512_set1_epi32(static_cast<int32_t>(a));
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(pair), reinterpret_cast<__m512bh>(b));
  }
#endif
  float value;
  __builtin_memcpy(&value, &a, sizeof value);
  return value * b + sum;
}

/** tile[rows][kPanelColumns] = the product of the panels. */
template <int rows, bool isPairs>
void multiplyPanels(int64_t depth, const uint32_t* a, const uint32_t* b, float* tile) {
  Vec sums[rows][kPanelVectors] = {};
  for (int64_t at = 0; at < depth; at++) {
    Vec columns[kPanelVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; v++) columns[v] = load(reinterpret_cast<const float*>(b) + v * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < rows; row++) {
#pragma GCC unroll 4
      for (int v = 0; v < kPanelVectors; v++) sums[row][v] = multiplyAdd<isPairs>(a[row], columns[v], sums[row][v]);
    }
    a += kRowSlots;
    b += kPanelColumns;
  }
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) {
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; v++) store(tile + row * kPanelColumns + v * kLanes, sums[row][v]);
  }
}

using PanelKernel = void (*)(int64_t depth, const uint32_t* a, const uint32_t* b, float* tile);

/** That for `rows`, 1…kPanelRows. */
template <bool isPairs>
PanelKernel panelKernel(int64_t rows) {
#define BLEUBIRD_ROWS(count) multiplyPanels<(count < kPanelRows ? count : kPanelRows), isPairs>
  static constexpr PanelKernel kernels[] = {
      BLEUBIRD_ROWS(1), BLEUBIRD_ROWS(2),  BLEUBIRD_ROWS(3),  BLEUBIRD_ROWS(4),  BLEUBIRD_ROWS(5),
      BLEUBIRD_ROWS(6), BLEUBIRD_ROWS(7),  BLEUBIRD_ROWS(8),  BLEUBIRD_ROWS(9),  BLEUBIRD_ROWS(10),
      BLEUBIRD_ROWS(11), BLEUBIRD_ROWS(12), BLEUBIRD_ROWS(13), BLEUBIRD_ROWS(14)};
#undef BLEUBIRD_ROWS
  return kernels[rows - 1];
}

#if defined(BLEUBIRD_HAS_TILES)
constexpr int kTileRows = 16;
constexpr int kTileDepth = 16;  // words: 32 bf16
constexpr int kTilePanelRows = 2 * kTileRows;

/** Eight tiles of 16 rows of 64 bytes, configured for the calling thread where they are used, and released at the end. */
class TileFrame {
 public:
  explicit TileFrame(bool isUsed) : isUsed_(isUsed) {
    if (!isUsed_) return;
    struct alignas(64) {
      uint8_t palette = 1;
      uint8_t startRow = 0;
      uint8_t reserved[14] = {};
      uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } config;
    // _tile_loadconfig of GCC 12 says it reads 8 bytes of these 64: without this the rest is never written.
    asm volatile("" ::"r"(&config) : "memory");
    _tile_loadconfig(&config);
  }
  TileFrame(const TileFrame&) = delete;
  TileFrame& operator=(const TileFrame&) = delete;
  ~TileFrame() {
    if (isUsed_) _tile_release();
  }

 private:
  bool isUsed_;
};

/** 32 × 32 sums from the rows of A, `stride` words apart, and a panel of B: 2 × 2 tiles; `depth` in words, of kTileDepth. */
inline void multiplyTiles(int64_t depth, const uint32_t* a, int64_t stride, const uint32_t* b, int64_t rows, float* tile) {
  constexpr int kColumnBytes = kPanelColumns * 4;
  const int64_t rowBytes = stride * 4;
  const uint32_t* const lower = a + kTileRows * stride;
  _tile_zero(0);
  _tile_zero(1);
  if (rows > kTileRows) {
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t at = 0; at < depth; at += kTileDepth) {
      _tile_loadd(4, a + at, rowBytes);
      _tile_loadd(6, b + at * kPanelColumns, kColumnBytes);
      _tile_loadd(7, b + at * kPanelColumns + 16, kColumnBytes);
      _tile_loadd(5, lower + at, rowBytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(2, tile + kTileRows * kPanelColumns, kColumnBytes);
    _tile_stored(3, tile + kTileRows * kPanelColumns + 16, kColumnBytes);
  } else {
    for (int64_t at = 0; at < depth; at += kTileDepth) {
      _tile_loadd(4, a + at, rowBytes);
      _tile_loadd(6, b + at * kPanelColumns, kColumnBytes);
      _tile_loadd(7, b + at * kPanelColumns + 16, kColumnBytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
    }
  }
  _tile_stored(0, tile, kColumnBytes);
  _tile_stored(1, tile + 16, kColumnBytes);
}
#endif

}  // namespace bleubird::BLEUBIRD_ISA
