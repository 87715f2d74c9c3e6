// The depthwise method: what fits it, and the rows of pixels that its loops read.
#include "convolution_depthwise.h"

namespace neurone::NEURONE_ISA::convolution {
namespace alone {
namespace {

constexpr Index kGroup = 64;              // channels of a strip, of which a row has
constexpr Index kRowFloats = 4 << 10;     // about as many as this, and
constexpr Index kStripFloats = 32 << 10;  // all its rows: a part of the second cache
constexpr Index kLongRow = 20;            // places of a sweep, from which on only ends are copied
constexpr Index kMostFloats = 256 << 10;  // of copied rows that a few rows of the target need
constexpr Index kMostTaps = 1024;

std::vector<Sweep> sweepsOf(const Axis& a, Direction direction) {
  if (direction != Direction::inputGrad)
    return {{a.output, -a.before, a.stride, a.kernel, a.dilation, 0, 1}};
  if (a.stride == 1)
    return {{a.size, a.before - (a.kernel - 1) * a.dilation, 1, a.kernel, a.dilation, a.kernel - 1,
             -1}};
  std::vector<Sweep> sweeps;
  for (Index i = 0; i < a.stride; i++) {
    const Index tap = (i + a.before) % a.stride;
    const Index taps = tap < a.kernel ? ceilDiv(a.kernel - tap, a.stride) : 0;
    const Index last = (i + a.before - tap) / a.stride;
    const Index count = a.size > i ? ceilDiv(a.size - i, a.stride) : 0;
    sweeps.push_back(
        {count, last - (taps - 1), 1, taps, 1, tap + (taps - 1) * a.stride, -a.stride});
  }
  return sweeps;
}

// The pixels that places [begin, end) of a line see.
Reach reachOf(const Line& line, Index begin, Index end) {
  Reach reach{INT64_MAX, INT64_MIN};
  for (Index i = begin; i < end; i++) {
    const Sweep& sweep = line.sweep(i);
    if (sweep.taps == 0) continue;
    const Index q = line.place(i);
    reach.begin = least(reach.begin, sweep.pixel(q, 0));
    reach.end = most(reach.end, sweep.pixel(q, sweep.taps - 1) + 1);
  }
  return reach.begin < reach.end ? reach : Reach{0, 0};
}

// The pixels that only places see which see no padding.
Reach middleOf(const Line& line) {
  Reach middle{0, line.source};
  for (const Sweep& sweep : line.sweeps) {
    if (sweep.taps == 0) continue;
    const Reach inside = sweep.within(line.source);
    if (inside.begin > 0)
      middle.begin = most(middle.begin, sweep.pixel(inside.begin - 1, sweep.taps - 1) + 1);
    if (inside.end < sweep.count) middle.end = least(middle.end, sweep.pixel(inside.end, 0));
  }
  return middle;
}

Index copiedFloats(const DepthwisePlan& plan) {
  Index depths = 0;
  for (const Sweep& sweep : plan.lines[0].sweeps) depths = most(depths, sweep.taps);
  return plan.copies ? depths * plan.rowsRead * plan.width * plan.group : 0;
}

Index foldedFloats(const DepthwisePlan& plan) {
  return plan.fold > 1 ? plan.lines[2].target * plan.group : 0;
}

void setRows(DepthwisePlan& plan, Index rows) {
  plan.stripRows = most(1, rows);
  plan.rowsRead = 0;
  const Line& h = plan.lines[1];
  for (Index i = 0; i < h.target; i += plan.stripRows) {
    const Reach reach = reachOf(h, i, least(h.target, i + plan.stripRows));
    plan.rowsRead = most(plan.rowsRead, reach.end - reach.begin);
  }
}

}  // namespace

void planStrips(DepthwisePlan& plan, const Geometry& g, Direction direction) {
  const bool back = direction == Direction::inputGrad;
  for (int i = 0; i < 3; i++) {
    const Axis& a = g.axes[i];
    plan.lines[i] = {back ? a.output : a.size, back ? a.size : a.output, sweepsOf(a, direction)};
  }
  plan.channels = g.filters;
  (back ? plan.fold : plan.repeat) = g.filtersPerGroup();
  const Line &h = plan.lines[1], &w = plan.lines[2];
  const Reach reach = reachOf(w, 0, w.target);
  plan.left = reach.begin;
  plan.width = reach.end - reach.begin;
  plan.copies = reach.begin < 0 || reach.end > w.source || plan.repeat > 1;
  plan.endsOnly = plan.copies && plan.repeat == 1 && w.sweep(0).count >= kLongRow;
  if (plan.endsOnly) plan.middle = middleOf(w);
  // Channels of a strip: whole sets of filters that belong to one channel.
  const Index set = plan.repeat * plan.fold;
  const Index wanted = least(kGroup, most(16, kRowFloats / most(plan.width, 1) / 16 * 16));
  plan.group = least(plan.channels, most(wanted / set, 1) * set);
  plan.rowTaps = g.axes[0].kernel * g.axes[1].kernel;
  const Index parts = static_cast<Index>(h.sweeps.size());
  const Index row = most(1, plan.width * plan.group * g.axes[0].kernel);
  setRows(plan, least(h.target, most(roundUp(4, parts), kStripFloats / row / parts * parts)));
  plan.strips = g.images * plan.lines[0].target * plan.stripsPerPlane() * plan.groups();
  // At most 1,024 blocks, of at least 140,000 multiply-adds.
  const double perStrip = g.work() / static_cast<double>(most(plan.strips, 1));
  plan.stripsPerBlock = most(ceilDiv(plan.strips, 1024), static_cast<Index>(140e3 / perStrip));
  plan.stripsPerBlock = most(1, least(plan.stripsPerBlock, plan.strips));
  const Index rows = plan.stripRows;
  plan.threadScratch =
      static_cast<std::size_t>(roundUp(copiedFloats(plan), 16) + roundUp(foldedFloats(plan), 16)) *
          sizeof(float) +
      static_cast<std::size_t>(rows * plan.rowTaps) * sizeof(Row) +
      static_cast<std::size_t>(rows) * sizeof(Index);
}

Rows rowsIn(const DepthwisePlan& plan, std::byte* scratch) {
  Rows rows;
  rows.copied = reinterpret_cast<float*>(scratch);
  rows.folded = rows.copied + roundUp(copiedFloats(plan), 16);
  rows.at = reinterpret_cast<Row*>(rows.folded + roundUp(foldedFloats(plan), 16));
  rows.counts = reinterpret_cast<Index*>(rows.at + plan.stripRows * plan.rowTaps);
  return rows;
}

Strip stripAt(const DepthwisePlan& plan, Index i) {
  const Index channel = i % plan.groups() * plan.group;
  i /= plan.groups();
  const Index first = i % plan.stripsPerPlane() * plan.stripRows;
  const Index plane = i / plan.stripsPerPlane(), depth = plan.lines[0].target;
  return {plane / depth, plane % depth,
          first,         least(plan.stripRows, plan.lines[1].target - first),
          channel,       least(plan.group, plan.channels - channel)};
}

namespace {

// Pixels from `left` on of a row of `size` pixels, of which those outside are zeros, each channel
// `repeat` times.
void copyRow(const DepthwisePlan& plan, const float* row, Index channels, Index size, Index pitch,
             float* to) {
  for (Index i = 0; i < plan.width; i++, to += plan.group) {
    Index pixel = plan.left + i;
    if (plan.endsOnly && pixel >= plan.middle.begin && pixel < plan.middle.end) {
      i += plan.middle.end - pixel;
      to += (plan.middle.end - pixel) * plan.group;
      pixel = plan.middle.end;
      if (i >= plan.width) return;
    }
    const bool inside = pixel >= 0 && pixel < size;
    const float* from = row + pixel * pitch;
    if (!inside) {
      for (Index c = 0; c < channels; c++) to[c] = 0;
    } else if (plan.repeat == 1) {
      Index c = 0;
      for (; c + gemm::kLanes <= channels; c += gemm::kLanes)
        gemm::store(to + c, gemm::load(from + c));
      for (; c < channels; c++) to[c] = from[c];
    } else {
      for (Index c = 0; c < channels; c += plan.repeat, from++)
        for (Index j = 0; j < plan.repeat; j++) to[c + j] = *from;
    }
  }
}

}  // namespace

void gatherRows(const DepthwisePlan& plan, const Strip& strip, const float* source,
                const Rows& rows) noexcept {
  const Line &d = plan.lines[0], &h = plan.lines[1], &w = plan.lines[2];
  const Index pitch = plan.channels / plan.repeat, perRow = w.source * pitch;
  const Index kernelRows = plan.geometry.axes[1].kernel;
  Reach reach = reachOf(h, strip.first, strip.first + strip.rows);
  reach = {most(reach.begin, 0), least(reach.end, h.source)};
  const Sweep& depths = d.sweep(strip.depth);
  for (Index o = 0; o < strip.rows; o++) rows.counts[o] = 0;
  for (Index kd = 0; kd < depths.taps; kd++) {
    const Index plane = depths.pixel(d.place(strip.depth), kd);
    if (plane < 0 || plane >= d.source) continue;
    const float* const image =
        source + (strip.image * d.source + plane) * h.source * perRow + strip.channel / plan.repeat;
    const Index copiedRow = plan.width * plan.group;
    float* const copied = rows.copied + kd * plan.rowsRead * copiedRow;
    if (plan.copies)
      for (Index r = reach.begin; r < reach.end; r++)
        copyRow(plan, image + r * perRow, strip.channels, w.source, pitch,
                copied + (r - reach.begin) * copiedRow);
    for (Index o = 0; o < strip.rows; o++) {
      const Sweep& sweep = h.sweep(strip.first + o);
      for (Index t = 0; t < sweep.taps; t++) {
        const Index row = sweep.pixel(h.place(strip.first + o), t);
        if (row < 0 || row >= h.source) continue;
        const float* x = plan.copies
                             ? copied + (row - reach.begin) * copiedRow - plan.left * plan.group
                             : image + row * perRow;
        const Index tap =
            (depths.tap + kd * depths.tapInc) * kernelRows + sweep.tap + t * sweep.tapInc;
        rows.at[o * plan.rowTaps + rows.counts[o]++] = {x, image + row * perRow, tap};
      }
    }
  }
}

namespace {

bool fits(const Geometry& g, Direction direction) {
  if (g.groups != g.channels || g.channels == 0 || g.work() == 0 || g.taps() > kMostTaps)
    return false;
  double pixels = g.axes[0].kernel * 6.0;  // rows that at least are copied, in pixels
  for (int i = 0; i < 3; i++) {
    const Axis& a = g.axes[i];
    if (direction == Direction::inputGrad && a.stride > 1 && a.dilation > 1) return false;
    if (a.stride > 16 || a.before + a.after > 4096 || a.dilation > 4096) return false;
    if (i == 1) pixels += (a.kernel - 1) * a.dilation * static_cast<double>(a.stride);
    if (i == 2) pixels *= static_cast<double>(a.size + a.before + a.after);
  }
  const Index set = g.filtersPerGroup();
  return pixels * static_cast<double>(least(g.filters, most(kGroup / set, 1) * set)) <=
         4.0 * kMostFloats;
}

std::unique_ptr<ConvolutionPlan> plan(const Geometry& g, Direction direction) {
  return direction == Direction::kernelGrad ? planKernelGrad(g, direction)
                                            : planProduct(g, direction);
}

Status run(const Task& task) noexcept {
  const auto& plan = static_cast<const DepthwisePlan&>(task.plan);
  return plan.direction == Direction::kernelGrad ? runKernelGrad(task) : runProduct(task);
}

}  // namespace
}  // namespace alone

const Method depthwise{"depthwise", alone::fits, alone::plan, alone::run};

}  // namespace neurone::NEURONE_ISA::convolution
