// Attention of one new position for each row of a decoder: to the positions before it, and to its source.
// Keys and values of earlier positions lie in pages; which row (beam) of the sentence wrote a position that this row
// continues is said by its history, so reordering beams moves no keys.
#pragma once

#include <cstdint>

namespace bleubird {

/** Positions of a sentence whose keys and values lie together: [layers, 2, kPagePositions, beams, D]. */
constexpr int64_t kPagePositions = 16;

/** One decoder row. */
struct CachedRow {
  float* const* pages;      // of its sentence
  const uint16_t* history;  // [position] the beam that wrote each earlier position
  int64_t position;         // of the new piece
  int64_t beam;             // that writes it
};

struct CachedSelfAttention {
  int64_t rows, heads, headSize, beams, layer;
  const CachedRow* cached;
  const float* inputs;  // [R, 3D] query, key and value of each row
  float* output;        // [R, D]
};

/** One sentence: its source in a layout of its own, see layOutSource, and its rows, side by side. */
struct SourceRows {
  const float* source;
  int64_t length;  // S
  int64_t firstRow, rows;
};

struct CachedSourceAttention {
  int64_t sentences, heads, headSize, layer;
  int64_t firstRow;  // the number of the row at `query` and `output`
  const SourceRows* sources;
  const float* query;  // [R, D]
  float* output;
};

/** Keys and values of one sentence, to their places in its `source`. */
struct SourceLayout {
  int64_t length, width, layers;
  const float* inputs;  // [S, layers · 2D] keys and values of each layer
  float* source;
};

/** Floats of a `source`: sourceStride ones a layer, and what whole vectors read beyond the last. */
constexpr int64_t kSourceLanes = 16;
// static: the linker must not take the copy of one instruction set for all.
static inline int64_t paddedLength(int64_t length) { return (length + kSourceLanes - 1) / kSourceLanes * kSourceLanes; }
static inline int64_t sourceStride(int64_t length, int64_t width) { return (paddedLength(length) + length) * width; }
static inline int64_t sourceFloats(int64_t length, int64_t width, int64_t layers) {
  return layers * sourceStride(length, width) + kSourceLanes;
}

}  // namespace bleubird

#ifdef BLEUBIRD_ISA
namespace bleubird::BLEUBIRD_ISA {

/** Remembers key and value of each row, then attends to them and those before. */
void cachedSelfAttention(const CachedSelfAttention& call);
void cachedSourceAttention(const CachedSourceAttention& call);
/** Keys become [D, S padded] with zeros behind, values stay [S, D]; on the calling thread. */
void layOutSource(const SourceLayout& call);

}  // namespace bleubird::BLEUBIRD_ISA
#endif
