// What im2col and pointwise share: they differ in whether the rows of pixels are copied first.
#pragma once

#include "convolution_gather.h"
#include "convolution_panels.h"

namespace neurone::NEURONE_ISA::convolution {

// Columns of one slice of the matrix: tiles of its rows and a panel's slice fit into the caches.
inline constexpr Index kSliceColumns = 384;

// Pixels: from a group's first channel and a row on.
struct Pixels {
  const float* source;
  Index channel, row;
};

// Lets m read a slice of m.rows rows of pixels: copied, or as they lie.
template <class Plan>
void takeRows(Multiply& m, const Plan& plan, const Lattice& lattice, const Slice& slice,
              const Pixels& from, float* gathered) {
  if (plan.copies) {
    m.aStride = pitchOf(slice.columns());
    m.a = gathered;
    gather(lattice, slice, from.source, from.channel, from.row, m.rows, gathered, m.aStride);
  } else {
    m.aStride = plan.sources;
    m.a = from.source + from.row * plan.sources + slice.channel;
  }
}

bool fitsAlways(const Geometry&, Direction);
// Whether output pixels are input pixels: one tap, no strides, no padding, one group.
bool fitsPointwise(const Geometry&, Direction);

std::unique_ptr<ConvolutionPlan> planProduct(const Geometry&, Direction, bool copies);
Status runProduct(const Task&) noexcept;

std::unique_ptr<ConvolutionPlan> planKernelGrad(const Geometry&, bool copies);
Status runKernelGrad(const Task&) noexcept;

}  // namespace neurone::NEURONE_ISA::convolution
