// Decodes sentences position by position with the weights of one model: all that a step needs in one call, its buffers
// kept from step to step. Sentences are independent of each other: each has the keys and values of its source, pages with
// those of its positions so far, and for each of its rows (beams) a history that says which row wrote each of them. They
// join and leave at any time, and may be at different positions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "kernels/cached-attention.h"
#include "kernels/gemm.h"
#include "kernels/top-pieces.h"
#include "memory.h"

namespace bleubird {

struct DecoderSizes {
  int64_t layers, heads, width, feedForward, vocabulary, positions, beams;
  Activation activation;
  float embeddingScale;
};

/** Blocks of the model's parameters; they stay the model's. */
struct LinearBlocks {
  Handle weight, bias;
};
struct DecoderLayerBlocks {
  LinearBlocks selfQuery, selfKey, selfValue, selfOutput, selfNorm;
  LinearBlocks sourceQuery, sourceKey, sourceValue, sourceOutput, sourceNorm;
  LinearBlocks inner, outer, feedForwardNorm;
};
struct DecoderBlocks {
  Handle table, positions, head, headBias;
  std::vector<DecoderLayerBlocks> layers;
};

/** One piece fed for each row; the rows of a sentence side by side. */
struct DecoderStep {
  int64_t rows;
  const int32_t* sentences;  // [R]
  const int32_t* origins;    // [R] which of the sentence's rows of the step before it continues; any at its first position
  const int32_t* ids;        // [R]
};

/** A block that is given back with its owner. */
class OwnedBlock {
 public:
  OwnedBlock() = default;
  explicit OwnedBlock(int64_t floats) : handle_(allocateBlock(floats * static_cast<int64_t>(sizeof(float)))), floats_(floats) {}
  OwnedBlock(OwnedBlock&& other) noexcept : handle_(other.handle_), floats_(other.floats_) { other.handle_ = 0; }
  OwnedBlock& operator=(OwnedBlock&& other) noexcept {
    const Handle handle = handle_;
    const int64_t floats = floats_;
    handle_ = other.handle_;
    floats_ = other.floats_;
    other.handle_ = handle;
    other.floats_ = floats;
    return *this;
  }
  ~OwnedBlock() {
    if (handle_ != 0) freeBlock(handle_);
  }
  float* data() const { return static_cast<float*>(blockData(handle_, floats_ * static_cast<int64_t>(sizeof(float)))); }
  int64_t floats() const { return floats_; }

 private:
  Handle handle_ = 0;
  int64_t floats_ = 0;
};

class Decoder {
 public:
  Decoder(const DecoderSizes& sizes, DecoderBlocks blocks) : sizes_(sizes), blocks_(std::move(blocks)) {}

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

  void checkStep(const DecoderStep& step) const;
  void placeRows(const DecoderStep& step);
  void moveOn(Sentence& sentence, const int32_t* origins, int64_t rows);
  void linear(const float* x, const LinearBlocks& weights, int64_t rows, int64_t inputs, int64_t outputs, float* output,
              Activation activation = Activation::none) const;
  void addAndNormalize(const float* x, float* states, const LinearBlocks& norm, int64_t rows);

  DecoderSizes sizes_;
  DecoderBlocks blocks_;
  std::map<int32_t, Sentence> sentences_;
  int32_t nextSentence_ = 0;
  OwnedBlock workspace_;
  std::vector<CachedRow> cachedRows_;
  std::vector<SourceRows> sourceRows_;
  std::vector<int32_t> places_;
};

}  // namespace bleubird
