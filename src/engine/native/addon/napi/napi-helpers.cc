#include "napi-helpers.h"

#include <cmath>
#include <cstring>
#include <new>
#include <stdexcept>

namespace bleubird {
namespace {

constexpr int64_t kMaximumSize = int64_t{1} << 40;

void require(napi_status status, const char* what) {
  if (status != napi_ok) throw std::runtime_error(std::string("Node refuses to ") + what);
}

std::string place(size_t index) { return "argument " + std::to_string(index + 1); }

/** Node may come with kinds of arrays that this was not written for: those are refused. */
int64_t elementBytes(napi_typedarray_type type, size_t index) {
  switch (type) {
    case napi_uint8_array:
      return 1;
    case napi_int32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
      return 8;
    default:
      throw std::invalid_argument(place(index) + " is not a Float32Array, Float64Array, Int32Array or Uint8Array");
  }
}

}  // namespace

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  require(napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr), "give the arguments");
  if (count_ > kMaximum) throw std::invalid_argument("too many arguments");
}

napi_value Arguments::at(size_t index) const {
  if (index >= count_) throw std::invalid_argument(place(index) + " is missing");
  return values_[index];
}

bool Arguments::isNull(size_t index) const {
  if (index >= count_) return true;
  napi_valuetype type;
  require(napi_typeof(env_, values_[index], &type), "give a type");
  return type == napi_null || type == napi_undefined;
}

double Arguments::number(size_t index) const {
  double value = 0;
  if (napi_get_value_double(env_, at(index), &value) != napi_ok) {
    throw std::invalid_argument(place(index) + " is not a number");
  }
  return value;
}

bool Arguments::boolean(size_t index) const {
  bool value = false;
  if (napi_get_value_bool(env_, at(index), &value) != napi_ok) {
    throw std::invalid_argument(place(index) + " is not a boolean");
  }
  return value;
}

std::string Arguments::text(size_t index) const {
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, at(index), nullptr, 0, &length) != napi_ok) {
    throw std::invalid_argument(place(index) + " is not a string");
  }
  std::string value(length, '\0');
  require(napi_get_value_string_utf8(env_, at(index), value.data(), length + 1, &length), "give a string");
  return value;
}

int64_t Arguments::integer(size_t index) const {
  const double value = number(index);
  if (!(std::fabs(value) <= 9007199254740991.0) || std::floor(value) != value) {
    throw std::out_of_range(place(index) + " is not an integer");
  }
  return static_cast<int64_t>(value);
}

int64_t Arguments::size(size_t index) const {
  const int64_t value = integer(index);
  if (value < 0 || value > kMaximumSize) throw std::out_of_range(place(index) + " is not a size: " + std::to_string(value));
  return value;
}

Handle Arguments::handle(size_t index) const {
  const int64_t value = integer(index);
  if (value <= 0 || value > INT32_MAX) throw std::out_of_range("no block has the handle " + std::to_string(value));
  return static_cast<Handle>(value);
}

float* Arguments::floats(size_t index, int64_t count) const {
  return static_cast<float*>(blockData(handle(index), product(count, sizeof(float))));
}

float* Arguments::floatsOrNull(size_t index, int64_t count) const {
  return isNull(index) ? nullptr : floats(index, count);
}

IntegerArray Arguments::integers(size_t index, int64_t length) const {
  napi_typedarray_type type;
  size_t found = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env_, at(index), &type, &found, &data, nullptr, nullptr) != napi_ok || type != napi_int32_array) {
    throw std::invalid_argument(place(index) + " is not an Int32Array");
  }
  const auto count = static_cast<int64_t>(found);
  if (length >= 0 && count != length) {
    throw std::out_of_range(place(index) + " has " + std::to_string(count) + " numbers, expected " + std::to_string(length));
  }
  return {static_cast<const int32_t*>(data), count};
}

void* Arguments::bytes(size_t index, int64_t* byteLength) const {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env_, at(index), &type, &length, &data, nullptr, nullptr) != napi_ok) {
    throw std::invalid_argument(place(index) + " is not a typed array");
  }
  *byteLength = product(static_cast<int64_t>(length), elementBytes(type, index));
  return data;
}

void Arguments::fillDoubles(size_t index, const double* values, size_t count) const {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env_, at(index), &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array || length != count) {
    throw std::invalid_argument(place(index) + " is not a Float64Array of " + std::to_string(count) + " numbers");
  }
  std::memcpy(data, values, count * sizeof(double));
}

napi_value Arguments::undefined() const {
  napi_value value = nullptr;
  require(napi_get_undefined(env_, &value), "give undefined");
  return value;
}

napi_value Arguments::result(double number) const {
  napi_value value = nullptr;
  require(napi_create_double(env_, number, &value), "make a number");
  return value;
}

napi_value Arguments::result(const std::string& text) const {
  napi_value value = nullptr;
  require(napi_create_string_utf8(env_, text.data(), text.size(), &value), "make a string");
  return value;
}

void throwToJavaScript(napi_env env) {
  try {
    throw;
  } catch (const std::out_of_range& error) {
    napi_throw_range_error(env, nullptr, error.what());
  } catch (const std::invalid_argument& error) {
    napi_throw_type_error(env, nullptr, error.what());
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, "ENOMEM", "the native backend has no memory left for a tensor");
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  } catch (...) {
    napi_throw_error(env, nullptr, "the native backend failed");
  }
}

void exportCallback(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  require(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function), "make a function");
  require(napi_set_named_property(env, exports, name, function), "export a function");
}

int64_t product(int64_t a, int64_t b) {
  if (a < 0 || b < 0 || (b > 0 && a > kMaximumSize / b)) throw std::out_of_range("a size beyond all memory");
  return a * b;
}

}  // namespace bleubird
