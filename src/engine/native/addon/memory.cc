#include "memory.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "packed-weights.h"

namespace bleubird {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr int64_t kIdleFloorBytes = int64_t{32} << 20;
// From here on memory is mapped by itself.
constexpr size_t kMappedBytes = size_t{256} << 10;

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
  int64_t asked = 0;      // by blocks in use, rounded up: what they have may be more
  int64_t mostAsked = 0;  // at once, ever
  uint64_t lastStamp = 0;
};

std::atomic<int64_t> systemAllocations{0};  // workers ask too, for scratch

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

/** The smallest idle block of `*capacity` bytes or more, but `atMost`, or null. Sets `*capacity` to what it has. */
void* takeIdle(Pool& pool, int64_t* capacity, int64_t atMost) {
  const auto found = pool.idle.lower_bound(*capacity);
  if (found == pool.idle.end() || found->first > atMost) return nullptr;
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

/** From the system; when it has none left, once more after all that is idle was given back. */
void* allocateFresh(Pool& pool, size_t bytes) {
  try {
    return allocateAligned(bytes);
  } catch (const std::bad_alloc&) {
    if (pool.idle.empty()) throw;
    releaseIdle(pool, 0);
    return allocateAligned(bytes);
  }
}

/** Before any memory is taken: nothing is lost when there is no slot. */
void addSlot(Pool& pool) {
  const auto slot = static_cast<int32_t>(pool.slots.size());
  if (slot > kSlotMask) throw std::bad_alloc();
  pool.slots.emplace_back();
  pool.freeSlots.push_back(slot);
}

/** With so much idle, and `bytes` more in use, the pool has little more than the most that was ever asked for at once. */
int64_t allowedIdle(const Pool& pool, int64_t bytes) {
  const int64_t most = std::max(pool.mostAsked, pool.asked + bytes);
  return std::max(kIdleFloorBytes, most + most / 16 - pool.counters.bytesInUse - bytes);
}

bool isMapped(size_t bytes) { return !kIsSanitized && bytes >= kMappedBytes; }

size_t roundToPages(size_t bytes) {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
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
  if (all.freeSlots.empty()) addSlot(all);
  int64_t capacity = roundCapacity(bytes);
  const int64_t asked = capacity;
  const int64_t idleLimit = allowedIdle(all, asked);
  // Fresh memory is dear: before another block makes room for it, one much too large serves.
  const bool isFull = all.counters.bytesIdle > idleLimit;
  void* memory = takeIdle(all, &capacity, isFull ? capacity * 4 : capacity + capacity / 2);
  if (memory == nullptr) {
    releaseIdle(all, idleLimit);
    memory = allocateFresh(all, static_cast<size_t>(capacity));
  }
  const int32_t slot = all.freeSlots.back();
  all.freeSlots.pop_back();
  Block& block = all.slots[slot];
  block.memory = memory;
  block.bytes = bytes;
  block.capacity = capacity;
  block.stamp = ++all.lastStamp;
  all.asked += asked;
  all.mostAsked = std::max(all.mostAsked, all.asked);
  all.counters.blocks++;
  all.counters.bytesInUse += capacity;
  return block.generation << kSlotBits | slot;
}

void freeBlock(Handle handle) {
  Block& block = requireBlock(handle);
  Pool& all = pool();
  dropPackedWeights(block.stamp);
  all.counters.blocks--;
  all.asked -= roundCapacity(block.bytes);
  all.counters.bytesInUse -= block.capacity;
  all.idle.emplace(block.capacity, block.memory);
  all.counters.bytesIdle += block.capacity;
  if (kIsSanitized) releaseIdle(all, 0);
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

MemoryCounters memoryCounters() {
  MemoryCounters counters = pool().counters;
  counters.allocations = systemAllocations.load();
  return counters;
}

// Large memory is mapped by itself, so that what is given back goes back: in malloc's heap, blocks of ever other sizes
// leave holes that no later one fits.
void* allocateAligned(size_t bytes) {
  systemAllocations.fetch_add(1, std::memory_order_relaxed);
  if (!isMapped(bytes)) {
    void* memory = nullptr;
    if (posix_memalign(&memory, kAlignment, std::max<size_t>(bytes, 1)) != 0) throw std::bad_alloc();
    return memory;
  }
  const bool isHuge = bytes >= 2 * kHugePage;
  const size_t spare = isHuge ? kHugePage : 0;
  const size_t length = roundToPages(bytes);
  void* mapped = mmap(nullptr, length + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  if (!isHuge) return mapped;
  // Begins with a huge page; what was mapped beyond either end goes back.
  char* const start = static_cast<char*>(mapped);
  const size_t before = (kHugePage - reinterpret_cast<uintptr_t>(start) % kHugePage) % kHugePage;
  if (before > 0) munmap(start, before);
  if (before < spare) munmap(start + before + length, spare - before);
#if defined(MADV_HUGEPAGE)
  // Whole pages only. Refused (old kernel, switched off), nothing is lost.
  (void)madvise(start + before, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return start + before;
}

void freeAligned(void* memory, size_t bytes) {
  if (isMapped(bytes)) {
    munmap(memory, roundToPages(bytes));
  } else {
    std::free(memory);
  }
}

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
