#include "decoder.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include "isa.h"
#include "threads.h"

namespace bleubird {
namespace {

/** Rows that pay for a thread's reading all weights. */
constexpr int64_t kRowsOfThread = 24;

}  // namespace

int32_t Decoder::add(const float* encoded, const int32_t* starts, int64_t sentences) {
  weights_.refresh();
  const int64_t width = sizes_.width;
  const int64_t rows = starts[sentences];
  const Linear& inputs = weights_.sourceInputs();
  const OwnedBlock projected(rows * inputs.outputs);
  multiplyBy(inputs, encoded, rows, projected.data());
  std::vector<Sentence> added(static_cast<size_t>(sentences));
  std::vector<SourceLayout> layouts;
  for (int64_t i = 0; i < sentences; i++) {
    Sentence& sentence = added[static_cast<size_t>(i)];
    sentence.sourceLength = starts[i + 1] - starts[i];
    sentence.source = OwnedBlock(sourceFloats(sentence.sourceLength, width, sizes_.layers));
    layouts.push_back({sentence.sourceLength, width, sizes_.layers, projected.data() + starts[i] * inputs.outputs,
                       sentence.source.data()});
  }
  parallelFor(sentences, 1, [&](int64_t i, int64_t) { kernels().layOutSource(layouts[static_cast<size_t>(i)]); });
  const int32_t first = nextSentence_;
  for (Sentence& sentence : added) sentences_.emplace(nextSentence_++, std::move(sentence));
  return first;
}

void Decoder::remove(int32_t sentence) { sentences_.erase(sentence); }

/**
 * With rows for every thread, each takes some sentences through all layers by itself: kernels run on the thread that calls
 * them there. Else all threads share each kernel. No row's numbers depend on which.
 */
void Decoder::step(const DecoderStep& step, TopPieces top) {
  checkStep(step);
  weights_.refresh();
  placeRows(step);
  top.width = sizes_.width;
  top.size = sizes_.vocabulary;
  top.head = weights_.head().weight;
  top.bias = weights_.head().bias;
  top.headStamp = weights_.head().stamp;
  top.bf16 = usesBf16();
  const Buffers buffers = buffersFor(step.rows);
  const int64_t groups = step.rows >= threadCount() * kRowsOfThread ? threadCount() : 1;
  const auto sentences = static_cast<int64_t>(sourceRows_.size());
  /** The first sentence whose rows begin in the group. */
  const auto startOf = [&](int64_t group) {
    int64_t sentence = 0;
    while (sentence < sentences && sourceRows_[static_cast<size_t>(sentence)].firstRow * groups < group * step.rows) sentence++;
    return sentence;
  };
  parallelFor(groups, 1, [&](int64_t group, int64_t) {
    const int64_t first = startOf(group);
    decode(step, buffers, sourceRows_.data() + first, startOf(group + 1) - first, top);
  });
}

Decoder::Buffers Decoder::buffersFor(int64_t rows) {
  const int64_t width = sizes_.width;
  const int64_t inner = sizes_.feedForward;
  const int64_t wanted = rows * (7 * width + inner + 1);
  if (workspace_.floats() < wanted) workspace_ = OwnedBlock(wanted);
  float* free = workspace_.data();
  const auto take = [&](int64_t columns) {
    float* const taken = free;
    free += rows * columns;
    return taken;
  };
  return {take(width), take(3 * width), take(width), take(width), take(inner), take(width), take(1)};
}

/** All layers for the rows of some sentences, side by side. */
void Decoder::decode(const DecoderStep& step, const Buffers& all, const SourceRows* sources, int64_t sentences,
                     TopPieces top) const {
  if (sentences == 0) return;
  const int64_t width = sizes_.width;
  const int64_t inner = sizes_.feedForward;
  const int64_t headSize = width / sizes_.heads;
  const int64_t first = sources[0].firstRow;
  const int64_t rows = sources[sentences - 1].firstRow + sources[sentences - 1].rows - first;
  float* const states = all.states + first * width;
  float* const inputs = all.inputs + first * 3 * width;
  float* const attended = all.attended + first * width;
  float* const output = all.output + first * width;
  float* const expanded = all.expanded + first * inner;
  const KernelTable& run = kernels();
  /** states = norm(states + output) */
  const auto addAndNormalize = [&](const Norm& norm) {
    run.layerNorm({rows, width, output, states, norm.weight, norm.bias, nullptr, all.normalized + first * width,
                   all.deviations + first, states});
  };

  run.embed({rows, width, weights_.table(), step.ids + first, weights_.positions(), places_.data() + first,
             sizes_.embeddingScale, nullptr, states});
  int64_t index = 0;
  for (const DecoderLayer& layer : weights_.layers()) {
    multiplyBy(layer.selfInputs, states, rows, inputs);
    run.cachedSelfAttention({rows, sizes_.heads, headSize, sizes_.beams, index, cachedRows_.data() + first, inputs, attended});
    multiplyBy(layer.selfOutput, attended, rows, output);
    addAndNormalize(layer.selfNorm);

    multiplyBy(layer.sourceQuery, states, rows, inputs);
    run.cachedSourceAttention({sentences, sizes_.heads, headSize, index, first, sources, inputs, attended});
    multiplyBy(layer.sourceOutput, attended, rows, output);
    addAndNormalize(layer.sourceNorm);

    multiplyBy(layer.inner, states, rows, expanded, sizes_.activation);
    multiplyBy(layer.outer, expanded, rows, output);
    addAndNormalize(layer.feedForwardNorm);
    index++;
  }
  top.rows = rows;
  top.firstRow += first;
  top.hidden = states;
  top.ids += first * top.count;
  top.logits += first * top.count;
  top.normalizers += first;
  run.topPieces(top);
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

}  // namespace bleubird
