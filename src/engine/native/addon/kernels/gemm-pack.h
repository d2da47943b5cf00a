// Packs an operand of a matrix product into panels: what the innermost loops read, in the order they read it.
//
// A panel is `slots` rows of A (or columns of B), of which `lanes` are real, by the whole depth. Its elements are 32-bit
// words: one float, or two bf16 numbers that follow each other in k ("pairs"), so depth is k or k/2, rounded up and filled
// with zeros. Along the panel lie the slots of depth 0, then those of depth 1, …; for tiles (AMX) A has it the other way.
#pragma once

#include "../simd.h"

namespace bleubird::BLEUBIRD_ISA {

enum class WordFormat : int32_t {
  floats,   // f32
  rounded,  // f32 rounded to bf16: what processors without bf16 products multiply
  pairs     // two bf16
};

/** Where an operand lies: lane `l`, element `e` of k is data[l · stride + e], or data[e · stride + l] when lanes are adjacent. */
struct Operand {
  const float* data;
  int64_t stride;
  bool hasAdjacentLanes;
  int64_t lanes;
  int64_t k;
};

inline int64_t depthOf(WordFormat format, int64_t k) { return format == WordFormat::pairs ? (k + 1) / 2 : k; }

/** Rounds to bf16, to nearest, ties to even; the bits are the upper halves. NaN stays NaN. */
inline BitVec roundToBf16(Vec value) {
  const BitVec x = bits(value);
  const BitVec rounded = x + 0x7fffu + ((x >> 16) & 1u);
  const BitVec isNan = reinterpret_cast<BitVec>(value != value);
  return (isNan & (x | 0x400000u)) | (~isNan & rounded);
}

/** Word i: bf16 of low[i] in the lower half, of high[i] in the upper. */
inline BitVec joinPairs(Vec low, Vec high) {
#if defined(__AVX512BF16__)
  const auto both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
  // In halves of words: i, then 16 + i.
  const BitVec places = {0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005, 0x160006, 0x170007,
                         0x180008, 0x190009, 0x1a000a, 0x1b000b, 0x1c000c, 0x1d000d, 0x1e000e, 0x1f000f};
  return reinterpret_cast<BitVec>(_mm512_permutexvar_epi16(reinterpret_cast<__m512i>(places), both));
#else
  return (roundToBf16(low) >> 16) | (roundToBf16(high) & 0xffff0000u);
#endif
}

#if defined(__AVX512F__)
#define BLEUBIRD_LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define BLEUBIRD_HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define BLEUBIRD_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define BLEUBIRD_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif defined(__AVX2__)
#define BLEUBIRD_LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define BLEUBIRD_HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#define BLEUBIRD_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define BLEUBIRD_ODD 1, 3, 5, 7, 9, 11, 13, 15
#else
#define BLEUBIRD_LOW_HALVES 0, 4, 1, 5
#define BLEUBIRD_HIGH_HALVES 2, 6, 3, 7
#define BLEUBIRD_EVEN 0, 2, 4, 6
#define BLEUBIRD_ODD 1, 3, 5, 7
#endif

/** Transposes kLanes × kLanes words: shuffling the first half with the second, log₂ kLanes times, turns rows to columns. */
inline void transpose(BitVec* rows) {
#pragma GCC unroll 4
  for (int turn = 1; turn < kLanes; turn *= 2) {
    BitVec shuffled[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / 2; i++) {
      shuffled[2 * i] = shuffle<BLEUBIRD_LOW_HALVES>(rows[i], rows[i + kLanes / 2]);
      shuffled[2 * i + 1] = shuffle<BLEUBIRD_HIGH_HALVES>(rows[i], rows[i + kLanes / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++) rows[i] = shuffled[i];
  }
}

/** kLanes words of one lane, along k, of which `left` elements exist. */
template <WordFormat format>
inline BitVec readAlong(const float* from, int64_t left) {
  if constexpr (format == WordFormat::pairs) {
    const Vec first = left > 0 ? loadFirst(from, left) : Vec{};
    const Vec second = left > kLanes ? loadFirst(from + kLanes, left - kLanes) : Vec{};
#if defined(__AVX512BF16__)
    return reinterpret_cast<BitVec>(_mm512_cvtne2ps_pbh(second, first));
#else
    return joinPairs(shuffle<BLEUBIRD_EVEN>(first, second),
                     shuffle<BLEUBIRD_ODD>(first, second));
#endif
  } else {
    const Vec values = left > 0 ? loadFirst(from, left) : Vec{};
    return format == WordFormat::rounded ? roundToBf16(values) & 0xffff0000u : bits(values);
  }
}

/** One word of each of kLanes adjacent lanes, of which `lanes` exist; `left` elements of k exist from here. */
template <WordFormat format>
inline BitVec readAcross(const float* from, int64_t stride, int64_t lanes, int64_t left) {
  if (lanes <= 0 || left <= 0) return BitVec{};
  const Vec low = loadFirst(from, lanes);
  if constexpr (format == WordFormat::pairs) {
    return joinPairs(low, left > 1 ? loadFirst(from + stride, lanes) : Vec{});
  } else {
    return format == WordFormat::rounded ? roundToBf16(low) & 0xffff0000u : bits(low);
  }
}

inline void storeWords(uint32_t* to, BitVec words) { store(reinterpret_cast<float*>(to), floats(words)); }

/** kLanes words of depth from `depth` on, of the kLanes lanes from `lane` on; in `words` by lane, or by depth. */
template <WordFormat format>
inline void readBlock(const Operand& from, int64_t lane, int64_t depth, bool byLane, BitVec* words) {
  const int64_t element = format == WordFormat::pairs ? depth * 2 : depth;
  const int64_t step = format == WordFormat::pairs ? 2 : 1;
  if (from.hasAdjacentLanes) {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++) {
      const int64_t at = element + i * step;
      words[i] = readAcross<format>(from.data + at * from.stride + lane, from.stride, from.lanes - lane, from.k - at);
    }
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++) {
      const float* row = from.data + (lane + i) * from.stride + element;
      __builtin_prefetch(row + kLanes * from.stride, 0, 2);  // so many rows apart, the processor foresees nothing
      words[i] = lane + i < from.lanes ? readAlong<format>(row, from.k - element) : BitVec{};
    }
  }
  if (from.hasAdjacentLanes == byLane) transpose(words);
}

#if defined(__AVX512BF16__)
// GCC makes general permutations of shuffles in the vector extensions, at half the speed of these. The masks let all through:
// without them GCC 12 warns of its own headers.
inline __m512i lowWords(__m512i a, __m512i b) { return _mm512_maskz_unpacklo_epi32(0xffff, a, b); }
inline __m512i highWords(__m512i a, __m512i b) { return _mm512_maskz_unpackhi_epi32(0xffff, a, b); }
inline __m512i lowPairs(__m512i a, __m512i b) { return _mm512_maskz_unpacklo_epi64(0xff, a, b); }
inline __m512i highPairs(__m512i a, __m512i b) { return _mm512_maskz_unpackhi_epi64(0xff, a, b); }

/** Eight floats of one lane, and behind them eight of another. */
inline __m512 joinLanes(const float* low, const float* high) {
  const __m512d first = _mm512_castpd256_pd512(_mm256_loadu_pd(reinterpret_cast<const double*>(low)));
  return _mm512_castpd_ps(
      _mm512_maskz_insertf64x4(0xff, first, _mm256_loadu_pd(reinterpret_cast<const double*>(high)), 1));
}

/**
 * Writes kLanes words of depth of kLanes lanes that are not adjacent, all there. Lanes 0, 4, 8 and 12 go into the quarters
 * of one register, then 1, 5, 9, 13, …: so transposing moves nothing across quarters, which is what costs.
 */
inline void packFullBlock(const float* from, int64_t stride, int64_t slots, uint32_t* to) {
#pragma GCC unroll 4
  for (int part = 0; part < 4; part++) {
    __m512i lanes[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const float* at = from + i * stride + part * 8;
      const __m512 first = joinLanes(at, at + 4 * stride);
      const __m512 second = joinLanes(at + 8 * stride, at + 12 * stride);
      lanes[i] = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
    }
    const __m512i low01 = lowWords(lanes[0], lanes[1]);
    const __m512i high01 = highWords(lanes[0], lanes[1]);
    const __m512i low23 = lowWords(lanes[2], lanes[3]);
    const __m512i high23 = highWords(lanes[2], lanes[3]);
    uint32_t* const words = to + part * 4 * slots;
    _mm512_storeu_si512(words, lowPairs(low01, low23));
    _mm512_storeu_si512(words + slots, highPairs(low01, low23));
    _mm512_storeu_si512(words + 2 * slots, lowPairs(high01, high23));
    _mm512_storeu_si512(words + 3 * slots, highPairs(high01, high23));
  }
}
#endif

/** Writes `depth` × slots words: the slots of each depth together. `slots` is a multiple of kLanes. */
template <WordFormat format>
void packPanel(const Operand& from, int64_t slots, int64_t depth, uint32_t* to) {
  BitVec words[kLanes];
  for (int64_t lane = 0; lane < slots; lane += kLanes) {
    for (int64_t at = 0; at < depth; at += kLanes) {
#if defined(__AVX512BF16__)
      const bool isFull = lane + kLanes <= from.lanes && 2 * (at + kLanes) <= from.k;
      if (format == WordFormat::pairs && !from.hasAdjacentLanes && isFull) {
        packFullBlock(from.data + lane * from.stride + 2 * at, from.stride, slots, to + at * slots + lane);
        continue;
      }
#endif
      const int64_t count = smaller(static_cast<int64_t>(kLanes), depth - at);
      readBlock<format>(from, lane, at, false, words);
      for (int64_t i = 0; i < count; i++) storeWords(to + (at + i) * slots + lane, words[i]);
    }
  }
}

/** Writes slots × `depth` words: the depth of each slot together, `stride` words apart. `depth` is a multiple of kLanes. */
template <WordFormat format>
void packRows(const Operand& from, int64_t slots, int64_t depth, int64_t stride, uint32_t* to) {
  BitVec words[kLanes];
  for (int64_t lane = 0; lane < slots; lane += kLanes) {
    for (int64_t at = 0; at < depth; at += kLanes) {
      readBlock<format>(from, lane, at, true, words);
      for (int i = 0; i < kLanes; i++) storeWords(to + (lane + i) * stride + at, words[i]);
    }
  }
}

}  // namespace bleubird::BLEUBIRD_ISA
