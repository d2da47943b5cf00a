// Blocks of memory, and copies between them and typed arrays.
#include <cstring>

#include "../memory.h"
#include "../napi/napi-helpers.h"
#include "../packed-weights.h"
#include "bindings.h"

namespace bleubird {
namespace {

/** allocate(bytes): a handle */
napi_value allocate(Arguments& arguments) { return arguments.result(allocateBlock(arguments.size(0))); }

/** free(handle) */
napi_value release(Arguments& arguments) {
  freeBlock(arguments.handle(0));
  return arguments.undefined();
}

/** write(handle, typedArray, byteOffset) */
napi_value write(Arguments& arguments) {
  int64_t length = 0;
  const void* from = arguments.bytes(1, &length);
  const int64_t offset = arguments.count() > 2 ? arguments.size(2) : 0;
  char* to = static_cast<char*>(blockData(arguments.handle(0), offset + length));
  if (length > 0) std::memcpy(to + offset, from, static_cast<size_t>(length));
  touchBlock(arguments.handle(0));
  return arguments.undefined();
}

/** read(handle, typedArray, byteOffset): fills the array */
napi_value read(Arguments& arguments) {
  int64_t length = 0;
  void* to = arguments.bytes(1, &length);
  const int64_t offset = arguments.count() > 2 ? arguments.size(2) : 0;
  const char* from = static_cast<const char*>(blockData(arguments.handle(0), offset + length));
  if (length > 0) std::memcpy(to, from + offset, static_cast<size_t>(length));
  return arguments.undefined();
}

/** memoryCounters(Float64Array(5)): blocks, bytes in use, bytes idle, allocations from the system, bytes of packed weights */
napi_value readCounters(Arguments& arguments) {
  const MemoryCounters counters = memoryCounters();
  const double values[] = {static_cast<double>(counters.blocks), static_cast<double>(counters.bytesInUse),
                           static_cast<double>(counters.bytesIdle), static_cast<double>(counters.allocations),
                           static_cast<double>(packedWeightBytes())};
  arguments.fillDoubles(0, values);
  return arguments.undefined();
}

}  // namespace

void registerMemory(napi_env env, napi_value exports) {
  exportFunction<allocate>(env, exports, "allocate");
  exportFunction<release>(env, exports, "free");
  exportFunction<write>(env, exports, "write");
  exportFunction<read>(env, exports, "read");
  exportFunction<readCounters>(env, exports, "memoryCounters");
}

}  // namespace bleubird
