// Convolutions of few channels without a matrix of patches: a tile of output pixels by vectors of
// filters is summed in registers, straight from rows of pixels. Rows that padding touches are
// copied first, with zeros at both ends; rows that are all padding are left out.
#pragma once

#include "convolution.h"
#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::convolution::few {

// One axis as the loops see it: output o meets pixel o · stride + k · dilation − before. `before`
// is negative where the first output sees pixels past the first one.
struct Line {
  Index size = 1, kernel = 1, output = 1;
  Index stride = 1, dilation = 1, before = 0;

  Index pixel(Index o, Index k) const { return o * stride + k * dilation - before; }
  Index span() const { return (kernel - 1) * dilation + 1; }
};

// Rows of one image that are worked on together, `first` of the output's height at `depth`.
struct Strip {
  Index image, depth, first, rows;
};

struct DirectPlan : ConvolutionPlan {
  Line lines[3];
  Index channels = 0;   // of a pixel that is read
  Index filters = 0;    // of a pixel that is written, or of dy
  bool copies = false;  // whether rows are copied, to get zeros beside them
  Index width = 0;      // pixels of a row that is copied
  Index stripRows = 1;  // rows of the output in a strip
  Index strips = 0;
  Index stripsPerBlock = 1;

  Index stripsPerPlane() const { return ceilDiv(lines[1].output, stripRows); }
  Index rowTaps() const { return lines[0].kernel * lines[1].kernel; }
  Index columns() const { return rowTaps() * lines[2].kernel * channels; }
  // Rows of pixels that a strip reads, of one depth.
  Index rowsRead(Index rows) const { return (rows - 1) * lines[1].stride + lines[1].span(); }
  // Taps of a row that lie side by side are one run.
  bool joined() const { return lines[2].dilation == 1; }
  Index runs() const { return joined() ? 1 : lines[2].kernel; }
  Index runLength() const { return joined() ? lines[2].kernel * channels : channels; }

  Strip strip(Index i) const {
    const Index perPlane = stripsPerPlane(), plane = i / perPlane;
    const Index first = i % perPlane * stripRows;
    return {plane / lines[0].output, plane % lines[0].output, first,
            least(stripRows, lines[1].output - first)};
  }
};

// Pointers to rows of pixels for each row of a strip and each tap along depth and height, to where
// the first output's first tap lies; null for rows that are padding.
struct Rows {
  const float** at;  // [rows of the strip][row taps]
  float* copied;
};

// Floats of a thread's scratch for copied rows, and bytes for all of it.
Index copiedFloats(const DirectPlan&);
std::size_t scratchBytes(const DirectPlan&);
Rows rowsIn(const DirectPlan&, std::byte* threadScratch);

// Finds, and copies where that is needed, the rows that a strip reads.
void gatherRows(const DirectPlan&, const Strip&, const float* source, const Rows&) noexcept;

// Splits `whole` into as few parts of at most `most` as there are, all of about one length.
struct Parts {
  Index whole, count;
  Parts(Index whole, Index most) : whole(whole), count(ceilDiv(whole, most)) {}
  Index begin(Index i) const { return i * whole / count; }
};

// The vectors of filters that a tile takes: all of two kinds of instruction sets have 32 or 16
// registers.
inline constexpr bool kManyRegisters = gemm::kLanes == 16;
inline constexpr int kWidest = kManyRegisters ? 4 : 2;
inline int vectorsOf(Index filters) {
  if (kManyRegisters && filters > 3 * gemm::kLanes) return 4;
  return filters > gemm::kLanes ? 2 : 1;
}

// Tiles by vectors (1, 2, 4), by whether the last of them has a tail, and by rows. A kind of tiles
// says how many rows they have at most, and gives each.
template <class Kind>
struct Tiles {
  typename Kind::Tile at[3][2][Kind::mostRows(1) + 1] = {};

  constexpr Tiles() {
    fill<1, Kind::mostRows(1)>();
    fill<2, Kind::mostRows(2)>();
    if constexpr (kManyRegisters) fill<4, Kind::mostRows(4)>();
  }

 private:
  template <int V, int R>
  constexpr void fill() {
    at[V / 2][0][R] = Kind::template make<R, V, false>();
    at[V / 2][1][R] = Kind::template make<R, V, true>();
    if constexpr (R > 1) fill<V, R - 1>();
  }
};

// Plans and runs of the two kinds of loops.
std::unique_ptr<ConvolutionPlan> planProduct(const Geometry&, Direction);
std::unique_ptr<ConvolutionPlan> planKernelGrad(const Geometry&, Direction);
Status runProduct(const Task&) noexcept;
Status runKernelGrad(const Task&) noexcept;

// What both plans begin with.
void planStrips(DirectPlan&, const Geometry&, Direction);

}  // namespace neurone::NEURONE_ISA::convolution::few
