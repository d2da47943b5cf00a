// Between JavaScript and kernels: reads and checks arguments, and turns C++ exceptions into JavaScript's errors.
//   std::out_of_range → RangeError, std::invalid_argument → TypeError, anything else → Error.
//
//   void registerRows(napi_env env, napi_value exports) {
//     exportFunction<addRows>(env, exports, "add");
//   }
//   napi_value addRows(Arguments& arguments) {
//     const int64_t size = arguments.size(3);
//     const float* a = arguments.floats(0, size);   // handle of a block of at least `size` floats
//     …
//     return arguments.undefined();
//   }
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>

#include "../memory.h"

namespace bleubird {

struct IntegerArray {
  const int32_t* values;
  int64_t length;
  int32_t operator[](int64_t index) const { return values[index]; }
};

/** The arguments of one call; every reader throws when the argument is absent or of another kind. */
class Arguments {
 public:
  static constexpr size_t kMaximum = 24;
  Arguments(napi_env env, napi_callback_info info);

  napi_env env() const { return env_; }
  size_t count() const { return count_; }
  bool isNull(size_t index) const;  // null or undefined

  double number(size_t index) const;
  bool boolean(size_t index) const;
  std::string text(size_t index) const;
  /** A safe integer. */
  int64_t integer(size_t index) const;
  /** An integer from 0 to 2⁴⁰. */
  int64_t size(size_t index) const;
  Handle handle(size_t index) const;

  /** The floats of a block. @throws std::out_of_range when the block is unknown or smaller */
  float* floats(size_t index, int64_t count) const;
  /** Likewise; null for null. */
  float* floatsOrNull(size_t index, int64_t count) const;
  /** An Int32Array, borrowed for the call. @throws std::out_of_range when its length is another, unless -1 is given */
  IntegerArray integers(size_t index, int64_t length = -1) const;
  /** The bytes of a Float32Array, Float64Array, Int32Array or Uint8Array, borrowed for the call. */
  void* bytes(size_t index, int64_t* byteLength) const;
  /** Fills a Float64Array of exactly so many numbers. @throws std::invalid_argument when it is another */
  template <size_t count>
  void fillDoubles(size_t index, const double (&values)[count]) const {
    fillDoubles(index, values, count);
  }

  napi_value undefined() const;
  napi_value result(double number) const;
  napi_value result(const std::string& text) const;

 private:
  void fillDoubles(size_t index, const double* values, size_t count) const;
  napi_value at(size_t index) const;
  napi_env env_;
  size_t count_ = kMaximum;
  napi_value values_[kMaximum];
};

using Function = napi_value (*)(Arguments&);

/** Throws the exception being handled as a JavaScript error. */
void throwToJavaScript(napi_env env);
void exportCallback(napi_env env, napi_value exports, const char* name, napi_callback callback);

template <Function function>
napi_value callFunction(napi_env env, napi_callback_info info) {
  try {
    Arguments arguments(env, info);
    return function(arguments);
  } catch (...) {
    throwToJavaScript(env);
    return nullptr;
  }
}

template <Function function>
void exportFunction(napi_env env, napi_value exports, const char* name) {
  exportCallback(env, exports, name, callFunction<function>);
}

/** a · b. @throws std::out_of_range beyond 2⁴⁰: for the sizes a call implies */
int64_t product(int64_t a, int64_t b);

}  // namespace bleubird
