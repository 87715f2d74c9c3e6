// Rows too short to fill the vectors: as many rows as a vector has lanes are turned, so that each
// row has a lane of its own and loops over elements are loops of whole vectors.
#pragma once

#include "elementwise_nest.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {

inline constexpr Index kLanesOfRows = kLanes<float>;
// From 33 elements on, rows by themselves measured as fast or faster (AVX-512); 10 classes are 4.7
// times faster side by side.
inline constexpr Index kLongestNarrowRow = 32;

inline bool isNarrow(Index n) { return n > 0 && n <= kLongestNarrowRow; }

// Elements of kLanesOfRows rows, those of one column beside each other.
using RowTile = float[kLongestNarrowRow * kLanesOfRows];

// Lanes without a row are zeros.
inline void loadTile(const float* x, Index n, Index rows, float* tile) {
  if (rows < kLanesOfRows)
    for (Index i = 0; i < n * kLanesOfRows; i++) tile[i] = 0;
  for (Index lane = 0; lane < rows; lane++)
    for (Index c = 0; c < n; c++) tile[c * kLanesOfRows + lane] = x[lane * n + c];
}

inline void storeTile(const float* tile, Index n, Index rows, float* y) {
  for (Index lane = 0; lane < rows; lane++)
    for (Index c = 0; c < n; c++) y[lane * n + c] = tile[c * kLanesOfRows + lane];
}

}  // namespace neurone::NEURONE_ISA
