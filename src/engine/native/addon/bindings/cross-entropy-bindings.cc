#include <stdexcept>
#include <string>

#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "bindings.h"

namespace bleubird {
namespace {

CrossEntropyTimes times{};

/**
 * crossEntropy(hidden, head, bias, labels, width, size, labelSmoothing, weight, loss, gradHidden | null, gradHead | null,
 * addsToHead): fills `loss`, one float, and both gradients unless they are null.
 */
napi_value crossEntropy(Arguments& arguments) {
  const IntegerArray labels = arguments.integers(3);
  CrossEntropy call;
  call.rows = labels.length;
  call.width = arguments.size(4);
  call.size = arguments.size(5);
  if (call.rows == 0) throw std::out_of_range("there are no labels: there is no loss to compute");
  for (int64_t i = 0; i < labels.length; i++) {
    if (labels[i] < 0 || labels[i] >= call.size) {
      throw std::out_of_range("label " + std::to_string(labels[i]) + " is outside the vocabulary of " +
                              std::to_string(call.size) + " pieces");
    }
  }
  call.labels = labels.values;
  call.hidden = arguments.floats(0, product(call.rows, call.width));
  call.head = arguments.floats(1, product(call.size, call.width));
  call.bias = arguments.floats(2, call.size);
  call.labelSmoothing = arguments.number(6);
  call.weight = arguments.number(7);
  call.bf16 = usesBf16();
  call.times = &times;
  float* loss = arguments.floats(8, 1);
  const bool hasGradients = !arguments.isNull(9);
  if (hasGradients == arguments.isNull(10)) throw std::invalid_argument("both gradients are wanted, or none");
  if (!hasGradients) {
    *loss = static_cast<float>(kernels().crossEntropy(call, nullptr));
    return arguments.undefined();
  }
  CrossEntropyGradients gradients;
  gradients.hidden = arguments.floats(9, product(call.rows, call.width));
  gradients.head = arguments.floats(10, product(call.size, call.width));
  gradients.addsToHead = arguments.boolean(11);
  *loss = static_cast<float>(kernels().crossEntropy(call, &gradients));
  return arguments.undefined();
}

/** crossEntropyTimes(Float64Array(2)): seconds since the last call, of all threads together: in products, in all */
napi_value takeTimes(Arguments& arguments) {
  const double seconds[] = {static_cast<double>(times.products) / 1e9, static_cast<double>(times.all) / 1e9};
  arguments.fillDoubles(0, seconds);
  times = {};
  return arguments.undefined();
}

}  // namespace

void registerCrossEntropy(napi_env env, napi_value exports) {
  exportFunction<crossEntropy>(env, exports, "crossEntropy");
  exportFunction<takeTimes>(env, exports, "crossEntropyTimes");
}

}  // namespace bleubird
