// A block that is given back with its owner.
#pragma once

#include <utility>

#include "memory.h"

namespace bleubird {

class OwnedBlock {
 public:
  OwnedBlock() = default;
  explicit OwnedBlock(int64_t floats) : handle_(allocateBlock(floats * static_cast<int64_t>(sizeof(float)))), floats_(floats) {}
  OwnedBlock(OwnedBlock&& other) noexcept { swap(other); }
  OwnedBlock& operator=(OwnedBlock&& other) noexcept {
    swap(other);
    return *this;
  }
  ~OwnedBlock() {
    if (handle_ != 0) freeBlock(handle_);
  }
  float* data() const { return static_cast<float*>(blockData(handle_, floats_ * static_cast<int64_t>(sizeof(float)))); }
  int64_t floats() const { return floats_; }
  Handle handle() const { return handle_; }

 private:
  void swap(OwnedBlock& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(floats_, other.floats_);
  }

  Handle handle_ = 0;
  int64_t floats_ = 0;
};

}  // namespace bleubird
