// Dropout as three arguments of a call: rate (0 for none), seedKey, siteKey; the last two any 32-bit numbers.
#pragma once

#include <cmath>
#include <stdexcept>

#include "../kernels/dropout.h"
#include "../napi/napi-helpers.h"

namespace bleubird {

class DropoutArgument {
 public:
  /** @throws std::out_of_range when the rate is not in [0, 1) */
  DropoutArgument(const Arguments& arguments, size_t index) : rate_(arguments.number(index)) {
    if (!(rate_ >= 0 && rate_ < 1)) throw std::out_of_range("a dropout rate must be in [0, 1)");
    dropout_.threshold = static_cast<uint32_t>(std::fmin(std::round(rate_ * 4294967296.0), 4294967295.0));
    dropout_.kept = static_cast<float>(1 / (1 - rate_));
    dropout_.seedKey = static_cast<uint32_t>(arguments.integer(index + 1));
    dropout_.siteKey = static_cast<uint32_t>(arguments.integer(index + 2));
  }
  const Dropout* orNull() const { return rate_ == 0 ? nullptr : &dropout_; }

 private:
  double rate_;
  Dropout dropout_;
};

}  // namespace bleubird
