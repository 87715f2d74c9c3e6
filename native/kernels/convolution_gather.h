// Convolutions as matrix products: the matrix that has one row per output position, and in it the
// channels of every pixel that a tap meets. Forward and the input's gradient both are such
// products, the latter one for each residue of a position modulo the strides.
#pragma once

#include "convolution.h"
#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::convolution {

// Positions along one axis, and the pixels of the source that they meet: position q meets pixel
// q · step + offsets[i] through tap kernel[i], and is written to start + q · stride of the target.
struct Line {
  Index count = 0, step = 1, size = 0;
  Index start = 0, stride = 1, target = 0;
  std::vector<std::int64_t> offsets, kernel;
  Index taps() const { return static_cast<Index>(offsets.size()); }
};

struct Lattice {
  const Line* axes[3];
  Index channels;  // of a source pixel, all groups

  Index positions() const { return axes[0]->count * axes[1]->count * axes[2]->count; }
  Index taps() const { return axes[0]->taps() * axes[1]->taps() * axes[2]->taps(); }
  Index pixels() const { return axes[0]->size * axes[1]->size * axes[2]->size; }
};

// A position of a lattice and its image; `skip` goes on within a row of the last axis.
struct Position {
  Index image, q0, q1, q2;

  Position(const Lattice& l, Index row)
      : image(row / l.positions()),
        q0(row / (l.axes[2]->count * l.axes[1]->count) % l.axes[0]->count),
        q1(row / l.axes[2]->count % l.axes[1]->count),
        q2(row % l.axes[2]->count) {}

  // Positions until the end of the row of the last axis.
  Index left(const Lattice& l) const { return l.axes[2]->count - q2; }

  void skip(const Lattice& l, Index count) {
    if ((q2 += count) < l.axes[2]->count) return;
    q2 = 0;
    if (++q1 < l.axes[1]->count) return;
    q1 = 0;
    if (++q0 < l.axes[0]->count) return;
    q0 = 0;
    image++;
  }

  // The pixel that the position is written to.
  Index target(const Lattice& l) const {
    const Line &a0 = *l.axes[0], &a1 = *l.axes[1], &a2 = *l.axes[2];
    const Index i0 = image * a0.target + a0.start + q0 * a0.stride;
    return (i0 * a1.target + a1.start + q1 * a1.stride) * a2.target + a2.start + q2 * a2.stride;
  }
};

// Lines of one axis: one in the forward direction; in the gradient of the input one for each
// residue that any tap meets.
std::vector<Line> forwardLines(const Axis&);
std::vector<Line> inputGradLines(const Axis&);

// A part of the matrix's columns: taps [tap, tap + taps), of each the channels from `channel` on.
// Several taps go with all channels of a group.
struct Slice {
  Index tap, taps, channel, channels;
  Index columns() const { return taps * channels; }
};

// Cuts taps × channels into slices of about `most` columns.
struct Slices {
  Index taps, channels, tapsEach, channelsEach;
  Slices(Index taps, Index channels, Index most);
  Index perTap() const { return most(1, ceilDiv(channels, channelsEach)); }
  Index count() const { return ceilDiv(taps, tapsEach) * perTap(); }
  Index widest() const { return tapsEach * channelsEach; }
  Slice at(Index i) const;
};

inline void copyRow(const float* from, Index n, float* to) {
  Index i = 0;
  for (; i + gemm::kLanes <= n; i += gemm::kLanes) gemm::store(to + i, gemm::load(from + i));
  if (i == n) return;
  const gemm::Mask mask = gemm::firstLanes(n - i);
  gemm::store(to + i, mask, gemm::load(from + i, mask));
}

// Copies `rows` pieces of n floats.
inline void copyRows(const float* from, Index fromStride, Index n, Index rows, float* to,
                     Index toStride) {
  const Index whole = n / gemm::kLanes * gemm::kLanes;
  const gemm::Mask mask = gemm::firstLanes(n - whole);
  for (Index r = 0; r < rows; r++, from += fromStride, to += toStride) {
    for (Index i = 0; i < whole; i += gemm::kLanes) gemm::store(to + i, gemm::load(from + i));
    if (whole < n) gemm::store(to + whole, mask, gemm::load(from + whole, mask));
  }
}

inline void clearRow(Index n, float* to) {
  Index i = 0;
  for (; i + gemm::kLanes <= n; i += gemm::kLanes) gemm::store(to + i, gemm::zeros());
  if (i < n) gemm::store(to + i, gemm::firstLanes(n - i), gemm::zeros());
}

// Writes rows [row, row + rows) of a slice; rows count the positions of all images. `group` is the
// first channel of the group.
void gather(const Lattice&, const Slice&, const float* source, Index group, Index row, Index rows,
            float* to, Index pitch) noexcept;

// Asks for the pixels that `gather` would read.
void fetch(const Lattice&, const Slice&, const float* source, Index group, Index row,
           Index rows) noexcept;

}  // namespace neurone::NEURONE_ISA::convolution
