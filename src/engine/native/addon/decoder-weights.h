// The weights of a model as its decoder multiplies by them: those that are multiplied with the same rows side by side in
// one matrix, and all of them packed beforehand, so that a step only reads them, on any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gemm.h"
#include "owned-block.h"

namespace bleubird {

struct KernelTable;

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

/** [outputs, inputs] and [outputs]. */
struct Linear {
  const float* weight;
  const float* bias;
  int64_t inputs, outputs;
  uint64_t stamp;
};
/** [D] each. */
struct Norm {
  const float* weight;
  const float* bias;
};
struct DecoderLayer {
  Linear selfInputs;  // query, key and value: [3D, D]
  Linear selfOutput, sourceQuery, sourceOutput, inner, outer;
  Norm selfNorm, sourceNorm, feedForwardNorm;
};

class DecoderWeights {
 public:
  DecoderWeights(const DecoderSizes& sizes, DecoderBlocks blocks);

  /** Brings everything below up to date with the model's parameters and the current instruction set. On the main thread. */
  void refresh();

  const float* table() const { return table_; }
  const float* positions() const { return positions_; }
  /** [V, D] */
  const Linear& head() const { return head_; }
  /** Keys and values of the source in every layer: [layers · 2D, D] */
  const Linear& sourceInputs() const { return sourceInputs_; }
  const std::vector<DecoderLayer>& layers() const { return layers_; }

 private:
  /** A matrix made of parameters below each other. */
  struct Joined {
    OwnedBlock weight, bias;
  };

  std::vector<Handle> everyBlock() const;
  Linear linear(const LinearBlocks& blocks, int64_t inputs, int64_t outputs) const;
  Norm norm(const LinearBlocks& blocks) const;
  Linear join(const std::vector<LinearBlocks>& parts, Joined& into) const;
  void pack() const;

  DecoderSizes sizes_;
  DecoderBlocks blocks_;
  std::vector<Joined> joinedSelf_;
  Joined joinedSource_;
  const float* table_ = nullptr;
  const float* positions_ = nullptr;
  Linear head_{};
  Linear sourceInputs_{};
  std::vector<DecoderLayer> layers_;
  // What it was made of.
  std::vector<uint64_t> stamps_;
  const KernelTable* kernels_ = nullptr;
  bool isBf16_ = false;
};

/** output[rows, outputs] = activation(x[rows, inputs] · weightᵀ + bias) */
void multiplyBy(const Linear& linear, const float* x, int64_t rows, float* output, Activation activation = Activation::none);

}  // namespace bleubird
