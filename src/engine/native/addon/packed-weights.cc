#include "packed-weights.h"

#include <unordered_map>
#include <vector>

#include "memory.h"

namespace bleubird {
namespace {

struct Packed {
  PackedWeightKey key;
  void* memory;
  size_t bytes;
  bool isFilled;
};

using Forms = std::vector<Packed>;

std::unordered_map<uint64_t, Forms>& formsByStamp() {
  static auto* const forms = new std::unordered_map<uint64_t, Forms>;
  return *forms;
}

int64_t& totalBytes() {
  static int64_t bytes = 0;
  return bytes;
}

bool isSame(const PackedWeightKey& a, const PackedWeightKey& b) {
  return a.weight == b.weight && a.n == b.n && a.k == b.k && a.ldb == b.ldb && a.transposeB == b.transposeB &&
         a.format == b.format;
}

}  // namespace

void* packedWeight(const PackedWeightKey& key, size_t bytes, bool* isFilled) {
  Forms& forms = formsByStamp()[key.stamp];
  for (Packed& packed : forms) {
    if (!isSame(packed.key, key)) continue;
    *isFilled = packed.isFilled;
    if (!packed.isFilled) packed.isFilled = true;  // Else nothing is written: threads of a decoder look up side by side.
    return packed.memory;
  }
  void* memory = allocateAligned(bytes);
  forms.push_back({key, memory, bytes, true});
  totalBytes() += static_cast<int64_t>(bytes);
  *isFilled = false;
  return memory;
}

void dropPackedWeights(uint64_t stamp) {
  const auto found = formsByStamp().find(stamp);
  if (found == formsByStamp().end()) return;
  for (const Packed& packed : found->second) {
    freeAligned(packed.memory, packed.bytes);
    totalBytes() -= static_cast<int64_t>(packed.bytes);
  }
  formsByStamp().erase(found);
}

void renamePackedWeights(uint64_t oldStamp, uint64_t newStamp) {
  const auto found = formsByStamp().find(oldStamp);
  if (found == formsByStamp().end()) return;
  Forms forms = static_cast<Forms&&>(found->second);
  formsByStamp().erase(found);
  for (Packed& packed : forms) packed.isFilled = false;
  formsByStamp().emplace(newStamp, static_cast<Forms&&>(forms));
}

int64_t packedWeightBytes() { return totalBytes(); }

}  // namespace bleubird
