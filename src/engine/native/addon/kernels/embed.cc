#include "row-blocks.h"
#include "rows.h"

namespace bleubird::BLEUBIRD_ISA {

void embed(const Embed& call) {
  const int64_t width = call.width;
  parallelFor(call.rows, rowsOfPiece(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = call.table + call.ids[row] * width;
      const float* position = call.positions + call.places[row] * width;
      float* to = call.output + row * width;
      for (int64_t column = 0; column < width; column += kLanes) {
        const int64_t left = width - column;
        const Vec placed = loadFirst(from + column, left) * call.scale + loadFirst(position + column, left);
        storeFirst(to + column, placed * dropoutFactors(call.dropout, row * width + column), left);
      }
    }
  });
}

void embedBackward(const EmbedBackward& call) {
  const int64_t width = call.width;
  parallelFor(call.groups, rowsOfPiece(width), [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; group++) {
      float* to = call.gradTable + call.groupIds[group] * width;
      for (int64_t column = 0; column < width; column += kLanes) {
        const int64_t left = width - column;
        Vec sum{};
        for (int64_t place = call.groupStarts[group]; place < call.groupStarts[group + 1]; place++) {
          const int64_t first = call.groupRows[place] * width + column;
          sum += loadFirst(call.gradOutput + first, left) * dropoutFactors(call.dropout, first);
        }
        storeFirst(to + column, loadFirst(to + column, left) + sum * call.scale, left);
      }
    }
  });
}

}  // namespace bleubird::BLEUBIRD_ISA
