// The kernel's gradient of depthwise convolutions: the taps of a row of the kernel stay in
// registers over the rows of a strip. Blocks sum over groups of strips that the shape alone
// decides; the groups are added up in their order.
#include "convolution_depthwise.h"
#include "convolution_sum.h"
#include "convolution_tile.h"

namespace neurone::NEURONE_ISA::convolution::alone {
namespace {

using namespace gemm;

struct Pair {
  const float* x;
  const float* source;
  const float* dy;
};

struct SumArgs {
  const Pair* pairs;
  Index pairCount, columns;
  bool fromSource;
  Index channels;
  Index pixel;  // the first output's first tap
  Index output;
  Index xPitch, xStep, dyStep;
  float* dw;
  Index dwStep;
};

using Sum = void (*)(const SumArgs&) noexcept;

// P outputs, S pixels apart: each pixel is read once for all that see it.
template <int P, int T, int S, int V, class Read>
[[gnu::always_inline]] inline void addOutputs(Vec (&acc)[T][V], const float* x, Index xPitch,
                                              const float* dy, Index dyStep, Read read) {
  Vec g[P][V];
#pragma GCC unroll 4
  for (int o = 0; o < P; o++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) {
      g[o][v] = read(dy + o * dyStep, v);
      keep(g[o][v]);
    }
#pragma GCC unroll 16
  for (int j = 0; j < (P - 1) * S + T; j++, x += xPitch)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) {
      Vec pixel = read(x, v);
      if (P > 1) keep(pixel);
#pragma GCC unroll 8
      for (int k = 0; k < T; k++)
        if (j >= k && (j - k) % S == 0 && (j - k) / S < P)
          acc[k][v] = multiplyAdd(g[(j - k) / S][v], pixel, acc[k][v]);
    }
}

// T taps side by side by V vectors of channels; S is 0 if it is neither 1 nor 2.
template <int T, int S, int V, bool kTail>
[[gnu::always_inline]] inline void sumTaps(const SumArgs& t, Index channel, Mask mask) {
  constexpr int kTogether = S == 0 || T == 1 ? 1 : kLanes == 16 ? 4 : 2;
  const auto read = [&](const float* from, int v) __attribute__((always_inline)) {
    return kTail && v == V - 1 ? load(from + v * kLanes, mask) : load(from + v * kLanes);
  };
  Vec acc[T][V];
#pragma GCC unroll 8
  for (int k = 0; k < T; k++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) acc[k][v] = read(t.dw + k * t.dwStep + channel, v);
  const Index xPitch = t.xPitch, xStep = t.xStep, dyStep = t.dyStep;
  for (Index p = 0; p < t.pairCount; p++) {
    const Pair& pair = t.pairs[p];
    const float* x = (t.fromSource ? pair.source : pair.x) + t.pixel * xPitch + channel;
    const float* dy = pair.dy + t.output * dyStep + channel;
    Index left = t.columns;
    if constexpr (kTogether > 1)
      for (; left >= kTogether; left -= kTogether, x += kTogether * xStep, dy += kTogether * dyStep)
        addOutputs<kTogether, T, S, V>(acc, x, xPitch, dy, dyStep, read);
    for (; left > 0; left--, x += xStep, dy += dyStep)
      addOutputs<1, T, 1, V>(acc, x, xPitch, dy, dyStep, read);
  }
#pragma GCC unroll 8
  for (int k = 0; k < T; k++)
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) {
      float* const to = t.dw + k * t.dwStep + channel + v * kLanes;
      if (kTail && v == V - 1)
        store(to, mask, acc[k][v]);
      else
        store(to, acc[k][v]);
    }
}

template <int T, int S>
void sum(const SumArgs& t) noexcept {
  Index c = 0;
  for (; c + 2 * kLanes <= t.channels; c += 2 * kLanes) sumTaps<T, S, 2, false>(t, c, Mask{});
  if (c + kLanes <= t.channels) {
    sumTaps<T, S, 1, false>(t, c, Mask{});
    c += kLanes;
  }
  if (c < t.channels) sumTaps<T, S, 1, true>(t, c, firstLanes(t.channels - c));
}

// By steps of 1, 2 and others, and the number of taps.
constexpr Sum kSums[3][6] = {{nullptr, sum<1, 0>, sum<2, 1>, sum<3, 1>, sum<4, 1>, sum<5, 1>},
                             {nullptr, sum<1, 0>, sum<2, 2>, sum<3, 2>, sum<4, 2>, sum<5, 2>},
                             {nullptr, sum<1, 0>, sum<2, 0>, sum<3, 0>, sum<4, 0>, sum<5, 0>}};
constexpr Index kMostSums = 5;

struct KernelGradPlan : DepthwisePlan {
  Index elements = 0;  // of dw
  Index parts = 1;     // groups of strips
};

// Adds what the strip's rows give to one row of the kernel.
void addTapRow(const DepthwisePlan& plan, SumArgs t, float* dw) {
  const Sweep& sweep = plan.lines[2].sweep(0);
  const Index together = sweep.tapStep == 1 ? least(sweep.taps, kMostSums) : 1;
  for (Index k = 0, count; k < sweep.taps; k += count) {
    count = least(together, sweep.taps - k);
    t.dw = dw + k * t.dwStep;
    forStretches(plan, sweep, [&](Index begin, Index end, bool fromSource) {
      t.fromSource = fromSource;
      t.pixel = sweep.pixel(begin, k);
      t.output = begin;
      t.columns = end - begin;
      t.xPitch = fromSource ? plan.channels : plan.sourcePitch();
      t.xStep = sweep.step * t.xPitch;
      kSums[sweep.step > 2 ? 2 : sweep.step - 1][count](t);
    });
  }
}

void addStrip(const DepthwisePlan& plan, const Strip& strip, const Rows& rows, Pair* pairs,
              const float* dy, float* dw) {
  const Line& w = plan.lines[2];
  const Index kernelRow = plan.geometry.axes[2].kernel * plan.channels;
  SumArgs t;
  t.pairs = pairs;
  t.channels = strip.channels;
  t.dyStep = t.dwStep = plan.channels;
  for (Index tap = 0; tap < plan.rowTaps; tap++) {
    t.pairCount = 0;
    for (Index o = 0; o < strip.rows; o++)
      for (Index i = 0; i < rows.counts[o]; i++) {
        const Row& row = rows.at[o * plan.rowTaps + i];
        if (row.tap != tap) continue;
        pairs[t.pairCount++] = {row.x, row.source,
                                dy + o * w.target * plan.channels + strip.channel};
      }
    if (t.pairCount > 0) addTapRow(plan, t, dw + tap * kernelRow + strip.channel);
  }
}

}  // namespace

std::unique_ptr<ConvolutionPlan> planKernelGrad(const Geometry& g, Direction direction) {
  auto plan = std::make_unique<KernelGradPlan>();
  planStrips(*plan, g, direction);
  plan->elements = g.taps() * plan->channels;
  // At most 64 groups of strips, of sixteen multiply-adds for each element of dw and more.
  const double perStrip = g.work() / static_cast<double>(most(plan->strips, 1));
  const double fewest = 140e3 + 16.0 * static_cast<double>(plan->elements);
  plan->stripsPerBlock = most(ceilDiv(plan->strips, 64), static_cast<Index>(fewest / perStrip));
  // All channels of a strip's rows in one group.
  plan->stripsPerBlock = roundUp(most(plan->stripsPerBlock, 1), plan->groups());
  plan->parts = most(1, ceilDiv(plan->strips, plan->stripsPerBlock));
  planParts(*plan, 1, plan->parts, plan->elements);
  plan->threadScratch = roundUp(static_cast<Index>(plan->threadScratch), 64) +
                        static_cast<std::size_t>(plan->stripRows) * sizeof(Pair);
  return plan;
}

namespace {

void sumStrips(const Task& task, const KernelGradPlan& plan, Index block) {
  const Rows rows = rowsIn(plan, task.threadScratch);
  Pair* const pairs =
      reinterpret_cast<Pair*>(task.threadScratch + plan.threadScratch -
                              static_cast<std::size_t>(plan.stripRows) * sizeof(Pair));
  const Line &d = plan.lines[0], &h = plan.lines[1];
  const Index perRow = plan.lines[2].target * plan.channels;
  float* const dw = partOf(task, plan.parts, block, plan.elements);
  for (Index i = 0; i < plan.elements; i++) dw[i] = 0;
  const Index end = least(plan.strips, (block + 1) * plan.stripsPerBlock);
  for (Index i = block * plan.stripsPerBlock; i < end; i++) {
    const Strip strip = stripAt(plan, i);
    gatherRows(plan, strip, task.in<float>(0), rows);
    const Index row = (strip.image * d.target + strip.depth) * h.target + strip.first;
    addStrip(plan, strip, rows, pairs, task.in<float>(1) + row * perRow, dw);
  }
}

}  // namespace

Status runKernelGrad(const Task& task) noexcept {
  return runParts<KernelGradPlan>(task, sumStrips);
}

}  // namespace neurone::NEURONE_ISA::convolution::alone
