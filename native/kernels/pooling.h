// What pooling kernels have in common: windows over two or three spatial axes, and vectors of
// channels. Two axes are three with a first one of size 1.
#pragma once

#include "../registry.h"
#include "elementwise_nest.h"
#include "gemm_vector.h"

namespace neurone::NEURONE_ISA {

void addMaxPoolKernels(KernelList&);
void addAveragePoolKernels(KernelList&);

namespace pool {

using gemm::kLanes;
using gemm::Mask;
using gemm::Vec;

struct Range {
  Index begin, end;
};

struct Axis {
  Index size = 1, out = 1, window = 1, stride = 1, before = 0;

  // The places of output `o`'s window that are not padding; empty when begin >= end.
  Range taps(Index o) const {
    const Index begin = o * stride - before, end = begin + window;
    return {begin > 0 ? begin : 0, end < size ? end : size};
  }
  // The outputs whose windows contain a place of [begin, end).
  Range outputs(Index begin, Index end) const {
    const Index low = begin + before - window;  // the last place before the windows wanted
    const Index first = low < 0 ? 0 : low / stride + 1;
    const Index last = (end - 1 + before) / stride + 1;
    return {first, last < out ? last : out};
  }
};

struct PoolPlan : Plan {
  Index images = 0;
  Index channels = 0;
  Axis axes[3];
  Split rowSplit;  // blocks of rows of the result

  Index inputPixels() const { return axes[0].size * axes[1].size * axes[2].size; }
  Index outputPixels() const { return axes[0].out * axes[1].out * axes[2].out; }
  Index inputRows() const { return images * axes[0].size * axes[1].size; }
  Index outputRows() const { return images * axes[0].out * axes[1].out; }
  // Whether an element is in one window at most.
  bool apart() const {
    for (const Axis& a : axes)
      if (a.window > a.stride && a.out > 1) return false;
    return true;
  }
  // Whether every element is in a window.
  bool covers() const {
    for (const Axis& a : axes)
      if (a.window < a.stride || (a.out - 1) * a.stride - a.before + a.window < a.size)
        return false;
    return true;
  }
};

// Reads window, strides, before and after, and checks them with the shapes of x and y.
void readGeometry(PoolPlan& plan, AttrReader& attrs, const ValueInfo& x, const ValueInfo& y);

// Rows [begin, end) of the output, counted over all images: maxima, or means.
void maxRows(const PoolPlan&, const float* x, float* y, Index begin, Index end) noexcept;
void averageRows(const PoolPlan&, const float* x, float* y, Index begin, Index end) noexcept;

// V vectors of channels, of the last of which only the lanes of the mask are there.
template <int V, bool kTail>
struct Chunk {
  static constexpr int vectors = V;
  Mask mask{};

  [[gnu::always_inline]] Vec read(const float* from, int v) const {
    return kTail && v == V - 1 ? gemm::load(from + v * kLanes, mask)
                               : gemm::load(from + v * kLanes);
  }
  [[gnu::always_inline]] void write(float* to, int v, Vec value) const {
    if (kTail && v == V - 1)
      gemm::store(to + v * kLanes, mask, value);
    else
      gemm::store(to + v * kLanes, value);
  }
};

// Calls body(chunk, first channel) until all channels are covered.
template <class Body>
[[gnu::always_inline]] inline void forChunks(Index channels, Body body) {
  Index c = 0;
  for (; c + 4 * kLanes <= channels; c += 4 * kLanes) body(Chunk<4, false>{}, c);
  if (c + 2 * kLanes <= channels) {
    body(Chunk<2, false>{}, c);
    c += 2 * kLanes;
  }
  if (c + kLanes <= channels) {
    body(Chunk<1, false>{}, c);
    c += kLanes;
  }
  if (c < channels) body(Chunk<1, true>{gemm::firstLanes(channels - c)}, c);
}

// The part of one image that a window or an output sees.
struct Box {
  Range d, h, w;

  bool empty() const { return d.begin >= d.end || h.begin >= h.end || w.begin >= w.end; }
  Index count() const { return (d.end - d.begin) * (h.end - h.begin) * (w.end - w.begin); }
};

// Calls body(image, box without w, row of the output) for rows [begin, end) of the output.
template <class Body>
[[gnu::always_inline]] inline void forOutputRows(const PoolPlan& plan, Index begin, Index end,
                                                 Body body) {
  const Axis& d = plan.axes[0];
  const Axis& h = plan.axes[1];
  for (Index row = begin; row < end; row++) {
    const Index plane = row / h.out;
    body(plane / d.out, Box{d.taps(plane % d.out), h.taps(row % h.out), {}}, row);
  }
}

// Calls body(pixel) with the pixel's number in its image, in row-major order.
template <class Body>
[[gnu::always_inline]] inline void forPixels(const PoolPlan& plan, const Box& box, Body body) {
  for (Index d = box.d.begin; d < box.d.end; d++)
    for (Index h = box.h.begin; h < box.h.end; h++) {
      const Index row = (d * plan.axes[1].size + h) * plan.axes[2].size;
      for (Index w = box.w.begin; w < box.w.end; w++) body(row + w);
    }
}

}  // namespace pool
}  // namespace neurone::NEURONE_ISA
