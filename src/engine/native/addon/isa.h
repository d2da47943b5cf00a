// Which instruction set the kernels run on. Each is a table of functions compiled with its flags; one is current.
#pragma once

#include <string>
#include <vector>

#include "kernel-table.h"

namespace bleubird {

struct IsaState {
  const char* name;            // 'generic', 'avx2', 'avx512', 'avx512bf16', 'amx'
  const KernelTable* table;    // null where the compiler refused it
  bool isSupported;            // by this processor and system
  std::string obstacle;        // why not, for people
};

/** All of this build, slowest first. */
const std::vector<IsaState>& allIsas();

/** The best supported, or the one named. @throws std::runtime_error when that is unknown or impossible here */
void chooseIsa(const std::string& nameOrEmpty);
const IsaState& currentIsa();

/** The kernels of the current instruction set. */
const KernelTable& kernels();

/** Whether matrix products of the current instruction set are faster with bf16 inputs than with f32. */
bool isBf16Faster();

/** Whether matrix products round their inputs to bf16: the setting `precision`. */
bool usesBf16();
void setUsesBf16(bool value);

}  // namespace bleubird
