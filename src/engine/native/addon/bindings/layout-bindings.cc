// Copies that move the elements of tensors about, for the tfjs kernels around a model: plain loops, since they are not
// where the time goes. Offsets and strides count elements; elements are 1 or 4 bytes.
#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "../isa.h"
#include "../napi/napi-helpers.h"
#include "../threads.h"
#include "bindings.h"

namespace bleubird {
namespace {

constexpr int64_t kMaxRank = 8;

char* bytesOfBlock(const Arguments& arguments, size_t index, int64_t count, int64_t elementBytes) {
  return static_cast<char*>(blockData(arguments.handle(index), product(count, elementBytes)));
}

int64_t elementBytesArgument(const Arguments& arguments, size_t index) {
  const int64_t bytes = arguments.size(index);
  if (bytes != 1 && bytes != 4) throw std::out_of_range("elements have 1 or 4 bytes");
  return bytes;
}

void copyElement(char* to, const char* from, int64_t bytes) {
  if (bytes == 4) {
    std::memcpy(to, from, 4);
  } else {
    *to = *from;
  }
}

/**
 * copyStrided(from, offset, shape, strides, elementBytes, to): writes a contiguous tensor of `shape` whose element
 * [i, j, …] is from[offset + i·strides[0] + j·strides[1] + …]; strides may be 0 or negative
 */
napi_value copyStrided(Arguments& arguments) {
  const int64_t offset = arguments.size(1);
  const IntegerArray shape = arguments.integers(2);
  const IntegerArray strides = arguments.integers(3, shape.length);
  const int64_t elementBytes = elementBytesArgument(arguments, 4);
  const int64_t rank = shape.length;
  if (rank > kMaxRank) throw std::out_of_range("a tensor may have 8 axes");
  int64_t size = 1;
  int64_t lowest = offset;
  int64_t highest = offset;
  for (int64_t axis = 0; axis < rank; axis++) {
    if (shape[axis] < 0) throw std::out_of_range("an axis of a shape is negative");
    size = product(size, shape[axis]);
    const int64_t reach = static_cast<int64_t>(strides[axis]) * std::max(0, shape[axis] - 1);
    (reach < 0 ? lowest : highest) += reach;
  }
  char* to = bytesOfBlock(arguments, 5, size, elementBytes);
  if (size == 0) return arguments.undefined();
  if (lowest < 0) throw std::out_of_range("a strided copy begins before its block");
  const char* from = bytesOfBlock(arguments, 0, highest + 1, elementBytes);

  const int64_t length = rank == 0 ? 1 : shape[rank - 1];
  const int64_t step = rank == 0 ? 1 : strides[rank - 1];
  parallelFor(size / length, std::max<int64_t>(1, 8192 / length), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      int64_t place = offset;
      int64_t rest = row;
      for (int64_t axis = rank - 2; axis >= 0; axis--) {
        place += rest % shape[axis] * strides[axis];
        rest /= shape[axis];
      }
      char* target = to + row * length * elementBytes;
      if (step == 1) {
        std::memcpy(target, from + place * elementBytes, static_cast<size_t>(length * elementBytes));
        continue;
      }
      for (int64_t i = 0; i < length; i++) {
        copyElement(target + i * elementBytes, from + (place + i * step) * elementBytes, elementBytes);
      }
    }
  });
  return arguments.undefined();
}

/**
 * copyRows(from, to, rows, length, toStride, toOffset, elementBytes): row r of `from`, contiguous, to
 * to[toOffset + r·toStride]
 */
napi_value copyRows(Arguments& arguments) {
  const int64_t rows = arguments.size(2);
  const int64_t length = arguments.size(3);
  const int64_t stride = arguments.size(4);
  const int64_t offset = arguments.size(5);
  const int64_t elementBytes = elementBytesArgument(arguments, 6);
  if (rows == 0 || length == 0) return arguments.undefined();
  const char* from = bytesOfBlock(arguments, 0, product(rows, length), elementBytes);
  char* to = bytesOfBlock(arguments, 1, product(rows - 1, stride) + offset + length, elementBytes);
  for (int64_t row = 0; row < rows; row++) {
    std::memcpy(to + (offset + row * stride) * elementBytes, from + row * length * elementBytes,
                static_cast<size_t>(length * elementBytes));
  }
  return arguments.undefined();
}

/** gatherRows(from, fromRows, ids, outer, length, elementBytes, to): to[o, i] = from[o, ids[i]], rows of `length` */
napi_value gatherRows(Arguments& arguments) {
  const int64_t fromRows = arguments.size(1);
  const IntegerArray ids = arguments.integers(2);
  const int64_t outer = arguments.size(3);
  const int64_t length = arguments.size(4);
  const int64_t elementBytes = elementBytesArgument(arguments, 5);
  for (int64_t i = 0; i < ids.length; i++) {
    if (ids[i] < 0 || ids[i] >= fromRows) {
      throw std::out_of_range("row " + std::to_string(ids[i]) + " is outside the table's " + std::to_string(fromRows) +
                              " rows");
    }
  }
  const char* from = bytesOfBlock(arguments, 0, product(product(outer, fromRows), length), elementBytes);
  char* to = bytesOfBlock(arguments, 6, product(product(outer, ids.length), length), elementBytes);
  const int64_t rowBytes = length * elementBytes;
  parallelFor(outer * ids.length, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, rowBytes)),
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; row++) {
                  const int64_t source = row / ids.length * fromRows + ids[row % ids.length];
                  std::memcpy(to + row * rowBytes, from + source * rowBytes, static_cast<size_t>(rowBytes));
                }
              });
  return arguments.undefined();
}

/** scatterAddRows(from, ids, length, to, toRows): to[ids[i]] += from[i], float rows of `length`, into zeros */
napi_value scatterAddRows(Arguments& arguments) {
  const IntegerArray ids = arguments.integers(1);
  const int64_t length = arguments.size(2);
  const int64_t toRows = arguments.size(4);
  const float* from = arguments.floats(0, product(ids.length, length));
  float* to = arguments.floats(3, product(toRows, length));
  kernels().fill(to, toRows * length, 0);
  for (int64_t i = 0; i < ids.length; i++) {
    if (ids[i] < 0 || ids[i] >= toRows) {
      throw std::out_of_range("row " + std::to_string(ids[i]) + " is outside the table's " + std::to_string(toRows) +
                              " rows");
    }
    float* row = to + ids[i] * length;
    for (int64_t column = 0; column < length; column++) row[column] += from[i * length + column];
  }
  return arguments.undefined();
}

}  // namespace

void registerLayout(napi_env env, napi_value exports) {
  exportFunction<copyStrided>(env, exports, "copyStrided");
  exportFunction<copyRows>(env, exports, "copyRows");
  exportFunction<gatherRows>(env, exports, "gatherRows");
  exportFunction<scatterAddRows>(env, exports, "scatterAddRows");
}

}  // namespace bleubird
