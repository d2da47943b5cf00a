#include "../kernel-table.h"

namespace bleubird::BLEUBIRD_ISA {

const KernelTable kernelTable = {
    gemm,
    gemmInOneThread,
    embed,
    embedBackward,
    layerNorm,
    layerNormBackward,
    activationBackward,
    dropElements,
    fill,
    add,
    sumOfSquares,
    adamw,
    attention,
    attentionBackward,
    crossEntropy,
    cachedSelfAttention,
    cachedSourceAttention,
    layOutSource,
    topPieces,
};

}  // namespace bleubird::BLEUBIRD_ISA
