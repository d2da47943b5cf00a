#include "isa.h"

#include <cstring>
#include <stdexcept>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace bleubird {
namespace {

#if defined(__x86_64__)
// Where the compiler refuses an instruction set, build-addon.mjs leaves its kernels out and says so.
#if defined(BLEUBIRD_WITHOUT_avx2)
constexpr const KernelTable* kAvx2Kernels = nullptr;
#else
constexpr const KernelTable* kAvx2Kernels = &avx2::kernelTable;
#endif
#if defined(BLEUBIRD_WITHOUT_avx512)
constexpr const KernelTable* kAvx512Kernels = nullptr;
#else
constexpr const KernelTable* kAvx512Kernels = &avx512::kernelTable;
#endif
#if defined(BLEUBIRD_WITHOUT_avx512bf16)
constexpr const KernelTable* kAvx512Bf16Kernels = nullptr;
#else
constexpr const KernelTable* kAvx512Bf16Kernels = &avx512bf16::kernelTable;
#endif
#if defined(BLEUBIRD_WITHOUT_amx)
constexpr const KernelTable* kAmxKernels = nullptr;
#else
constexpr const KernelTable* kAmxKernels = &amx::kernelTable;
#endif

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers found;
  if (__get_cpuid_count(leaf, subleaf, &found.eax, &found.ebx, &found.ecx, &found.edx) == 0) return {};
  return found;
}

bool hasBits(unsigned value, unsigned wanted) { return (value & wanted) == wanted; }

/** Which registers the system saves: XCR0; 0 when it does not say. */
uint64_t savedState() {
  if (!hasBits(cpuid(1, 0).ecx, 1u << 27)) return 0;
  unsigned low = 0;
  unsigned high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

bool isAmd() {
  const Registers vendor = cpuid(0, 0);
  char name[12];
  std::memcpy(name, &vendor.ebx, 4);
  std::memcpy(name + 4, &vendor.edx, 4);
  std::memcpy(name + 8, &vendor.ecx, 4);
  return std::memcmp(name, "AuthenticAMD", sizeof name) == 0;
}

std::string avx2Obstacle() {
  if (!hasBits(cpuid(7, 0).ebx, 1u << 5)) return "the processor has no AVX2";
  if (!hasBits(cpuid(1, 0).ecx, 1u << 12)) return "the processor has no FMA";
  if ((savedState() & 0x6) != 0x6) return "the system does not save AVX registers";
  return "";
}

std::string avx512Obstacle() {
  // F, DQ, BW, VL
  if (!hasBits(cpuid(7, 0).ebx, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31)) return "the processor has no AVX-512";
  if ((savedState() & 0xe6) != 0xe6) return "the system does not save AVX-512 registers";
  return avx2Obstacle();
}

std::string avx512Bf16Obstacle() {
  const std::string obstacle = avx512Obstacle();
  if (!obstacle.empty()) return obstacle;
  return hasBits(cpuid(7, 1).eax, 1u << 5) ? "" : "the processor has no AVX-512 with bf16";
}

#if !defined(BLEUBIRD_EMULATED_BUILD)
/** Linux gives tile registers to a process that asks; the answer holds for all its threads. */
std::string askForTiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM, docs.kernel.org/arch/x86/xstate.html
  constexpr long kTileData = 18;
  if (syscall(SYS_arch_prctl, kRequestPermission, kTileData) != 0) return "the system refuses AMX (Linux 5.16 gives it)";
  return "";
#else
  return "bleubird uses AMX on Linux only";
#endif
}
#endif

std::string amxObstacle() {
  const std::string obstacle = avx512Bf16Obstacle();
#if defined(BLEUBIRD_EMULATED_BUILD)
  return obstacle;
#else
  if (!obstacle.empty()) return obstacle;
  if (!hasBits(cpuid(7, 0).edx, 1u << 22 | 1u << 24)) return "the processor has no AMX with bf16";
  if ((savedState() & 0x60000) != 0x60000) return "the system does not save AMX tiles";
  return askForTiles();
#endif
}

/** On Intel's processors vdpbf16ps is slower than multiplying f32 (2.5 times, measured on Sapphire Rapids). */
bool isBf16Worthwhile(const std::string& name) { return name == "amx" || (name == "avx512bf16" && isAmd()); }
#else
bool isBf16Worthwhile(const std::string&) { return false; }
#endif

std::vector<IsaState> detect() {
  std::vector<IsaState> states;
  states.push_back({"generic", &generic::kernelTable, true, ""});
#if defined(__x86_64__)
  const auto add = [&](const char* name, const char* title, const KernelTable* table, std::string obstacle) {
    if (obstacle.empty() && table == nullptr) obstacle = std::string("the compiler knows no ") + title;
    states.push_back({name, table, obstacle.empty(), obstacle});
  };
  add("avx2", "AVX2", kAvx2Kernels, avx2Obstacle());
  add("avx512", "AVX-512", kAvx512Kernels, avx512Obstacle());
  add("avx512bf16", "AVX-512 with bf16", kAvx512Bf16Kernels, avx512Bf16Obstacle());
  add("amx", "AMX", kAmxKernels, amxObstacle());
#endif
  return states;
}

const IsaState& best() {
  const IsaState* chosen = nullptr;
  for (const IsaState& isa : allIsas()) {
    const bool isPointless = std::strcmp(isa.name, "avx512bf16") == 0 && !isBf16Worthwhile(isa.name);
    if (isa.isSupported && !isPointless) chosen = &isa;
  }
  return *chosen;
}

const IsaState*& current() {
  static const IsaState* isa = &best();
  return isa;
}

bool& bf16Setting() {
  static bool value = false;
  return value;
}

}  // namespace

const std::vector<IsaState>& allIsas() {
  static const std::vector<IsaState>* const states = new std::vector<IsaState>(detect());
  return *states;
}

void chooseIsa(const std::string& nameOrEmpty) {
  if (nameOrEmpty.empty()) {
    current() = &best();
    return;
  }
  std::string known;
  for (const IsaState& isa : allIsas()) {
    known += std::string(known.empty() ? "" : ", ") + isa.name;
    if (nameOrEmpty != isa.name) continue;
    if (!isa.isSupported) throw std::runtime_error("the instruction set " + nameOrEmpty + " cannot be used: " + isa.obstacle);
    current() = &isa;
    return;
  }
  throw std::runtime_error("the instruction set \"" + nameOrEmpty + "\" is not known; expected one of: " + known);
}

const IsaState& currentIsa() { return *current(); }

const KernelTable& kernels() { return *current()->table; }

bool isBf16Faster() { return isBf16Worthwhile(current()->name); }

bool usesBf16() { return bf16Setting(); }

void setUsesBf16(bool value) { bf16Setting() = value; }

}  // namespace bleubird
