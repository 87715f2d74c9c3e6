// Softmax of rows too narrow for vectors, as many side by side as there are lanes.
#pragma once

#include "narrow_rows.h"
#include "softmax.h"

namespace neurone::NEURONE_ISA {

[[gnu::always_inline]] inline Floats largestOfTile(const RowTile& tile, Index n) {
  Floats largest = all(-kInfinity);
  for (Index c = 0; c < n; c++) largest = Largest{}(load(tile + c * kFloats), largest);
  return largest;
}

// The scaled exponentials of column c go to keep(c, e).
template <class Keep>
[[gnu::always_inline]] inline LaneSums expTile(const RowTile& tile, Index n, Keep keep) {
  LaneSums lanes{largestOfTile(tile, n), {}};
  for (Index c = 0; c < n; c++) {
    const Floats e = scaledExp(load(tile + c * kFloats) - lanes.largest);
    keep(c, e);
    lanes.sum += e;
  }
  return lanes;
}

[[gnu::always_inline]] inline auto keepIn(float* tile) {
  return [tile](Index c, const Floats& e) { store(tile + c * kFloats, e); };
}

// The tile times `scale`, lane by lane.
[[gnu::always_inline]] inline void scaleTile(RowTile& tile, Index n, const Floats& scale) {
  for (Index c = 0; c < n; c++) store(tile + c * kFloats, load(tile + c * kFloats) * scale);
}

}  // namespace neurone::NEURONE_ISA
