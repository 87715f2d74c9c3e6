// Transforms of patches and of tiles of gradients.
#include "convolution_winograd.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

using gemm::difference;
using gemm::Mask;
using gemm::store;
using gemm::sum;
using gemm::Vec;

// Bᵀ times a column of four.
[[gnu::always_inline]] inline void spreadFour(Vec& a, Vec& b, Vec& c, Vec& d) {
  const Vec first = difference(a, c), second = sum(b, c);
  const Vec third = difference(c, b), fourth = difference(b, d);
  a = first, b = second, c = third, d = fourth;
}

template <bool kWhole>
void patchVectors(const Patch<4>& patch, Index channel, Index channels, float* to, Index matrices) {
  for (Index c = 0; c < channels; c += kLanes) {
    const Mask mask = gemm::firstLanes(least(channels - c, kLanes));
    Vec d[4][4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) d[i][j] = patch.at<kWhole>(i, j, channel + c, mask);
      spreadFour(d[i][0], d[i][1], d[i][2], d[i][3]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      spreadFour(d[0][j], d[1][j], d[2][j], d[3][j]);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) store(to + (i * 4 + j) * matrices + c, d[i][j]);
    }
  }
}

template <bool kWhole>
void tileVectors(const Patch<2>& tile, Index channel, Index channels, float* to, Index panelStride,
                 Index matrices) {
  for (Index c = 0; c < channels; c += kLanes) {
    const Mask mask = gemm::firstLanes(least(channels - c, kLanes));
    float* const at = to + c / kPanel * panelStride + c % kPanel;
    Vec d[2][4];
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
      const Vec a = tile.at<kWhole>(i, 0, channel + c, mask);
      const Vec b = tile.at<kWhole>(i, 1, channel + c, mask);
      d[i][0] = a, d[i][1] = sum(a, b), d[i][2] = difference(a, b);
      d[i][3] = difference(gemm::zeros(), b);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      store(at + j * matrices, d[0][j]);
      store(at + (4 + j) * matrices, sum(d[0][j], d[1][j]));
      store(at + (8 + j) * matrices, difference(d[0][j], d[1][j]));
      store(at + (12 + j) * matrices, difference(gemm::zeros(), d[1][j]));
    }
  }
}

}  // namespace

void transformPatch(const Images& images, const Tiling& tiling, const TilePlace& place,
                    Index channel, Index channels, float* to, Index matrices) noexcept {
  const Patch<4> patch(images, place.image, place.row - tiling.beforeRow,
                       place.column - tiling.beforeColumn);
  if (patch.whole)
    patchVectors<true>(patch, channel, channels, to, matrices);
  else
    patchVectors<false>(patch, channel, channels, to, matrices);
}

void transformTile(const Images& images, const TilePlace& place, Index channel, Index channels,
                   float* to, Index panelStride, Index matrices) noexcept {
  const Patch<2> tile(images, place.image, place.row, place.column);
  if (tile.whole)
    tileVectors<true>(tile, channel, channels, to, panelStride, matrices);
  else
    tileVectors<false>(tile, channel, channels, to, panelStride, matrices);
}

}  // namespace neurone::NEURONE_ISA::convolution
