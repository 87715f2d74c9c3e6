// Matrix products on register tiles, with B in panels of kPanel columns that lie one after the
// other: what all algorithms but the direct ones multiply with.
#pragma once

#include "convolution_epilogue.h"
#include "gemm_pack.h"
#include "gemm_tile.h"

namespace neurone::NEURONE_ISA::convolution {

using gemm::kLanes;
using gemm::kMaxRows;
using gemm::kPanel;

inline constexpr Index kLineFloats = 16;  // of one line of a cache

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
  bool fetch = false;                  // C is not in a cache
  const Epilogue* epilogue = nullptr;  // of sums that are complete with this, from column 0 on
  const float* ahead = nullptr;        // what comes next: k rows of a few lines to ask for
  Index aheadStride = 0, aheadLines = 0;
};

// How products of several slices take their sums through an epilogue: what the tiles know is left
// to them.
struct Ending {
  const float* bias;
  bool relu = false;
  Epilogue rest;

  explicit Ending(const Epilogue& e) : bias(e.scale ? nullptr : e.bias), rest(e) {
    if (e.scale) return;
    rest.bias = nullptr;
    if (e.residual) return;
    relu = e.activation == Activation::relu;
    if (relu) rest.activation = Activation::linear;
  }

  // To the last slice.
  void apply(Multiply& m) const {
    m.relu = relu;
    if (!rest.isNothing()) m.epilogue = &rest;
  }
};

inline Index tilesOf(const Multiply& m) {
  return ceilDiv(m.rows, kMaxRows) * ceilDiv(m.columns, kPanel);
}

// C = A·B, or C += A·B to resume. A panel stays in the L1 or L2 cache for all rows. `before` is
// called with the number of each tile.
template <bool kRowsTogether, class Before>
inline void multiply(const Multiply& m, Before before) noexcept {
  const Index tiles = ceilDiv(m.rows, kMaxRows);
  Index done = 0;
  gemm::TileArgs t;
  t.aStride = m.aStride;
  t.bStride = kPanel;
  t.cStride = m.cStride;
  t.k = m.k;
  t.resume = m.resume;
  t.relu = m.relu;
  t.fetchC = m.fetch;
  t.aheadStride = m.aheadStride;
  Index line = 0;
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
      before(done++);
      t.ahead = line < m.aheadLines ? m.ahead + line++ * kLineFloats : nullptr;
      run(t);
      if (m.epilogue) finishRows(m.epilogue->from(j), t.c, m.cStride, rows, width);
    }
  }
}

template <bool kRowsTogether>
inline void multiply(const Multiply& m) noexcept {
  multiply<kRowsTogether>(m, [](Index) {});
}

}  // namespace neurone::NEURONE_ISA::convolution
