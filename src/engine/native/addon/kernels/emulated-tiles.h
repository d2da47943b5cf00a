// AMX's tiles in plain C++, for tests on processors without them: `build-addon.mjs --emulate-tiles`. Slow, and as the
// manual has it: tiles of the calling thread, faults where the hardware would fault.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

// GCC's are macros.
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbf16ps

namespace bleubird::BLEUBIRD_ISA {

struct EmulatedTiles {
  bool isConfigured = false;
  uint32_t words[8][16][16] = {};
};

inline EmulatedTiles& emulatedTiles() {
  static thread_local EmulatedTiles tiles;
  return tiles;
}

inline EmulatedTiles& configuredTiles() {
  if (!emulatedTiles().isConfigured) std::abort();
  return emulatedTiles();
}

inline void _tile_loadconfig(const void* config) {
  const auto* bytes = static_cast<const uint8_t*>(config);
  if (bytes[0] != 1) std::abort();
  for (int tile = 0; tile < 8; tile++) {
    uint16_t rowBytes;
    std::memcpy(&rowBytes, bytes + 16 + 2 * tile, sizeof rowBytes);
    if (rowBytes != 64 || bytes[48 + tile] != 16) std::abort();
  }
  emulatedTiles().isConfigured = true;
}

inline void _tile_release() { emulatedTiles().isConfigured = false; }

inline void _tile_zero(int tile) { std::memset(configuredTiles().words[tile], 0, 1024); }

inline void _tile_loadd(int tile, const void* from, int64_t stride) {
  for (int row = 0; row < 16; row++) {
    std::memcpy(configuredTiles().words[tile][row], static_cast<const char*>(from) + row * stride, 64);
  }
}

inline void _tile_stored(int tile, void* to, int64_t stride) {
  for (int row = 0; row < 16; row++) {
    std::memcpy(static_cast<char*>(to) + row * stride, configuredTiles().words[tile][row], 64);
  }
}

inline float bf16Half(uint32_t word, int half) {
  const uint32_t bits = half == 0 ? word << 16 : word & 0xffff0000u;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline void _tile_dpbf16ps(int sum, int a, int b) {
  auto& words = configuredTiles().words;
  for (int row = 0; row < 16; row++) {
    for (int pair = 0; pair < 16; pair++) {
      for (int column = 0; column < 16; column++) {
        float value;
        std::memcpy(&value, &words[sum][row][column], sizeof value);
        for (int half = 0; half < 2; half++) {
          value += bf16Half(words[a][row][pair], half) * bf16Half(words[b][pair][column], half);
        }
        std::memcpy(&words[sum][row][column], &value, sizeof value);
      }
    }
  }
}

}  // namespace bleubird::BLEUBIRD_ISA
