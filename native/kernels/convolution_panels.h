// Matrix products on register tiles, with B in panels of kPanel columns that lie one after the
// other: what all algorithms but the direct ones multiply with.
#pragma once

#include "convolution.h"
#include "gemm_pack.h"
#include "gemm_tile.h"

namespace neurone::NEURONE_ISA::convolution {

using gemm::kLanes;
using gemm::kMaxRows;
using gemm::kPanel;

struct Multiply {
  const float* a = nullptr;
  Index aStride = 0;  // between rows, or between k when rows lie together
  const float* panels = nullptr;
  Index panelStride = 0;  // floats between panels
  float* c = nullptr;
  Index cStride = 0;
  Index rows = 0, columns = 0, k = 0;
  const float* bias = nullptr;  // per column; what sums start with
  bool resume = false, relu = false;
  bool fetch = false;  // C is not in a cache
};

// C = A·B, or C += A·B to resume. A panel stays in the L1 or L2 cache for all rows.
template <bool kRowsTogether>
inline void multiply(const Multiply& m) noexcept {
  const Index tiles = ceilDiv(m.rows, kMaxRows);
  gemm::TileArgs t;
  t.aStride = m.aStride;
  t.bStride = kPanel;
  t.cStride = m.cStride;
  t.k = m.k;
  t.resume = m.resume;
  t.relu = m.relu;
  t.fetchC = m.fetch;
  for (Index j = 0; j < m.columns; j += kPanel) {
    const Index left = least(m.columns - j, kPanel);
    t.b = m.panels + j / kPanel * m.panelStride;
    t.bias = m.bias ? m.bias + j : nullptr;
    for (Index tile = 0; tile < tiles; tile++) {
      const Index row = tile * m.rows / tiles, rows = (tile + 1) * m.rows / tiles - row;
      std::int64_t width = 0;
      gemm::Tile run;
      if constexpr (kRowsTogether)
        run = gemm::kTilesAlongRows.choose(rows, left, width);
      else
        run = gemm::kTilesAlongK.choose(rows, left, width);
      t.a = m.a + (kRowsTogether ? row : row * m.aStride);
      t.c = m.c + row * m.cStride + j;
      t.mask = gemm::firstLanes((width - 1) % kLanes + 1);
      run(t);
    }
  }
}

}  // namespace neurone::NEURONE_ISA::convolution
