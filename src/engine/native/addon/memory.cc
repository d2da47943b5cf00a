#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "packed-weights.h"

namespace bleubird {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;
// Idle blocks beyond this share of those in use go back to the system, but a little is always kept.
constexpr int64_t kIdleFloorBytes = int64_t{256} << 20;

struct Block {
  void* memory = nullptr;  // null: the slot is free
  int64_t bytes = 0;       // asked for
  int64_t capacity = 0;
  uint64_t stamp = 0;
  int32_t generation = 0;
};

// A handle is 20 bits of slot, from 1, below 11 bits of generation.
constexpr int kSlotBits = 20;
constexpr int32_t kSlotMask = (1 << kSlotBits) - 1;
constexpr int32_t kGenerations = 1 << 11;

struct Pool {
  std::vector<Block> slots = std::vector<Block>(1);
  std::vector<int32_t> freeSlots;
  std::multimap<int64_t, void*> idle;  // by capacity
  MemoryCounters counters{};
  uint64_t lastStamp = 0;
};

// Never destroyed: kernels may still hold pointers while the process ends.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

// Under the sanitizers a block is of its exact size and never used again, so that they see the first byte beyond it, and
// whoever comes late.
#if defined(BLEUBIRD_SANITIZE)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

/** A quarter of a power of two apart, so that blocks of similar sizes serve each other. */
int64_t roundCapacity(int64_t bytes) {
  if (kIsSanitized) return std::max<int64_t>(bytes, 1);
  int64_t step = kAlignment;
  while (step * 8 <= bytes) step *= 2;
  return std::max<int64_t>((bytes + step - 1) / step * step, kAlignment);
}

void* takeIdle(Pool& pool, int64_t* capacity) {
  const auto found = pool.idle.lower_bound(*capacity);
  if (found == pool.idle.end() || found->first > *capacity + *capacity / 2) return nullptr;
  void* memory = found->second;
  *capacity = found->first;
  pool.counters.bytesIdle -= found->first;
  pool.idle.erase(found);
  return memory;
}

/** The largest first: they are the least likely to fit. */
void releaseIdle(Pool& pool, int64_t limit) {
  while (pool.counters.bytesIdle > limit && !pool.idle.empty()) {
    const auto last = std::prev(pool.idle.end());
    freeAligned(last->second, static_cast<size_t>(last->first));
    pool.counters.bytesIdle -= last->first;
    pool.idle.erase(last);
  }
}

Block& requireBlock(Handle handle) {
  Pool& all = pool();
  const int32_t slot = handle & kSlotMask;
  const bool isKnown = handle > 0 && static_cast<size_t>(slot) < all.slots.size() && all.slots[slot].memory != nullptr &&
                       all.slots[slot].generation == handle >> kSlotBits;
  if (!isKnown) throw std::out_of_range("no block has the handle " + std::to_string(handle));
  return all.slots[slot];
}

}  // namespace

Handle allocateBlock(int64_t bytes) {
  if (bytes < 0) throw std::out_of_range("a block of " + std::to_string(bytes) + " bytes cannot be");
  Pool& all = pool();
  int64_t capacity = roundCapacity(bytes);
  void* memory = takeIdle(all, &capacity);
  if (memory == nullptr) {
    memory = allocateAligned(static_cast<size_t>(capacity));
    all.counters.allocations++;
  }
  int32_t slot = 0;
  if (all.freeSlots.empty()) {
    slot = static_cast<int32_t>(all.slots.size());
    if (slot > kSlotMask) throw std::bad_alloc();
    all.slots.emplace_back();
  } else {
    slot = all.freeSlots.back();
    all.freeSlots.pop_back();
  }
  Block& block = all.slots[slot];
  block.memory = memory;
  block.bytes = bytes;
  block.capacity = capacity;
  block.stamp = ++all.lastStamp;
  all.counters.blocks++;
  all.counters.bytesInUse += capacity;
  return block.generation << kSlotBits | slot;
}

void freeBlock(Handle handle) {
  Block& block = requireBlock(handle);
  Pool& all = pool();
  dropPackedWeights(block.stamp);
  all.counters.blocks--;
  all.counters.bytesInUse -= block.capacity;
  all.idle.emplace(block.capacity, block.memory);
  all.counters.bytesIdle += block.capacity;
  releaseIdle(all, kIsSanitized ? 0 : std::max(kIdleFloorBytes, all.counters.bytesInUse / 2));
  block.memory = nullptr;
  block.generation = (block.generation + 1) % kGenerations;
  all.freeSlots.push_back(handle & kSlotMask);
}

void* blockData(Handle handle, int64_t bytes) {
  const Block& block = requireBlock(handle);
  if (bytes < 0 || bytes > block.bytes) {
    throw std::out_of_range("the block " + std::to_string(handle) + " has " + std::to_string(block.bytes) +
                            " bytes, fewer than the " + std::to_string(bytes) + " of this shape");
  }
  return block.memory;
}

int64_t blockBytes(Handle handle) { return requireBlock(handle).bytes; }

uint64_t blockStamp(Handle handle) { return requireBlock(handle).stamp; }

void touchBlock(Handle handle) {
  Block& block = requireBlock(handle);
  const uint64_t stamp = ++pool().lastStamp;
  renamePackedWeights(block.stamp, stamp);
  block.stamp = stamp;
}

MemoryCounters memoryCounters() { return pool().counters; }

void* allocateAligned(size_t bytes) {
  const bool isLarge = bytes >= 2 * kHugePage;
  const size_t alignment = isLarge ? kHugePage : kAlignment;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes == 0 ? 1 : bytes) != 0) throw std::bad_alloc();
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Whole pages only: the tail may share its last one with other memory. Refused (old kernel, switched off), nothing is lost.
  if (isLarge) (void)madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return memory;
}

void freeAligned(void* memory, size_t) { std::free(memory); }

Scratch::~Scratch() {
  for (Chunk& chunk : chunks_) {
    if (chunk.memory != nullptr) freeAligned(chunk.memory, chunk.bytes);
  }
}

void* Scratch::takeBytes(size_t bytes) {
  const size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  while (chunks_[chunk_].memory == nullptr || chunks_[chunk_].bytes - used_ < size) {
    Chunk& chunk = chunks_[chunk_];
    if (chunk.memory != nullptr && used_ > 0) {
      if (chunk_ + 1 == kMaxChunks) throw std::bad_alloc();
      chunk_++;
      used_ = 0;
      continue;
    }
    // An empty chunk that is too small makes room for a larger one; those behind it are looked at later.
    if (chunk.memory != nullptr) freeAligned(chunk.memory, chunk.bytes);
    chunk = {};
    const size_t wanted = std::max(size, size_t{256} << 10);
    chunk = {static_cast<char*>(allocateAligned(wanted)), wanted};
  }
  void* taken = chunks_[chunk_].memory + used_;
  used_ += size;
  return taken;
}

Scratch& threadScratch() {
  static thread_local Scratch scratch;
  return scratch;
}

}  // namespace bleubird
