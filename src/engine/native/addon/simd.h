// A register of floats, as wide as the instruction set being compiled, by the vector extensions of GCC and clang: the
// same kernel body serves all of them. `a * b + c` contracts to one fused multiply-add where there is one.
//
// Everything here lies in the namespace of its instruction set. Kernels must not use inline functions from elsewhere
// (std::max, std::vector): the linker keeps one copy of each, perhaps the one compiled for AVX-512, for all.
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace bleubird::BLEUBIRD_ISA {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntVec __attribute__((vector_size(kLanes * 4)));
typedef uint32_t BitVec __attribute__((vector_size(kLanes * 4)));
// The same in memory of any alignment.
typedef float LooseVec __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

inline Vec load(const float* from) { return *reinterpret_cast<const LooseVec*>(from); }
inline void store(float* to, Vec value) { *reinterpret_cast<LooseVec*>(to) = value; }
inline Vec splat(float value) { return value - Vec{}; }  // x - 0 is x for every x, -0 and NaN too

/** The first `count` floats, zeros behind; all of them when count is kLanes or more. */
inline Vec loadFirst(const float* from, int64_t count) {
  if (count >= kLanes) return load(from);
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
#else
  float lanes[kLanes] = {};
  for (int64_t lane = 0; lane < count; lane++) lanes[lane] = from[lane];
  return load(lanes);
#endif
}
inline void storeFirst(float* to, Vec value, int64_t count) {
  if (count >= kLanes) return store(to, value);
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), value);
#else
  for (int64_t lane = 0; lane < count; lane++) to[lane] = value[lane];
#endif
}

inline BitVec bits(Vec value) { return reinterpret_cast<BitVec>(value); }
inline Vec floats(BitVec value) { return reinterpret_cast<Vec>(value); }
/** a where the mask (of a comparison: all ones or zeros) is set, else b. */
inline Vec select(IntVec mask, Vec a, Vec b) { return mask ? a : b; }
/** The second where either is NaN. */
inline Vec smaller(Vec a, Vec b) { return a < b ? a : b; }
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }
inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/** Lane i is the lane numbered places[i] of those of a and then b, which are of 4 bytes. GCC has clang's builtin since 12. */
template <int... places, typename Vector>
inline Vector shuffle(Vector a, Vector b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, places...);
#else
  typedef int32_t Places __attribute__((vector_size(sizeof(Vector))));
  return __builtin_shuffle(a, b, Places{places...});
#endif
}

/** The sum of the lanes, halves first: always in the same order. */
inline float sumLanes(Vec value) {
  float lanes[kLanes];
  __builtin_memcpy(lanes, &value, sizeof lanes);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}
/** The largest lane; NaN when one is. */
inline float maxLane(Vec value) {
  float lanes[kLanes];
  __builtin_memcpy(lanes, &value, sizeof lanes);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; lane++) {
      const float other = lanes[lane + width];
      lanes[lane] = other > lanes[lane] || other != other ? other : lanes[lane];
    }
  }
  return lanes[0];
}
/** Bit i: whether lane i of the mask (of a comparison) is set. */
inline uint32_t laneBits(IntVec mask) {
#if defined(__AVX512DQ__)
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask));
#elif defined(__AVX2__)
  return static_cast<uint32_t>(_mm256_movemask_ps(reinterpret_cast<__m256>(mask)));
#else
  uint32_t bits = 0;
  for (int lane = 0; lane < kLanes; lane++) bits |= (static_cast<uint32_t>(mask[lane]) & 1u) << lane;
  return bits;
#endif
}

/**
 * eˣ to 1.5 ulp: 2ⁿ·e^r with |r| ≤ ln 2 / 2, e^r by the polynomial of Cephes' expf. Below -87.3 it goes to 0 (no
 * subnormals), above 88.7 to infinity; NaN stays.
 */
inline Vec exp(Vec x) {
  const Vec shifted = x * 1.44269504088896341f + 12582912.0f;  // 1.5·2²³: rounds to an integer in the low bits
  const Vec n = shifted - 12582912.0f;
  const Vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts
  Vec p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2ⁿ in two factors, since n reaches 128.
  const IntVec whole = reinterpret_cast<IntVec>(bits(shifted) - 0x4b400000u);
  const IntVec half = whole >> 1;
  const Vec first = reinterpret_cast<Vec>((half + 127) << 23);
  const Vec second = reinterpret_cast<Vec>((whole - half + 127) << 23);
  Vec result = p * first * second;
  result = select(x < -87.33654f, Vec{}, result);
  result = select(x > 88.72283f, splat(__builtin_inff()), result);
  return select(x == x, result, x);
}

/** 1 / (1 + e⁻ˣ) */
inline Vec sigmoid(Vec x) { return 1.0f / (1.0f + exp(-x)); }

/** erf(x) to 2 ulp; coefficients by N. Juffa, "Efficient implementation of erff" (forums.developer.nvidia.com, 2018). */
inline Vec erf(Vec x) {
  const Vec size = floats(bits(x) & 0x7fffffffu);
  const Vec square = x * x;
  Vec near = splat(-5.96761703e-4f);
  near = near * square + 4.99119423e-3f;
  near = near * square - 2.67681349e-2f;
  near = near * square + 1.12819925e-1f;
  near = near * square - 3.76125336e-1f;
  near = near * square + 1.28379166e-1f;
  near = near * x + x;
  Vec far = size * -1.72853470e-5f + 3.83197126e-4f;
  far = far * square + (size * -3.88396438e-3f + 2.42546219e-2f);
  far = far * size - 1.06777877e-1f;
  far = far * size - 6.34846687e-1f;
  far = far * size - 1.28717512e-1f;
  far = far * size - size;
  far = 1.0f - exp(far);
  far = floats(bits(far) | (bits(x) & 0x80000000u));
  // Beyond 9.2 it is 1 to the last bit, and the polynomial no longer falls.
  const Vec one = floats(bits(splat(1.0f)) | (bits(x) & 0x80000000u));
  return select(size > 0.927734375f, select(size > 9.0f, one, far), near);
}

}  // namespace bleubird::BLEUBIRD_ISA
