// The row kernels for JavaScript. Each call names blocks by handle and says the shapes; blocks smaller than those, and
// ids outside their table, are refused before a kernel runs. `…dropout` stands for rate, seedKey, siteKey.
#include <stdexcept>
#include <string>
#include <vector>

#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "bindings.h"
#include "dropout-argument.h"

namespace bleubird {
namespace {

float* floatsOfBlock(Handle handle, int64_t size) {
  return static_cast<float*>(blockData(handle, size * static_cast<int64_t>(sizeof(float))));
}

/** @throws std::out_of_range when an id is not one of the table's rows */
void requireIds(const IntegerArray& ids, int64_t size) {
  for (int64_t i = 0; i < ids.length; i++) {
    if (ids[i] < 0 || ids[i] >= size) {
      throw std::out_of_range("row " + std::to_string(ids[i]) + " is outside the table's " + std::to_string(size) +
                              " rows");
    }
  }
}

/** embed(table, tableRows, positions, positionRows, width, ids, places, scale, output, …dropout) */
napi_value embed(Arguments& arguments) {
  const int64_t tableRows = arguments.size(1);
  const int64_t positionRows = arguments.size(3);
  const int64_t width = arguments.size(4);
  const IntegerArray ids = arguments.integers(5);
  const IntegerArray places = arguments.integers(6, ids.length);
  requireIds(ids, tableRows);
  requireIds(places, positionRows);
  const DropoutArgument dropout(arguments, 9);
  Embed call;
  call.rows = ids.length;
  call.width = width;
  call.table = arguments.floats(0, product(tableRows, width));
  call.ids = ids.values;
  call.positions = arguments.floats(2, product(positionRows, width));
  call.places = places.values;
  call.scale = static_cast<float>(arguments.number(7));
  call.dropout = dropout.orNull();
  call.output = arguments.floats(8, product(ids.length, width));
  kernels().embed(call);
  return arguments.undefined();
}

/** The rows of each id, in order. Kept from call to call: it grows in the first steps and stays. */
struct RowGroups {
  std::vector<int32_t> ids, starts, rows, counts;

  void fill(const IntegerArray& idOfRow, int64_t tableRows, int32_t padId) {
    ids.clear();
    starts.assign(1, 0);
    counts.assign(static_cast<size_t>(tableRows), 0);
    rows.resize(static_cast<size_t>(idOfRow.length));
    for (int64_t row = 0; row < idOfRow.length; row++) {
      const int32_t id = idOfRow[row];
      if (id == padId) continue;
      if (counts[id]++ == 0) ids.push_back(id);
    }
    for (const int32_t id : ids) starts.push_back(starts.back() + counts[id]);
    for (size_t group = 0; group < ids.size(); group++) counts[ids[group]] = starts[group];
    for (int64_t row = 0; row < idOfRow.length; row++) {
      if (idOfRow[row] != padId) rows[counts[idOfRow[row]]++] = static_cast<int32_t>(row);
    }
  }
};

/** embedBackward(gradOutput, ids, width, scale, padId, gradTable, tableRows, adds, …dropout) */
napi_value embedBackward(Arguments& arguments) {
  static RowGroups groups;
  const IntegerArray ids = arguments.integers(1);
  const int64_t width = arguments.size(2);
  const int64_t tableRows = arguments.size(6);
  requireIds(ids, tableRows);
  const DropoutArgument dropout(arguments, 8);
  float* gradTable = arguments.floats(5, product(tableRows, width));
  EmbedBackward call;
  call.width = width;
  call.gradOutput = arguments.floats(0, product(ids.length, width));
  call.scale = static_cast<float>(arguments.number(3));
  call.dropout = dropout.orNull();
  call.gradTable = gradTable;
  groups.fill(ids, tableRows, static_cast<int32_t>(arguments.integer(4)));
  call.groups = static_cast<int64_t>(groups.ids.size());
  call.groupIds = groups.ids.data();
  call.groupStarts = groups.starts.data();
  call.groupRows = groups.rows.data();
  if (!arguments.boolean(7)) kernels().fill(gradTable, tableRows * width, 0);
  kernels().embedBackward(call);
  return arguments.undefined();
}

/** layerNorm(x, residual, weight, bias, rows, width, normalized, inverseDeviation, output, …dropout) */
napi_value layerNorm(Arguments& arguments) {
  LayerNorm call;
  call.rows = arguments.size(4);
  call.width = arguments.size(5);
  const int64_t size = product(call.rows, call.width);
  const DropoutArgument dropout(arguments, 9);
  call.x = arguments.floats(0, size);
  call.residual = arguments.floats(1, size);
  call.weight = arguments.floats(2, call.width);
  call.bias = arguments.floats(3, call.width);
  call.dropout = dropout.orNull();
  call.normalized = arguments.floats(6, size);
  call.inverseDeviation = arguments.floats(7, call.rows);
  call.output = arguments.floats(8, size);
  kernels().layerNorm(call);
  return arguments.undefined();
}

/**
 * layerNormBackward(gradOutput, normalized, inverseDeviation, weight, rows, width, gradX, gradResidual, gradWeight,
 *                   addsToWeight, gradBias, addsToBias, …dropout); gradX may be null without dropout
 */
napi_value layerNormBackward(Arguments& arguments) {
  LayerNormBackward call;
  call.rows = arguments.size(4);
  call.width = arguments.size(5);
  const int64_t size = product(call.rows, call.width);
  const DropoutArgument dropout(arguments, 12);
  call.gradOutput = arguments.floats(0, size);
  call.normalized = arguments.floats(1, size);
  call.inverseDeviation = arguments.floats(2, call.rows);
  call.weight = arguments.floats(3, call.width);
  call.dropout = dropout.orNull();
  call.gradX = arguments.floatsOrNull(6, size);
  if (call.dropout != nullptr && call.gradX == nullptr) throw std::invalid_argument("dropout asks for gradX");
  call.gradResidual = arguments.floats(7, size);
  call.gradWeight = arguments.floats(8, call.width);
  call.addsToWeight = arguments.boolean(9);
  call.gradBias = arguments.floats(10, call.width);
  call.addsToBias = arguments.boolean(11);
  kernels().layerNormBackward(call);
  return arguments.undefined();
}

/**
 * activationBackward(gradOutput, sum, activation, rows, width, gradSum, gradBias, adds): `activation` 0…3 as in gemm.h,
 * with 0 neither sum nor gradSum
 */
napi_value activationBackward(Arguments& arguments) {
  ActivationBackward call;
  const int64_t activation = arguments.integer(2);
  if (activation < 0 || activation > 3) throw std::out_of_range("the activation must be 0 to 3");
  call.activation = static_cast<Activation>(activation);
  call.rows = arguments.size(3);
  call.width = arguments.size(4);
  const int64_t size = product(call.rows, call.width);
  const bool isIdentity = call.activation == Activation::none;
  call.gradOutput = arguments.floats(0, size);
  call.sum = isIdentity ? nullptr : arguments.floats(1, size);
  call.gradSum = isIdentity ? nullptr : arguments.floats(5, size);
  call.gradBias = arguments.floats(6, call.width);
  call.addsToBias = arguments.boolean(7);
  kernels().activationBackward(call);
  return arguments.undefined();
}

/** dropout(x, size, output, …dropout) */
napi_value dropout(Arguments& arguments) {
  const int64_t size = arguments.size(1);
  const DropoutArgument dropout(arguments, 3);
  if (dropout.orNull() == nullptr) throw std::invalid_argument("dropout without what to drop");
  kernels().dropElements(arguments.floats(0, size), arguments.floats(2, size), size, *dropout.orNull());
  return arguments.undefined();
}

/** add(a, b, size, output) */
napi_value add(Arguments& arguments) {
  const int64_t size = arguments.size(2);
  kernels().add(arguments.floats(0, size), arguments.floats(1, size), arguments.floats(3, size), size);
  return arguments.undefined();
}

/** sumOfSquares(blocks Int32Array, sizes Int32Array) → number */
napi_value sumOfSquares(Arguments& arguments) {
  static std::vector<FloatSpan> tensors;
  const IntegerArray handles = arguments.integers(0);
  const IntegerArray sizes = arguments.integers(1, handles.length);
  tensors.clear();
  for (int64_t i = 0; i < handles.length; i++) {
    tensors.push_back({floatsOfBlock(handles[i], sizes[i]), sizes[i]});
  }
  return arguments.result(kernels().sumOfSquares(tensors.data(), handles.length));
}

/**
 * adamw(values, gradients, means, squares, sizes, isDecayed, gradientScale, beta1, beta2, epsilon, stepSize,
 *       squareCorrection, decay): six Int32Array of one length, then numbers
 */
napi_value adamw(Arguments& arguments) {
  static std::vector<AdamWParameter> parameters;
  const IntegerArray values = arguments.integers(0);
  const int64_t count = values.length;
  const IntegerArray gradients = arguments.integers(1, count);
  const IntegerArray means = arguments.integers(2, count);
  const IntegerArray squares = arguments.integers(3, count);
  const IntegerArray sizes = arguments.integers(4, count);
  const IntegerArray isDecayed = arguments.integers(5, count);
  parameters.clear();
  for (int64_t i = 0; i < count; i++) {
    parameters.push_back({floatsOfBlock(values[i], sizes[i]), floatsOfBlock(gradients[i], sizes[i]),
                          floatsOfBlock(means[i], sizes[i]), floatsOfBlock(squares[i], sizes[i]), sizes[i],
                          isDecayed[i] != 0});
  }
  AdamWNumbers numbers;
  numbers.gradientScale = static_cast<float>(arguments.number(6));
  numbers.oneMinusBeta1 = static_cast<float>(1 - arguments.number(7));
  numbers.beta2 = static_cast<float>(arguments.number(8));
  numbers.oneMinusBeta2 = static_cast<float>(1 - arguments.number(8));
  numbers.epsilon = static_cast<float>(arguments.number(9));
  numbers.stepSize = static_cast<float>(arguments.number(10));
  numbers.squareCorrection = static_cast<float>(arguments.number(11));
  numbers.kept = static_cast<float>(1 - arguments.number(12));
  kernels().adamw(parameters.data(), count, numbers);
  for (int64_t i = 0; i < count; i++) touchBlock(values[i]);
  return arguments.undefined();
}

}  // namespace

void registerRows(napi_env env, napi_value exports) {
  exportFunction<embed>(env, exports, "embed");
  exportFunction<embedBackward>(env, exports, "embedBackward");
  exportFunction<layerNorm>(env, exports, "layerNorm");
  exportFunction<layerNormBackward>(env, exports, "layerNormBackward");
  exportFunction<activationBackward>(env, exports, "activationBackward");
  exportFunction<dropout>(env, exports, "dropout");
  exportFunction<add>(env, exports, "add");
  exportFunction<sumOfSquares>(env, exports, "sumOfSquares");
  exportFunction<adamw>(env, exports, "adamw");
}

}  // namespace bleubird
