#include "decoder-weights.h"

#include <algorithm>
#include <cstring>

#include "isa.h"

namespace bleubird {
namespace {

float* floatsOf(Handle handle, int64_t count) {
  return static_cast<float*>(blockData(handle, count * static_cast<int64_t>(sizeof(float))));
}

}  // namespace

DecoderWeights::DecoderWeights(const DecoderSizes& sizes, DecoderBlocks blocks) : sizes_(sizes), blocks_(std::move(blocks)) {
  const int64_t width = sizes_.width;
  for (int64_t layer = 0; layer < sizes_.layers; layer++) {
    joinedSelf_.push_back({OwnedBlock(3 * width * width), OwnedBlock(3 * width)});
  }
  joinedSource_ = {OwnedBlock(sizes_.layers * 2 * width * width), OwnedBlock(sizes_.layers * 2 * width)};
}

void DecoderWeights::refresh() {
  std::vector<uint64_t> stamps;
  for (const Handle handle : everyBlock()) stamps.push_back(blockStamp(handle));
  if (stamps == stamps_ && kernels_ == &kernels() && isBf16_ == usesBf16()) return;
  const int64_t width = sizes_.width;
  const int64_t inner = sizes_.feedForward;
  table_ = floatsOf(blocks_.table, sizes_.vocabulary * width);
  positions_ = floatsOf(blocks_.positions, sizes_.positions * width);
  head_ = linear({blocks_.head, blocks_.headBias}, width, sizes_.vocabulary);
  layers_.clear();
  std::vector<LinearBlocks> ofSource;
  for (const DecoderLayerBlocks& layer : blocks_.layers) {
    ofSource.push_back(layer.sourceKey);
    ofSource.push_back(layer.sourceValue);
    layers_.push_back({join({layer.selfQuery, layer.selfKey, layer.selfValue}, joinedSelf_[layers_.size()]),
                       linear(layer.selfOutput, width, width), linear(layer.sourceQuery, width, width),
                       linear(layer.sourceOutput, width, width), linear(layer.inner, width, inner),
                       linear(layer.outer, inner, width), norm(layer.selfNorm), norm(layer.sourceNorm),
                       norm(layer.feedForwardNorm)});
  }
  sourceInputs_ = join(ofSource, joinedSource_);
  pack();
  stamps_ = stamps;
  kernels_ = &kernels();
  isBf16_ = usesBf16();
}

std::vector<Handle> DecoderWeights::everyBlock() const {
  std::vector<Handle> all = {blocks_.table, blocks_.positions, blocks_.head, blocks_.headBias};
  for (const DecoderLayerBlocks& layer : blocks_.layers) {
    for (const LinearBlocks& of :
         {layer.selfQuery, layer.selfKey, layer.selfValue, layer.selfOutput, layer.selfNorm, layer.sourceQuery,
          layer.sourceKey, layer.sourceValue, layer.sourceOutput, layer.sourceNorm, layer.inner, layer.outer,
          layer.feedForwardNorm}) {
      all.push_back(of.weight);
      all.push_back(of.bias);
    }
  }
  return all;
}

Linear DecoderWeights::linear(const LinearBlocks& blocks, int64_t inputs, int64_t outputs) const {
  return {floatsOf(blocks.weight, inputs * outputs), floatsOf(blocks.bias, outputs), inputs, outputs,
          blockStamp(blocks.weight)};
}

Norm DecoderWeights::norm(const LinearBlocks& blocks) const {
  return {floatsOf(blocks.weight, sizes_.width), floatsOf(blocks.bias, sizes_.width)};
}

/** Each part is [D, D]. */
Linear DecoderWeights::join(const std::vector<LinearBlocks>& parts, Joined& into) const {
  const int64_t width = sizes_.width;
  float* weight = into.weight.data();
  float* bias = into.bias.data();
  for (const LinearBlocks& part : parts) {
    std::memcpy(weight, floatsOf(part.weight, width * width), static_cast<size_t>(width * width) * sizeof(float));
    std::memcpy(bias, floatsOf(part.bias, width), static_cast<size_t>(width) * sizeof(float));
    weight += width * width;
    bias += width;
  }
  touchBlock(into.weight.handle());
  return {into.weight.data(), into.bias.data(), width, static_cast<int64_t>(parts.size()) * width,
          blockStamp(into.weight.handle())};
}

/** Has every matrix packed, by multiplying a row by it. */
void DecoderWeights::pack() const {
  const OwnedBlock row(std::max(sizes_.width, sizes_.feedForward));
  const OwnedBlock output(std::max({sourceInputs_.outputs, 3 * sizes_.width, sizes_.feedForward}));
  std::memset(row.data(), 0, static_cast<size_t>(row.floats()) * sizeof(float));
  const auto packOne = [&](const Linear& linear) { multiplyBy(linear, row.data(), 1, output.data()); };
  for (const DecoderLayer& layer : layers_) {
    for (const Linear* linear : {&layer.selfInputs, &layer.selfOutput, &layer.sourceQuery, &layer.sourceOutput,
                                 &layer.inner, &layer.outer}) {
      packOne(*linear);
    }
  }
  packOne(sourceInputs_);
  int32_t id = 0;
  float logit = 0;
  double normalizer = 0;
  TopPieces top{};
  top.rows = 1;
  top.width = sizes_.width;
  top.size = sizes_.vocabulary;
  top.hidden = row.data();
  top.head = head_.weight;
  top.bias = head_.bias;
  top.headStamp = head_.stamp;
  top.bf16 = usesBf16();
  top.count = 1;
  top.ids = &id;
  top.logits = &logit;
  top.normalizers = &normalizer;
  kernels().topPieces(top);
}

void multiplyBy(const Linear& linear, const float* x, int64_t rows, float* output, Activation activation) {
  Gemm product;
  product.m = rows;
  product.n = linear.outputs;
  product.k = linear.inputs;
  product.a = x;
  product.lda = linear.inputs;
  product.b = linear.weight;
  product.ldb = linear.inputs;
  product.transposeB = true;
  product.c = output;
  product.ldc = linear.outputs;
  product.bias = linear.bias;
  product.activation = activation;
  product.bf16 = usesBf16();
  product.weightStamp = linear.stamp;
  kernels().gemm(product);
}

}  // namespace bleubird
