// Winograd's F(2×2, 3×3): tiles of 2×2 outputs from patches of 4×4 inputs with 16 multiplications
// instead of 36. Transformed patches, weights and gradients are 16 matrices each, one per place in
// the patch. (S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast
// Algorithms for Convolutional Neural Networks, 2016.)
#pragma once

#include "convolution_panels.h"

namespace neurone::NEURONE_ISA::convolution {

inline constexpr int kPlaces = 16;

// The images a patch or tile is taken from: height × width pixels of `channels` floats.
struct Images {
  const float* data;
  Index height, width, channels;
};

// Tiles are numbered image by image, row by row. The patch of a tile begins `before` pixels above
// and left of it.
struct Tiling {
  Index rows = 0, columns = 0;  // tiles of one image
  Index beforeRow = 0, beforeColumn = 0;

  Index perImage() const { return rows * columns; }
};

// Where a tile begins: its first output. Tiles follow each other by `next`, without divisions.
struct TilePlace {
  Index image, row, column;

  TilePlace(const Tiling& t, Index tile)
      : image(tile / t.perImage()),
        row(tile % t.perImage() / t.columns * 2),
        column(tile % t.columns * 2) {}

  void next(const Tiling& t) {
    if ((column += 2) < 2 * t.columns) return;
    column = 0;
    if ((row += 2) < 2 * t.rows) return;
    row = 0;
    image++;
  }
};

// A distance between matrices that does not send the same place of all 16 to one set of a cache.
inline Index matrixStride(Index floats) { return roundUp(floats, 1024) + 80; }

// Reads N × N pixels at (row, column) of an image, zeros outside, one vector of channels at a time.
template <int N>
struct Patch {
  const float* origin;
  Index rowStride, pixelStride;
  bool whole;
  bool inside[N][N];

  Patch(const Images& images, Index image, Index row, Index column)
      : rowStride(images.width * images.channels), pixelStride(images.channels) {
    origin = images.data + ((image * images.height + row) * images.width + column) * pixelStride;
    whole = row >= 0 && column >= 0 && row + N <= images.height && column + N <= images.width;
    if (whole) return;
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++)
        inside[i][j] =
            row + i >= 0 && row + i < images.height && column + j >= 0 && column + j < images.width;
  }

  template <bool kWhole>
  [[gnu::always_inline]] gemm::Vec at(int i, int j, Index channel, gemm::Mask mask) const {
    if (!kWhole && !inside[i][j]) return gemm::zeros();
    return gemm::load(origin + i * rowStride + j * pixelStride + channel, mask);
  }
};

// Bᵀ·d·B of one patch, for `channels` channels from `channel` on, into 16 matrices; the last vector
// is written whole.
void transformPatch(const Images&, const Tiling&, const TilePlace&, Index channel, Index channels,
                    float* to, Index matrices) noexcept;

// A·d·Aᵀ of a 2×2 tile of dy. Channels go to panels: kPanel beside each other, then `panelStride`.
void transformTile(const Images&, const TilePlace&, Index channel, Index channels, float* to,
                   Index panelStride, Index matrices) noexcept;

std::unique_ptr<ConvolutionPlan> planWinogradGrad(const Geometry&);
Status runWinogradGrad(const Task&) noexcept;

}  // namespace neurone::NEURONE_ISA::convolution
