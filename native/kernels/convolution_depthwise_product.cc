// The forward direction and the input's gradient of depthwise convolutions: places along a row in
// registers, so that a pixel is read once for all of them. With strides the gradient is a product
// for each residue of a place modulo the stride.
#include "convolution_depthwise.h"
#include "convolution_tile.h"

namespace neurone::NEURONE_ISA::convolution::alone {
namespace {

using namespace gemm;

struct StretchArgs {
  const Row* rows;
  Index rowCount;
  bool fromSource;
  Index channels, pitch;  // of the source's pixels
  Index pixel;            // of the first place and tap
  Index step, taps, tapStep;
  const float* w;  // the first tap of the kernel's first row
  Index wRow, wStep;
  float* y;
  Index yStep;
  Epilogue epilogue;
};

using Stretch = void (*)(const StretchArgs&) noexcept;

template <int R, bool kTail>
[[gnu::always_inline]] inline void put(const StretchArgs& t, Vec (&acc)[R], Index channel,
                                       Mask mask) {
  float* y = t.y + channel;
  finishAll(t.epilogue, acc, channel, mask, y, t.yStep);
#pragma GCC unroll 8
  for (int r = 0; r < R; r++, y += t.yStep) {
    if (kTail)
      store(y, mask, acc[r]);
    else
      store(y, acc[r]);
  }
}

// R places of some channels, with T taps side by side, S pixels apart. Pixel by pixel: each goes
// into all places that see it.
template <int R, int T, int S, bool kTail>
[[gnu::always_inline]] inline void sideBySide(const StretchArgs& t, Index channel, Mask mask) {
  const auto read = [&](const float* from) __attribute__((always_inline)) {
    return kTail ? load(from, mask) : load(from);
  };
  Vec acc[R];
  for (int r = 0; r < R; r++) acc[r] = zeros();
  const Index pitch = t.pitch;
  for (Index row = 0; row < t.rowCount; row++) {
    const float* x =
        (t.fromSource ? t.rows[row].source : t.rows[row].x) + t.pixel * pitch + channel;
    const float* w = t.w + t.rows[row].tap * t.wRow + channel;
    Vec tap[T];
#pragma GCC unroll 8
    for (int k = 0; k < T; k++) tap[k] = read(w + k * t.wStep);
#pragma GCC unroll 32
    for (int j = 0; j < (R - 1) * S + T; j++, x += pitch) {
      Vec v = read(x);
      if (T > 1) keep(v);
#pragma GCC unroll 8
      for (int k = 0; k < T; k++)
        if ((j - k) % S == 0 && j >= k && (j - k) / S < R)
          acc[(j - k) / S] = multiplyAdd(v, tap[k], acc[(j - k) / S]);
    }
  }
  put<R, kTail>(t, acc, channel, mask);
}

// R places with any taps.
template <int R, bool kTail>
[[gnu::always_inline]] inline void anyTaps(const StretchArgs& t, Index channel, Mask mask) {
  const auto read = [&](const float* from) __attribute__((always_inline)) {
    return kTail ? load(from, mask) : load(from);
  };
  Vec acc[R];
  for (int r = 0; r < R; r++) acc[r] = zeros();
  for (Index row = 0; row < t.rowCount; row++) {
    const float* x =
        (t.fromSource ? t.rows[row].source : t.rows[row].x) + t.pixel * t.pitch + channel;
    const float* w = t.w + t.rows[row].tap * t.wRow + channel;
    for (Index k = 0; k < t.taps; k++) {
      const Vec tap = read(w + k * t.wStep);
#pragma GCC unroll 8
      for (int r = 0; r < R; r++)
        acc[r] = multiplyAdd(read(x + (k * t.tapStep + r * t.step) * t.pitch), tap, acc[r]);
    }
  }
  put<R, kTail>(t, acc, channel, mask);
}

template <int R, int T, int S>
void stretch(const StretchArgs& t) noexcept {
  Index c = 0;
  for (; c + kLanes <= t.channels; c += kLanes) {
    if constexpr (T > 0)
      sideBySide<R, T, S, false>(t, c, firstLanes(kLanes));
    else
      anyTaps<R, false>(t, c, firstLanes(kLanes));
  }
  if (c == t.channels) return;
  const Mask mask = firstLanes(t.channels - c);
  if constexpr (T > 0)
    sideBySide<R, T, S, true>(t, c, mask);
  else
    anyTaps<R, true>(t, c, mask);
}

// By the number of places: the longest that is not longer.
struct Stretches {
  Stretch at[9];
};
template <int T, int S>
constexpr Stretches kStretches{{nullptr, stretch<1, T, S>, stretch<2, T, S>, stretch<3, T, S>,
                                stretch<4, T, S>, stretch<3, T, S>, stretch<6, T, S>,
                                stretch<4, T, S>, stretch<8, T, S>}};
constexpr Index kLengths[] = {0, 1, 2, 3, 4, 3, 6, 4, 8};

const Stretches& stretchesFor(const Sweep& sweep) {
  if (sweep.tapStep == 1 && sweep.step == 1) {
    switch (sweep.taps) {
      case 1:
        return kStretches<1, 1>;
      case 2:
        return kStretches<2, 1>;
      case 3:
        return kStretches<3, 1>;
      case 4:
        return kStretches<4, 1>;
      case 5:
        return kStretches<5, 1>;
      case 7:
        return kStretches<7, 1>;
    }
  }
  if (sweep.tapStep == 1 && sweep.step == 2) {
    if (sweep.taps == 3) return kStretches<3, 2>;
    if (sweep.taps == 5) return kStretches<5, 2>;
  }
  return kStretches<0, 0>;
}

// One row of the target.
void multiplyRow(const DepthwisePlan& plan, const Strip& strip, const Row* rows, Index count,
                 const float* w, const Epilogue& epilogue, float* y, Index yPitch) {
  const Line& line = plan.lines[2];
  const auto sweeps = static_cast<Index>(line.sweeps.size());
  StretchArgs t;
  t.rows = rows;
  t.rowCount = count;
  t.channels = strip.channels;
  t.wRow = plan.geometry.axes[2].kernel * plan.channels;
  t.yStep = sweeps * yPitch;
  t.epilogue = epilogue;
  for (Index s = 0; s < sweeps; s++) {
    const Sweep& sweep = line.sweep(s);
    const Stretches& stretches = stretchesFor(sweep);
    t.step = sweep.step;
    t.taps = sweep.taps;
    t.tapStep = sweep.tapStep;
    t.w = w + sweep.tap * plan.channels;
    t.wStep = sweep.tapInc * plan.channels;
    forStretches(plan, sweep, [&](Index q, Index end, bool fromSource) {
      t.fromSource = fromSource;
      t.pitch = fromSource ? plan.channels : plan.sourcePitch();
      while (q < end) {
        const Index left = least(end - q, 8);
        t.pixel = sweep.pixel(q, 0);
        t.y = y + (s + q * sweeps) * yPitch;
        stretches.at[left](t);
        q += kLengths[left];
      }
    });
  }
}

// Adds up the filters of each channel.
void foldRow(const DepthwisePlan& plan, Index channels, const float* from, Index pitch, float* y,
             Index yPitch) {
  for (Index i = 0; i < plan.lines[2].target; i++, from += pitch, y += yPitch)
    for (Index c = 0; c < channels; c += plan.fold) {
      float total = from[c];
      for (Index j = 1; j < plan.fold; j++) total += from[c + j];
      y[c / plan.fold] = total;
    }
}

void multiplyStrip(const DepthwisePlan& plan, const Strip& strip, const Rows& rows, const float* w,
                   const Epilogue& epilogue, float* y) {
  const Index pitch = plan.channels / plan.fold;
  const bool whole = isPiecewiseLinear(epilogue.activation);
  Epilogue linear = epilogue.from(strip.channel);
  if (!whole) linear.activation = Activation::linear;
  y += strip.channel / plan.fold;
  for (Index o = 0; o < strip.rows; o++, y += plan.lines[2].target * pitch) {
    const Row* const row = rows.at + o * plan.rowTaps;
    float* const to = plan.fold > 1 ? rows.folded : y;
    const Index toPitch = plan.fold > 1 ? plan.group : pitch;
    multiplyRow(plan, strip, row, rows.counts[o], w + strip.channel, linear, to, toPitch);
    if (plan.fold > 1) foldRow(plan, strip.channels, to, toPitch, y, pitch);
    if (whole) continue;
    for (Index i = 0; i < plan.lines[2].target; i++)
      finish({epilogue.activation}, y + i * pitch, strip.channels);
  }
}

}  // namespace

std::unique_ptr<ConvolutionPlan> planProduct(const Geometry& g, Direction direction) {
  auto plan = std::make_unique<DepthwisePlan>();
  planStrips(*plan, g, direction);
  plan->blocks = {ceilDiv(plan->strips, plan->stripsPerBlock)};
  return plan;
}

Status runProduct(const Task& task) noexcept {
  const auto& plan = static_cast<const DepthwisePlan&>(task.plan);
  const Epilogue epilogue = plan.direction == Direction::forward ? epilogueOf(task) : Epilogue{};
  const Rows rows = rowsIn(plan, task.threadScratch);
  const Line &d = plan.lines[0], &h = plan.lines[1];
  const Index perRow = plan.lines[2].target * plan.channels / plan.fold;
  const Index end = least(plan.strips, task.end * plan.stripsPerBlock);
  for (Index i = task.begin * plan.stripsPerBlock; i < end; i++) {
    const Strip strip = stripAt(plan, i);
    gatherRows(plan, strip, task.in<float>(0), rows);
    const Index row = (strip.image * d.target + strip.depth) * h.target + strip.first;
    multiplyStrip(plan, strip, rows, task.in<float>(1), epilogue,
                  task.out<float>(0) + row * perRow);
  }
  return Status::ok;
}

}  // namespace neurone::NEURONE_ISA::convolution::alone
