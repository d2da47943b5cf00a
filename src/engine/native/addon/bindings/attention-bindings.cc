// Attention for JavaScript. `starts` say where each sequence's rows begin; the last is the number of rows.
#include <stdexcept>
#include <string>

#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "bindings.h"
#include "dropout-argument.h"

namespace bleubird {
namespace {

void requireStarts(const IntegerArray& starts, const char* name) {
  if (starts.length == 0 || starts[0] != 0) throw std::out_of_range(std::string(name) + " must begin with 0");
  for (int64_t i = 1; i < starts.length; i++) {
    if (starts[i] < starts[i - 1]) throw std::out_of_range(std::string(name) + " must not fall");
  }
}

/**
 * Reads query, key and value, the first three arguments, and width, heads, queryStarts, keyStarts, isCausal, …dropout,
 * which begin at `index`. What it gives back borrows from them and from `dropout`.
 */
Attention readAttention(const Arguments& arguments, size_t index, const DropoutArgument& dropout) {
  const int64_t width = arguments.size(index);
  Attention call;
  call.heads = arguments.size(index + 1);
  if (call.heads < 1 || width % call.heads != 0) {
    throw std::out_of_range(std::to_string(width) + " columns do not split into " + std::to_string(call.heads) + " heads");
  }
  call.headSize = width / call.heads;
  const IntegerArray queryStarts = arguments.integers(index + 2);
  const IntegerArray keyStarts = arguments.integers(index + 3, queryStarts.length);
  requireStarts(queryStarts, "queryStarts");
  requireStarts(keyStarts, "keyStarts");
  call.sequences = queryStarts.length - 1;
  for (int64_t b = 0; b < call.sequences; b++) {
    if (queryStarts[b] < queryStarts[b + 1] && keyStarts[b] == keyStarts[b + 1]) {
      throw std::out_of_range("sequence " + std::to_string(b) + " has queries but no keys");
    }
  }
  call.queryStarts = queryStarts.values;
  call.keyStarts = keyStarts.values;
  call.isCausal = arguments.boolean(index + 4);
  call.dropout = dropout.orNull();
  const int64_t querySize = product(queryStarts[call.sequences], width);
  const int64_t keySize = product(keyStarts[call.sequences], width);
  call.query = arguments.floats(0, querySize);
  call.key = arguments.floats(1, keySize);
  call.value = arguments.floats(2, keySize);
  return call;
}

/** attention(query, key, value, output, width, heads, queryStarts, keyStarts, isCausal, …dropout) */
napi_value attention(Arguments& arguments) {
  const DropoutArgument dropout(arguments, 9);
  const Attention call = readAttention(arguments, 4, dropout);
  const int64_t width = call.heads * call.headSize;
  kernels().attention(call, arguments.floats(3, call.queryStarts[call.sequences] * width));
  return arguments.undefined();
}

/**
 * attentionBackward(query, key, value, gradOutput, gradQuery, gradKey, gradValue, width, heads, queryStarts, keyStarts,
 * isCausal, …dropout)
 */
napi_value attentionBackward(Arguments& arguments) {
  const DropoutArgument dropout(arguments, 12);
  const Attention call = readAttention(arguments, 7, dropout);
  const int64_t width = call.heads * call.headSize;
  const int64_t querySize = call.queryStarts[call.sequences] * width;
  const int64_t keySize = call.keyStarts[call.sequences] * width;
  kernels().attentionBackward(call, arguments.floats(3, querySize), arguments.floats(4, querySize),
                              arguments.floats(5, keySize), arguments.floats(6, keySize));
  return arguments.undefined();
}

}  // namespace

void registerAttention(napi_env env, napi_value exports) {
  exportFunction<attention>(env, exports, "attention");
  exportFunction<attentionBackward>(env, exports, "attentionBackward");
}

}  // namespace bleubird
