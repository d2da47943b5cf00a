// Decodes sentences position by position with the weights of one model: all that a step needs in one call, its buffers
// kept from step to step. Sentences are independent of each other: each has the keys and values of its source, pages with
// those of its positions so far, and for each of its rows (beams) a history that says which row wrote each of them. They
// join and leave at any time, and may be at different positions.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "decoder-weights.h"
#include "kernels/cached-attention.h"
#include "kernels/top-pieces.h"
#include "owned-block.h"

namespace bleubird {

/** One piece fed for each row; the rows of a sentence side by side. */
struct DecoderStep {
  int64_t rows;
  const int32_t* sentences;  // [R]
  const int32_t* origins;    // [R] which of the sentence's rows of the step before it continues; any at its first position
  const int32_t* ids;        // [R]
};

class Decoder {
 public:
  Decoder(const DecoderSizes& sizes, DecoderBlocks blocks) : sizes_(sizes), weights_(sizes, std::move(blocks)) {}

  /** Takes in sentences whose encoder states [N, D] begin at `starts`. @returns the number of the first; the others follow */
  int32_t add(const float* encoded, const int32_t* starts, int64_t sentences);
  void remove(int32_t sentence);
  /**
   * Feeds one position; `top` says what is wanted of its logits, and where it goes.
   * @throws std::out_of_range for unknown sentences, origins or ids, and beyond the positions; nothing has changed then
   */
  void step(const DecoderStep& step, TopPieces top);

  const DecoderSizes& sizes() const { return sizes_; }

 private:
  struct Sentence {
    OwnedBlock source;
    int64_t sourceLength = 0;
    int64_t position = 0;  // positions so far
    int64_t rows = 0;      // in the last step
    std::vector<OwnedBlock> pages;
    std::vector<float*> pageData;
    std::vector<uint16_t> histories, spareHistories;  // [beams, kept positions]
  };

  /** What a step works in, row below row. */
  struct Buffers {
    float* states;      // [R, D]
    float* inputs;      // [R, 3D] queries, keys and values; then queries to the source, [R, D]
    float* attended;    // [R, D]
    float* output;      // [R, D]
    float* expanded;    // [R, F]
    float* normalized;  // [R, D]
    float* deviations;  // [R]
  };

  void checkStep(const DecoderStep& step) const;
  void placeRows(const DecoderStep& step);
  void moveOn(Sentence& sentence, const int32_t* origins, int64_t rows);
  Buffers buffersFor(int64_t rows);
  void decode(const DecoderStep& step, const Buffers& all, const SourceRows* sources, int64_t sentences, TopPieces top) const;

  DecoderSizes sizes_;
  DecoderWeights weights_;
  std::map<int32_t, Sentence> sentences_;
  int32_t nextSentence_ = 0;
  OwnedBlock workspace_;
  std::vector<CachedRow> cachedRows_;
  std::vector<SourceRows> sourceRows_;
  std::vector<int32_t> places_;
};

}  // namespace bleubird
