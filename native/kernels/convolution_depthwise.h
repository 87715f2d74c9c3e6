// Depthwise convolutions: every channel by itself, so that vectors are channels. A strip of rows of
// some of the channels is worked on at a time. Its rows of pixels are copied first where padding
// touches them, with zeros at both ends, and where a channel has several filters, once for each.
#pragma once

#include "convolution.h"
#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::convolution::alone {

// From the first to before the second.
struct Reach {
  Index begin, end;
};

// Every n-th place of one axis of the target, and what it sees: place q meets pixel
// first + q · step + t · tapStep of the source through element tap + t · tapInc of the kernel.
struct Sweep {
  Index count = 0, first = 0, step = 1;
  Index taps = 0, tapStep = 1, tap = 0, tapInc = 1;

  Index pixel(Index q, Index t) const { return first + q * step + t * tapStep; }
  // Places [begin, end) all of whose taps are among `size` pixels.
  Reach within(Index size) const {
    const Index begin = taps > 0 ? least(count, first < 0 ? ceilDiv(-first, step) : 0) : 0;
    const Index last = size - 1 - (taps - 1) * tapStep - first;
    return {begin, taps > 0 && last >= 0 ? most(begin, least(count, last / step + 1)) : begin};
  }
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
  bool endsOnly = false;  // whether only what places near the ends of a row see is copied:
  Reach middle{};         // all but these pixels
  Index left = 0;         // the first pixel of a row that is copied, and their number
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
  const float* source;  // the same if it is not copied, for places that see no padding
  Index tap;
};

// Calls body(first place, place after the last, whether they are read from the source).
template <class Body>
[[gnu::always_inline]] inline void forStretches(const DepthwisePlan& plan, const Sweep& sweep,
                                                Body body) {
  if (!plan.endsOnly) return body(Index{0}, sweep.count, false);
  const Reach inside = sweep.within(plan.lines[2].source);
  if (inside.begin > 0) body(Index{0}, inside.begin, false);
  if (inside.begin < inside.end) body(inside.begin, inside.end, true);
  if (inside.end < sweep.count) body(inside.end, sweep.count, false);
}

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
