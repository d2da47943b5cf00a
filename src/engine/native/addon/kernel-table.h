// The kernels of one instruction set as function pointers. Each kernels/*.cc is compiled once for every set, inside the
// namespace bleubird::BLEUBIRD_ISA; kernels/table.cc fills one table for each.
#pragma once

#include "kernels/attention.h"
#include "kernels/cached-attention.h"
#include "kernels/cross-entropy.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "kernels/top-pieces.h"

namespace bleubird {

struct KernelTable {
  void (*gemm)(const Gemm& product);
  void (*gemmInOneThread)(const Gemm& product, Scratch& scratch);
  void (*embed)(const Embed& call);
  void (*embedBackward)(const EmbedBackward& call);
  void (*layerNorm)(const LayerNorm& call);
  void (*layerNormBackward)(const LayerNormBackward& call);
  void (*activationBackward)(const ActivationBackward& call);
  void (*dropElements)(const float* x, float* output, int64_t size, const Dropout& dropout);
  void (*fill)(float* output, int64_t size, float value);
  void (*add)(const float* a, const float* b, float* output, int64_t size);
  double (*sumOfSquares)(const FloatSpan* tensors, int64_t count);
  void (*adamw)(const AdamWParameter* parameters, int64_t count, const AdamWNumbers& numbers);
  void (*attention)(const Attention& call, float* output);
  void (*attentionBackward)(const Attention& call, const float* gradOutput, float* gradQuery, float* gradKey,
                            float* gradValue);
  double (*crossEntropy)(const CrossEntropy& call, const CrossEntropyGradients* gradients);
  void (*cachedSelfAttention)(const CachedSelfAttention& call);
  void (*cachedSourceAttention)(const CachedSourceAttention& call);
  void (*layOutSource)(const SourceLayout& call);
  void (*topPieces)(const TopPieces& call);
};

#define BLEUBIRD_DECLARE_TABLE(isa)        \
  namespace isa {                          \
  extern const KernelTable kernelTable;    \
  }
BLEUBIRD_DECLARE_TABLE(generic)
#if defined(__x86_64__)
BLEUBIRD_DECLARE_TABLE(avx2)
BLEUBIRD_DECLARE_TABLE(avx512)
BLEUBIRD_DECLARE_TABLE(avx512bf16)
BLEUBIRD_DECLARE_TABLE(amx)
#endif
#undef BLEUBIRD_DECLARE_TABLE

}  // namespace bleubird
