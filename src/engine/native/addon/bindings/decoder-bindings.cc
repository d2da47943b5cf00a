// Decoders for JavaScript: numbered, each with the sentences it is at.
#include <map>
#include <stdexcept>
#include <string>

#include "../decoder.h"
#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "bindings.h"

namespace bleubird {
namespace {

constexpr int64_t kBlocksOfModel = 4;
constexpr int64_t kBlocksOfLayer = 26;

std::map<int64_t, Decoder>& decoders() {
  static auto* const all = new std::map<int64_t, Decoder>;
  return *all;
}

Decoder& decoderAt(const Arguments& arguments, size_t index) {
  const auto found = decoders().find(arguments.integer(index));
  if (found == decoders().end()) throw std::out_of_range("the decoder is not open");
  return found->second;
}

void requireFloats(Handle handle, int64_t count) {
  blockData(handle, product(count, static_cast<int64_t>(sizeof(float))));
}

LinearBlocks readLinear(const IntegerArray& blocks, int64_t* at, int64_t weightSize, int64_t biasSize) {
  const LinearBlocks linear = {blocks[*at], blocks[*at + 1]};
  *at += 2;
  requireFloats(linear.weight, weightSize);
  requireFloats(linear.bias, biasSize);
  return linear;
}

/**
 * openDecoder(layers, heads, width, feedForward, vocabulary, positions, beams, activation, embeddingScale, blocks): its
 * number. `blocks`: table, positions, head, head's bias; then for each layer weight and bias of: query, key, value, output,
 * norm of the attention to itself, likewise of that to the source, inner, outer, norm.
 */
napi_value openDecoder(Arguments& arguments) {
  DecoderSizes sizes;
  sizes.layers = arguments.size(0);
  sizes.heads = arguments.size(1);
  sizes.width = arguments.size(2);
  sizes.feedForward = arguments.size(3);
  sizes.vocabulary = arguments.size(4);
  sizes.positions = arguments.size(5);
  sizes.beams = arguments.size(6);
  const int64_t activation = arguments.integer(7);
  if (activation < 0 || activation > 3) throw std::out_of_range("the activation " + std::to_string(activation) + " is not known");
  sizes.activation = static_cast<Activation>(activation);
  sizes.embeddingScale = static_cast<float>(arguments.number(8));
  if (sizes.heads < 1 || sizes.width % sizes.heads != 0) {
    throw std::out_of_range(std::to_string(sizes.width) + " columns do not split into " + std::to_string(sizes.heads) + " heads");
  }
  if (sizes.beams < 1 || sizes.beams > 65535) throw std::out_of_range(std::to_string(sizes.beams) + " beams are not possible");
  const IntegerArray blocks = arguments.integers(9, kBlocksOfModel + product(kBlocksOfLayer, sizes.layers));
  const int64_t width = sizes.width;
  DecoderBlocks of = {blocks[0], blocks[1], blocks[2], blocks[3], {}};
  requireFloats(of.table, product(sizes.vocabulary, width));
  requireFloats(of.positions, product(sizes.positions, width));
  requireFloats(of.head, product(sizes.vocabulary, width));
  requireFloats(of.headBias, sizes.vocabulary);
  const int64_t square = product(width, width);
  const int64_t expanding = product(width, sizes.feedForward);
  int64_t at = kBlocksOfModel;
  for (int64_t layer = 0; layer < sizes.layers; layer++) {
    DecoderLayerBlocks layerBlocks;
    for (LinearBlocks* linear : {&layerBlocks.selfQuery, &layerBlocks.selfKey, &layerBlocks.selfValue, &layerBlocks.selfOutput}) {
      *linear = readLinear(blocks, &at, square, width);
    }
    layerBlocks.selfNorm = readLinear(blocks, &at, width, width);
    for (LinearBlocks* linear :
         {&layerBlocks.sourceQuery, &layerBlocks.sourceKey, &layerBlocks.sourceValue, &layerBlocks.sourceOutput}) {
      *linear = readLinear(blocks, &at, square, width);
    }
    layerBlocks.sourceNorm = readLinear(blocks, &at, width, width);
    layerBlocks.inner = readLinear(blocks, &at, expanding, sizes.feedForward);
    layerBlocks.outer = readLinear(blocks, &at, expanding, width);
    layerBlocks.feedForwardNorm = readLinear(blocks, &at, width, width);
    of.layers.push_back(layerBlocks);
  }
  static int64_t number = 0;
  decoders().emplace(++number, Decoder(sizes, std::move(of)));
  return arguments.result(static_cast<double>(number));
}

/** closeDecoder(decoder) */
napi_value closeDecoder(Arguments& arguments) {
  decoderAt(arguments, 0);
  decoders().erase(arguments.integer(0));
  return arguments.undefined();
}

/** addSentences(decoder, encoded, starts): the number of the first sentence; the others follow */
napi_value addSentences(Arguments& arguments) {
  Decoder& decoder = decoderAt(arguments, 0);
  const IntegerArray starts = arguments.integers(2);
  if (starts.length == 0 || starts[0] != 0) throw std::out_of_range("starts must begin with 0");
  for (int64_t i = 1; i < starts.length; i++) {
    if (starts[i] <= starts[i - 1]) throw std::out_of_range("a sentence to decode has no pieces");
  }
  const int64_t sentences = starts.length - 1;
  const float* encoded = arguments.floats(1, product(starts[sentences], decoder.sizes().width));
  return arguments.result(decoder.add(encoded, starts.values, sentences));
}

/** removeSentence(decoder, sentence) */
napi_value removeSentence(Arguments& arguments) {
  decoderAt(arguments, 0).remove(static_cast<int32_t>(arguments.integer(1)));
  return arguments.undefined();
}

/**
 * stepDecoder(decoder, sentences, origins, ids, bannedIds, bannedPieces, renormalizes, count, topIds, topLogits,
 * normalizers): the first three [R]; `bannedPieces` holds pairs of row and id; fills [R, count], [R, count] and [R].
 */
napi_value stepDecoder(Arguments& arguments) {
  Decoder& decoder = decoderAt(arguments, 0);
  const IntegerArray sentences = arguments.integers(1);
  const int64_t rows = sentences.length;
  const DecoderStep step = {rows, sentences.values, arguments.integers(2, rows).values, arguments.integers(3, rows).values};
  const IntegerArray bannedIds = arguments.integers(4);
  const IntegerArray banned = arguments.integers(5);
  if (banned.length % 2 != 0) throw std::out_of_range("banned pieces are pairs of a row and an id");
  TopPieces top{};
  top.bannedIds = bannedIds.values;
  top.bannedIdCount = bannedIds.length;
  top.banned = reinterpret_cast<const BannedPiece*>(banned.values);
  top.bannedCount = banned.length / 2;
  top.renormalizes = arguments.boolean(6);
  top.count = arguments.size(7);
  if (top.count < 1) throw std::out_of_range("at least one piece must be wanted");
  top.ids = const_cast<int32_t*>(arguments.integers(8, product(rows, top.count)).values);
  int64_t logitBytes = 0;
  int64_t normalizerBytes = 0;
  top.logits = static_cast<float*>(arguments.bytes(9, &logitBytes));
  top.normalizers = static_cast<double*>(arguments.bytes(10, &normalizerBytes));
  if (logitBytes != rows * top.count * static_cast<int64_t>(sizeof(float)) ||
      normalizerBytes != rows * static_cast<int64_t>(sizeof(double))) {
    throw std::out_of_range("the results of a step do not fit its " + std::to_string(rows) + " rows");
  }
  decoder.step(step, top);
  return arguments.undefined();
}

}  // namespace

void registerDecoder(napi_env env, napi_value exports) {
  exportFunction<openDecoder>(env, exports, "openDecoder");
  exportFunction<closeDecoder>(env, exports, "closeDecoder");
  exportFunction<addSentences>(env, exports, "addSentences");
  exportFunction<removeSentence>(env, exports, "removeSentence");
  exportFunction<stepDecoder>(env, exports, "stepDecoder");
}

}  // namespace bleubird
