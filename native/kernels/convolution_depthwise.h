// Depthwise convolutions: every channel by itself, so that vectors are channels. A strip of rows of
// some of the channels is worked on at a time. Its rows of pixels are copied first where padding
// touches them, with zeros at both ends, and where a channel has several filters, once for each.
#pragma once

#include "convolution.h"
#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::convolution::alone {

// Every n-th place of one axis of the target, and what it sees: place q meets pixel
// first + q · step + t · tapStep of the source through element tap + t · tapInc of the kernel.
struct Sweep {
  Index count = 0, first = 0, step = 1;
  Index taps = 0, tapStep = 1, tap = 0, tapInc = 1;

  Index pixel(Index q, Index t) const { return first + q * step + t * tapStep; }
};

// One axis of source and target. Place i of the target is place i / n of sweep i % n.
struct Line {
  Index source = 1, target = 1;
  std::vector<Sweep> sweeps;

  const Sweep& sweep(Index i) const { return sweeps[static_cast<std::size_t>(i) % sweeps.size()]; }
  Index place(Index i) const { return i / static_cast<Index>(sweeps.size()); }
};

struct DepthwisePlan : ConvolutionPlan {
  Line lines[3];
  Index channels = 0;  // filters: those that the loops run over
  Index repeat = 1;    // how often a channel of the source is read
  Index fold = 1;      // how many filters are added up to a channel of the target
  bool copies = false;
  Index left = 0;  // the first pixel of a row that is copied, and their number
  Index width = 0;
  Index group = 0;      // channels of a strip
  Index stripRows = 1;  // rows of the target in a strip; for the kernel's gradient those of dy
  Index rowsRead = 1;   // rows of the source that a strip reads at most, of each depth
  Index rowTaps = 1;    // at most, along depth and height
  Index strips = 0;
  Index stripsPerBlock = 1;

  Index groups() const { return ceilDiv(channels, group); }
  Index stripsPerPlane() const { return ceilDiv(lines[1].target, stripRows); }
  Index sourcePitch() const { return copies ? group : channels; }  // between pixels
};

// Rows of one image, `first` of the target's height at `depth`, of some channels.
struct Strip {
  Index image, depth, first, rows, channel, channels;
};
Strip stripAt(const DepthwisePlan&, Index i);

// A row of pixels from the pixel 0 on, which may lie outside of it, and the row of the kernel it
// meets.
struct Row {
  const float* x;
  Index tap;
};

struct Rows {
  Row* at;        // for each row of the strip `rowTaps` places
  Index* counts;  // how many of them are taken
  float* copied;
  float* folded;  // a row of the target before filters are added up
};

Rows rowsIn(const DepthwisePlan&, std::byte* threadScratch);
void gatherRows(const DepthwisePlan&, const Strip&, const float* source, const Rows&) noexcept;

// What both plans begin with.
void planStrips(DepthwisePlan&, const Geometry&, Direction);

std::unique_ptr<ConvolutionPlan> planProduct(const Geometry&, Direction);
std::unique_ptr<ConvolutionPlan> planKernelGrad(const Geometry&, Direction);
Status runProduct(const Task&) noexcept;
Status runKernelGrad(const Task&) noexcept;

}  // namespace neurone::NEURONE_ISA::convolution::alone
