// Operations that treat a matrix row by row, or a tensor element by element: bound by memory, not by arithmetic.
// N rows, D their width. Pointers are borrowed for one call. Every sum over rows is made of blocks of a fixed number of
// rows, so that no result depends on the number of threads.
#pragma once

#include "dropout.h"
#include "gemm.h"

namespace bleubird {

/** output = dropout(table[ids] · scale + positions[places]); `dropout` may be null, here and below. */
struct Embed {
  int64_t rows, width;
  const float* table;
  const int32_t* ids;  // [N]
  const float* positions;
  const int32_t* places;  // [N]
  float scale;
  const Dropout* dropout;
  float* output;  // [N, D]
};

/** gradTable[id] += scale · dropout(gradOutput[row]) for each row, those of one id in their order. */
struct EmbedBackward {
  int64_t groups, width;
  const float* gradOutput;     // [N, D]
  const int32_t* groupIds;     // [groups] each id once
  const int32_t* groupStarts;  // [groups + 1] where the rows of each begin in `groupRows`
  const int32_t* groupRows;
  float scale;
  const Dropout* dropout;
  float* gradTable;
};

/** output = norm(residual + dropout(x)) · weight + bias */
struct LayerNorm {
  int64_t rows, width;
  const float* x;         // [N, D]
  const float* residual;  // [N, D]
  const float* weight;    // [D]
  const float* bias;      // [D]
  const Dropout* dropout;
  float* normalized;        // [N, D], kept for the way back
  float* inverseDeviation;  // [N], likewise
  float* output;            // [N, D]
};

struct LayerNormBackward {
  int64_t rows, width;
  const float* gradOutput;        // [N, D]
  const float* normalized;        // [N, D]
  const float* inverseDeviation;  // [N]
  const float* weight;            // [D]
  const Dropout* dropout;
  float* gradX;         // [N, D]; null without dropout, since it equals gradResidual
  float* gradResidual;  // [N, D]
  float* gradWeight;    // [D]
  bool addsToWeight;    // else replaces what is there
  float* gradBias;      // [D]
  bool addsToBias;
};

/** The gradient of activation(sum) turned into that of `sum`, and the sum of its rows: the gradient of a bias. */
struct ActivationBackward {
  int64_t rows, width;
  const float* gradOutput;  // [N, D]
  const float* sum;         // [N, D]; unused for Activation::none
  Activation activation;
  float* gradSum;   // [N, D]; unused for Activation::none, since it equals gradOutput
  float* gradBias;  // [D]
  bool addsToBias;
};

struct FloatSpan {
  const float* values;
  int64_t size;
};

struct AdamWParameter {
  float* value;
  const float* gradient;
  float* mean;
  float* square;
  int64_t size;
  bool isDecayed;
};

/** As AdamWNumbers of fused-ops.ts; `kept` is 1 - decay. */
struct AdamWNumbers {
  float gradientScale, oneMinusBeta1, beta2, oneMinusBeta2, epsilon, stepSize, squareCorrection, kept;
};

}  // namespace bleubird

#ifdef BLEUBIRD_ISA
namespace bleubird::BLEUBIRD_ISA {

void embed(const Embed& call);
void embedBackward(const EmbedBackward& call);
void layerNorm(const LayerNorm& call);
void layerNormBackward(const LayerNormBackward& call);
void activationBackward(const ActivationBackward& call);
/** output = dropout(x) */
void dropElements(const float* x, float* output, int64_t size, const Dropout& dropout);
void fill(float* output, int64_t size, float value);
/** output = a + b */
void add(const float* a, const float* b, float* output, int64_t size);
/** Over all the tensors. */
double sumOfSquares(const FloatSpan* tensors, int64_t count);
/** One step on every parameter, in place; in the order of adamw.ts's arithmetic. */
void adamw(const AdamWParameter* parameters, int64_t count, const AdamWNumbers& numbers);

}  // namespace bleubird::BLEUBIRD_ISA
#endif
