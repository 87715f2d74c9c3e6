// Blocks of matrix products on register tiles: loops over slices of k, rows and columns.
#include "gemm_block.h"

#include "gemm_activation.h"

namespace neurone::NEURONE_ISA::gemm {
namespace {

std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// A slice of k of the area's columns of B, in panels of kPanel columns.
void packPanels(const Product& p, const float* b, std::int64_t k0, std::int64_t depth,
                const Area& area, float* to) {
  for (std::int64_t j = 0; j < area.columns; j += kPanel) {
    const std::int64_t width = least(kPanel, area.columns - j), column = area.column + j;
    if (p.transposeB)
      packTransposed(b + column * p.k + k0, p.k, width, depth, to + j * depth, kPanel);
    else
      packRows(b + k0 * p.n + column, p.n, depth, width, to + j * depth, kPanel);
  }
}

const float* placeInB(const Product& p, const Operands& o, std::int64_t k, std::int64_t column) {
  if (!o.panels) return o.b + k * p.n + column;
  const std::int64_t inside = column % o.panelColumns;
  return o.panels + (column - inside) * p.k + k * o.panelColumns + inside;
}

std::int64_t panelSize(const Cut& cut, std::int64_t depth) {
  return cut.packB ? depth * ((cut.blockColumns + kPanel - 1) / kPanel * kPanel) : 0;
}

}  // namespace

std::int64_t scratchSize(const Product& p, const Cut& cut) {
  const std::int64_t depth = least(cut.sliceK, p.k);
  return panelSize(cut, depth) + (cut.packA ? depth * kMaxRows + kLanes : 0);
}

void multiplyTiles(const Product& p, const Cut& cut, const Operands& o, const Area& area,
                   float* scratch) noexcept {
  const std::int64_t tiles = (area.rows + kMaxRows - 1) / kMaxRows;
  const bool rowsTogether = cut.packA || p.transposeA;
  float* const packedA = scratch + panelSize(cut, least(cut.sliceK, p.k));
  TileArgs t;
  t.cStride = p.n;
  t.bStride = cut.packB ? kPanel : o.panels ? o.panelColumns : p.n;
  std::int64_t k0 = 0;
  do {
    const std::int64_t depth = least(cut.sliceK, p.k - k0);
    const bool last = k0 + depth == p.k;
    t.k = depth;
    t.resume = k0 > 0;
    t.fetchC = cut.fetchC && k0 == 0;
    t.relu = last && p.activation == Activation::relu;
    if (cut.packB) packPanels(p, o.b, k0, depth, area, scratch);
    for (std::int64_t tile = 0; tile < tiles; tile++) {
      // Rows are shared out evenly: 128 of them as ten tiles of 12 and 13 ran at 105 GF/s, with
      // ever lower tiles at 92.
      const std::int64_t i = tile * area.rows / tiles;
      const std::int64_t rows = (tile + 1) * area.rows / tiles - i, row = area.row + i;
      t.a = o.a + (p.transposeA ? k0 * p.m + row : row * p.k + k0);
      t.aStride = p.transposeA ? p.m : p.k;
      if (cut.packA) {
        packTransposed(o.a + row * p.k + k0, p.k, rows, depth, packedA, rows);
        t.a = packedA;
        t.aStride = rows;
      }
      float* const c = o.c + row * p.n + area.column;
      for (std::int64_t j = 0, width; j < area.columns; j += width) {
        const std::int64_t left = area.columns - j, wanted = cut.packB ? least(left, kPanel) : left;
        const Tile run = rowsTogether ? kTilesAlongRows.choose(rows, wanted, width)
                                      : kTilesAlongK.choose(rows, wanted, width);
        t.b = cut.packB ? scratch + j * depth : placeInB(p, o, k0, area.column + j);
        t.c = c + j;
        t.bias = o.bias ? o.bias + area.column + j : nullptr;
        t.mask = firstLanes((width - 1) % kLanes + 1);
        run(t);
      }
      if (last && p.activation >= Activation::sigmoid)
        for (std::int64_t r = 0; r < rows; r++) activate(p.activation, c + r * p.n, area.columns);
    }
    k0 += depth;
  } while (k0 < p.k);
}

}  // namespace neurone::NEURONE_ISA::gemm
