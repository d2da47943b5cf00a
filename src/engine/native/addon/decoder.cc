#include "decoder.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include "isa.h"
#include "threads.h"

namespace bleubird {
namespace {

float* floatsOf(Handle handle, int64_t count) {
  return static_cast<float*>(blockData(handle, count * static_cast<int64_t>(sizeof(float))));
}

}  // namespace

int32_t Decoder::add(const float* encoded, const int32_t* starts, int64_t sentences) {
  const int64_t width = sizes_.width;
  const int64_t rows = starts[sentences];
  const OwnedBlock projected(2 * rows * width);
  float* const keys = projected.data();
  float* const values = keys + rows * width;
  std::vector<Sentence> added(static_cast<size_t>(sentences));
  std::vector<float*> sources;
  for (int64_t i = 0; i < sentences; i++) {
    Sentence& sentence = added[static_cast<size_t>(i)];
    sentence.sourceLength = starts[i + 1] - starts[i];
    sentence.source = OwnedBlock(sourceFloats(sentence.sourceLength, width, sizes_.layers));
    sources.push_back(sentence.source.data());
    // What whole vectors read beyond the end takes part in no sum that is kept, but must be there.
    std::memset(sources.back() + sentence.source.floats() - kSourceLanes, 0, kSourceLanes * sizeof(float));
  }
  for (int64_t layer = 0; layer < sizes_.layers; layer++) {
    const DecoderLayerBlocks& blocks = blocks_.layers[static_cast<size_t>(layer)];
    linear(encoded, blocks.sourceKey, rows, width, width, keys);
    linear(encoded, blocks.sourceValue, rows, width, width, values);
    parallelFor(sentences, 1, [&](int64_t i, int64_t) {
      const int64_t offset = starts[i] * width;
      kernels().layOutSource({starts[i + 1] - starts[i], width, layer, keys + offset, values + offset,
                              sources[static_cast<size_t>(i)]});
    });
  }
  const int32_t first = nextSentence_;
  for (Sentence& sentence : added) sentences_.emplace(nextSentence_++, std::move(sentence));
  return first;
}

void Decoder::remove(int32_t sentence) { sentences_.erase(sentence); }

void Decoder::step(const DecoderStep& step, TopPieces top) {
  checkStep(step);
  placeRows(step);
  const int64_t rows = step.rows;
  const int64_t width = sizes_.width;
  const int64_t inner = sizes_.feedForward;
  const int64_t wanted = rows * (8 * width + inner + 1);
  if (workspace_.floats() < wanted) workspace_ = OwnedBlock(wanted);
  float* const states = workspace_.data();
  float* const query = states + rows * width;
  float* const key = query + rows * width;
  float* const value = key + rows * width;
  float* const attended = value + rows * width;
  float* const output = attended + rows * width;
  float* const expanded = output + rows * width;  // [R, F]; the rest is addAndNormalize's

  const Embed embed = {rows, width, floatsOf(blocks_.table, sizes_.vocabulary * width), step.ids,
                       floatsOf(blocks_.positions, sizes_.positions * width), places_.data(), sizes_.embeddingScale,
                       nullptr, states};
  kernels().embed(embed);
  const auto sentences = static_cast<int64_t>(sourceRows_.size());
  for (int64_t layer = 0; layer < sizes_.layers; layer++) {
    const DecoderLayerBlocks& blocks = blocks_.layers[static_cast<size_t>(layer)];
    linear(states, blocks.selfQuery, rows, width, width, query);
    linear(states, blocks.selfKey, rows, width, width, key);
    linear(states, blocks.selfValue, rows, width, width, value);
    const int64_t headSize = width / sizes_.heads;
    kernels().cachedSelfAttention(
        {rows, sizes_.heads, headSize, sizes_.beams, layer, cachedRows_.data(), query, key, value, attended});
    linear(attended, blocks.selfOutput, rows, width, width, output);
    addAndNormalize(output, states, blocks.selfNorm, rows);

    linear(states, blocks.sourceQuery, rows, width, width, query);
    kernels().cachedSourceAttention({sentences, sizes_.heads, headSize, layer, sourceRows_.data(), query, attended});
    linear(attended, blocks.sourceOutput, rows, width, width, output);
    addAndNormalize(output, states, blocks.sourceNorm, rows);

    linear(states, blocks.inner, rows, width, inner, expanded, sizes_.activation);
    linear(expanded, blocks.outer, rows, inner, width, output);
    addAndNormalize(output, states, blocks.feedForwardNorm, rows);
  }
  top.rows = rows;
  top.width = width;
  top.size = sizes_.vocabulary;
  top.hidden = states;
  top.head = floatsOf(blocks_.head, sizes_.vocabulary * width);
  top.bias = floatsOf(blocks_.headBias, sizes_.vocabulary);
  top.headStamp = blockStamp(blocks_.head);
  top.bf16 = usesBf16();
  kernels().topPieces(top);
}

void Decoder::checkStep(const DecoderStep& step) const {
  int64_t rowInSentence = 0;
  for (int64_t row = 0; row < step.rows; row++) {
    const bool isFirst = row == 0 || step.sentences[row] != step.sentences[row - 1];
    rowInSentence = isFirst ? 0 : rowInSentence + 1;
    const auto found = sentences_.find(step.sentences[row]);
    if (found == sentences_.end()) {
      throw std::out_of_range("sentence " + std::to_string(step.sentences[row]) + " is not being decoded");
    }
    const Sentence& sentence = found->second;
    if (rowInSentence >= sizes_.beams) {
      throw std::out_of_range("a sentence has more than " + std::to_string(sizes_.beams) + " rows");
    }
    if (sentence.position > 0 && (step.origins[row] < 0 || step.origins[row] >= sentence.rows)) {
      throw std::out_of_range("row " + std::to_string(step.origins[row]) + " is not one of the sentence's " +
                              std::to_string(sentence.rows));
    }
    if (sentence.position >= sizes_.positions) {
      throw std::out_of_range("a sequence of " + std::to_string(sentence.position + 1) +
                              " pieces is longer than the model's " + std::to_string(sizes_.positions) + " positions");
    }
    if (step.ids[row] < 0 || step.ids[row] >= sizes_.vocabulary) {
      throw std::out_of_range("id " + std::to_string(step.ids[row]) + " is outside the vocabulary of " +
                              std::to_string(sizes_.vocabulary) + " pieces");
    }
  }
}

/** Moves every sentence on by a position, and says where each row finds what it attends to. */
void Decoder::placeRows(const DecoderStep& step) {
  cachedRows_.clear();
  sourceRows_.clear();
  places_.clear();
  for (int64_t row = 0; row < step.rows;) {
    int64_t end = row + 1;
    while (end < step.rows && step.sentences[end] == step.sentences[row]) end++;
    Sentence& sentence = sentences_.at(step.sentences[row]);
    moveOn(sentence, step.origins + row, end - row);
    sourceRows_.push_back({sentence.source.data(), sentence.sourceLength, row, end - row});
    const int64_t position = sentence.position - 1;
    const int64_t kept = static_cast<int64_t>(sentence.pages.size()) * kPagePositions;
    for (int64_t beam = 0; beam < end - row; beam++) {
      cachedRows_.push_back({sentence.pageData.data(), sentence.histories.data() + beam * kept, position, beam});
      places_.push_back(static_cast<int32_t>(position));
    }
    row = end;
  }
}

void Decoder::moveOn(Sentence& sentence, const int32_t* origins, int64_t rows) {
  const int64_t before = static_cast<int64_t>(sentence.pages.size()) * kPagePositions;
  if (sentence.position == before) {
    sentence.pages.emplace_back(sizes_.layers * 2 * kPagePositions * sizes_.beams * sizes_.width);
    sentence.pageData.push_back(sentence.pages.back().data());
  }
  const int64_t kept = static_cast<int64_t>(sentence.pages.size()) * kPagePositions;
  sentence.spareHistories.resize(static_cast<size_t>(sizes_.beams * kept));
  for (int64_t beam = 0; beam < rows; beam++) {
    uint16_t* const to = sentence.spareHistories.data() + beam * kept;
    if (sentence.position > 0) {
      const uint16_t* const from = sentence.histories.data() + origins[beam] * before;
      std::memcpy(to, from, static_cast<size_t>(sentence.position) * sizeof(uint16_t));
    }
    to[sentence.position] = static_cast<uint16_t>(beam);
  }
  sentence.histories.swap(sentence.spareHistories);
  sentence.rows = rows;
  sentence.position += 1;
}

void Decoder::linear(const float* x, const LinearBlocks& weights, int64_t rows, int64_t inputs, int64_t outputs,
                     float* output, Activation activation) const {
  Gemm product;
  product.m = rows;
  product.n = outputs;
  product.k = inputs;
  product.a = x;
  product.lda = inputs;
  product.b = floatsOf(weights.weight, inputs * outputs);
  product.ldb = inputs;
  product.transposeB = true;
  product.c = output;
  product.ldc = outputs;
  product.bias = floatsOf(weights.bias, outputs);
  product.activation = activation;
  product.bf16 = usesBf16();
  product.weightStamp = blockStamp(weights.weight);
  kernels().gemm(product);
}

/** states = norm(states + x) */
void Decoder::addAndNormalize(const float* x, float* states, const LinearBlocks& norm, int64_t rows) {
  const int64_t width = sizes_.width;
  float* const normalized = workspace_.data() + rows * (6 * width + sizes_.feedForward);
  float* const inverseDeviation = normalized + rows * width;
  kernels().layerNorm({rows, width, x, states, floatsOf(norm.weight, width), floatsOf(norm.bias, width), nullptr, normalized,
                       inverseDeviation, states});
}

}  // namespace bleubird
