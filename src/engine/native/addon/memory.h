// The memory of tensors: blocks named by handles, pooled, 64-byte aligned, reused without returning to the system.
// A handle carries a generation, so that one kept after its block was freed is refused, not followed, until its place has
// been used 2,048 times more.
// Not for threads: all of it is called from the main thread; workers only get pointers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bleubird {

/** Positive; 0 is never one. */
using Handle = int32_t;

/** Contents are undefined. @throws std::bad_alloc, std::out_of_range when `bytes` is negative */
Handle allocateBlock(int64_t bytes);
void freeBlock(Handle handle);

/** Where the block lies, until it is freed. @throws std::out_of_range when it is unknown or smaller than `bytes` */
void* blockData(Handle handle, int64_t bytes);
int64_t blockBytes(Handle handle);

/**
 * A number that names the contents of the block: no other block, and no earlier contents of this one, ever had it. What
 * is derived from a block (a packed weight) is kept under its stamp. Whoever changes a block that may be a weight says so
 * by `touchBlock`: AdamW and writes from JavaScript do; kernels that fill fresh blocks need not.
 */
uint64_t blockStamp(Handle handle);
void touchBlock(Handle handle);

struct MemoryCounters {
  int64_t blocks;          // in use
  int64_t bytesInUse;      // by blocks, as rounded up
  int64_t bytesIdle;       // kept for the next block
  int64_t allocations;     // from the system, ever: for blocks, scratch and packed weights
};
MemoryCounters memoryCounters();

/** Aligned memory from the system, huge pages where they help; for the pool and for scratch. @throws std::bad_alloc */
void* allocateAligned(size_t bytes);
void freeAligned(void* memory, size_t bytes);

/**
 * Temporary memory of one thread, taken like a stack: it grows in the first steps and stays.
 * `ScratchFrame` gives back at its end what was taken since its beginning.
 */
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  /** 64-byte aligned, undefined contents. */
  void* takeBytes(size_t bytes);
  float* takeFloats(int64_t count) { return static_cast<float*>(takeBytes(static_cast<size_t>(count) * sizeof(float))); }

 private:
  friend class ScratchFrame;
  static constexpr int kMaxChunks = 40;
  struct Chunk {
    char* memory;
    size_t bytes;
  };
  Chunk chunks_[kMaxChunks] = {};
  int chunk_ = 0;        // the one being taken from
  size_t used_ = 0;      // of that chunk
};

class ScratchFrame {
 public:
  explicit ScratchFrame(Scratch& scratch) : scratch_(scratch), chunk_(scratch.chunk_), used_(scratch.used_) {}
  ScratchFrame(const ScratchFrame&) = delete;
  ScratchFrame& operator=(const ScratchFrame&) = delete;
  ~ScratchFrame() {
    scratch_.chunk_ = chunk_;
    scratch_.used_ = used_;
  }

 private:
  Scratch& scratch_;
  int chunk_;
  size_t used_;
};

/** That of the calling thread: the main thread or a worker. */
Scratch& threadScratch();

}  // namespace bleubird
