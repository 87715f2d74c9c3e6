// Blocks of matrix products: loops over slices of k, packed panels of B and register tiles.
#include "gemm_block.h"

#include "gemm_activation.h"

namespace neurone::NEURONE_ISA::gemm {
namespace {

std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// B[k0.., column..] in panels of kPanel columns.
void packPanels(const Product& p, const float* b, std::int64_t k0, std::int64_t depth,
                std::int64_t column, std::int64_t columns, float* scratch) {
  for (std::int64_t j = 0; j < columns; j += kPanel) {
    const std::int64_t width = least(kPanel, columns - j);
    float* panel = scratch + j * depth;
    if (p.transposeB)
      packTransposed(b + (column + j) * p.k + k0, p.k, width, depth, panel, kPanel);
    else
      packRows(b + k0 * p.n + column + j, p.n, depth, width, panel, kPanel);
  }
}

// Rows [row, row + rows) of A for a slice of k, in the order in which a tile reads them.
void packTile(const Product& p, const float* a, std::int64_t row, std::int64_t rows,
              std::int64_t k0, std::int64_t depth, float* to) {
  if (p.transposeA)
    packNarrow(a + k0 * p.m + row, p.m, depth, rows, to);
  else
    packTransposed(a + row * p.k + k0, p.k, rows, depth, to, rows);
}

}  // namespace

std::int64_t scratchSize(const Product& p) {
  const std::int64_t depth = least(p.sliceK, p.k);
  const std::int64_t columns = (p.blockColumns + kPanel - 1) / kPanel * kPanel;
  return (p.packB ? depth * columns : 0) + (p.packA ? depth * kMaxRows + kLanes : 0);
}

void multiplyBlock(const Product& p, const Operands& o, std::int64_t row, std::int64_t rows,
                   std::int64_t column, std::int64_t columns, float* scratch) noexcept {
  const std::int64_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  const bool rowsTogether = p.packA || p.transposeA;
  TileArgs t;
  t.cStride = p.n;
  t.bStride = p.packB ? kPanel : p.n;
  std::int64_t k0 = 0;
  do {
    const std::int64_t depth = least(p.sliceK, p.k - k0);
    const bool last = k0 + depth == p.k;
    float* const packedA = scratch + scratchSize(p) - (depth * kMaxRows + kLanes);
    t.k = depth;
    t.resume = k0 > 0;
    t.fetchC = p.fetchC && k0 == 0;
    t.relu = last && p.activation == Activation::relu;
    if (p.packB) packPanels(p, o.b, k0, depth, column, columns, scratch);
    for (std::int64_t tile = 0; tile < tiles; tile++) {
      // Rows are shared out evenly: a short last tile would leave the pipeline half empty.
      const std::int64_t i = tile * rows / tiles, height = (tile + 1) * rows / tiles - i;
      if (p.packA) {
        packTile(p, o.a, row + i, height, k0, depth, packedA);
        t.a = packedA;
        t.aStride = height;
      } else {
        t.a = o.a + (p.transposeA ? k0 * p.m + row + i : (row + i) * p.k + k0);
        t.aStride = p.transposeA ? p.m : p.k;
      }
      for (std::int64_t j = 0, width; j < columns; j += width) {
        t.b = p.packB ? scratch + j * depth : o.b + k0 * p.n + column + j;
        t.c = o.c + (row + i) * p.n + column + j;
        t.bias = o.bias ? o.bias + column + j : nullptr;
        const std::int64_t left = p.packB ? least(columns - j, kPanel) : columns - j;
        const Tile run = rowsTogether ? kTilesAlongRows.choose(height, left, width)
                                      : kTilesAlongK.choose(height, left, width);
        t.mask = firstLanes(width > kLanes ? width - kLanes : width);
        run(t);
      }
      if (last && p.activation >= Activation::sigmoid)
        activate(p.activation, o.c + (row + i) * p.n + column, p.n, height, columns);
    }
    k0 += depth;
  } while (k0 < p.k);
}

void multiplyRow(const Product& p, const Operands& o, std::int64_t column,
                 std::int64_t columns) noexcept {
  const std::int64_t whole = p.k / kLanes * kLanes;
  const Mask rest = firstLanes(p.k - whole);
  for (std::int64_t j = 0; j < columns; j += kLanes) {
    const std::int64_t width = least(kLanes, columns - j);
    const float* rows[kLanes];
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; r++) rows[r] = o.b + (column + j + least(r, width - 1)) * p.k;
    Vec acc[kLanes];
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; r++) acc[r] = zeros();
    for (std::int64_t k = 0; k < whole; k += kLanes) {
      const Vec x = load(o.a + k);
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; r++) acc[r] = multiplyAdd(x, load(rows[r] + k), acc[r]);
    }
    if (whole < p.k) {
      const Vec x = load(o.a + whole, rest);
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; r++) acc[r] = multiplyAdd(x, load(rows[r] + whole, rest), acc[r]);
    }
    transpose(acc);
#pragma GCC unroll 16
    for (int step = 1; step < kLanes; step *= 2)
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; r += 2 * step) acc[r] = sum(acc[r], acc[r + step]);
    const Mask mask = firstLanes(width);
    Vec y = acc[0];
    if (o.bias) y = sum(y, p.scalarBias ? spread(*o.bias) : load(o.bias + column + j, mask));
    if (p.activation == Activation::relu) y = positive(y);
    store(o.c + column + j, mask, y);
  }
  if (p.activation >= Activation::sigmoid)
    activate(p.activation, o.c + column, columns, 1, columns);
}

}  // namespace neurone::NEURONE_ISA::gemm
