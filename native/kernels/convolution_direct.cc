// The direct method: what fits it, and the rows of pixels that its loops read.
#include "convolution_direct.h"

namespace neurone::NEURONE_ISA::convolution {
namespace few {
namespace {

constexpr Index kStripFloats = 6 << 10;   // of copied rows: they stay in the first cache
constexpr Index kMostFloats = 128 << 10;  // of copied rows that a single row of the output needs
constexpr Index kMostChannels = 32;
constexpr Index kMostTaps = 1024;

Line lineOf(const Axis& a, Direction direction) {
  if (direction != Direction::inputGrad)
    return {a.size, a.kernel, a.output, a.stride, a.dilation, a.before};
  return {a.output, a.kernel, a.size, 1, a.dilation, (a.kernel - 1) * a.dilation - a.before};
}

}  // namespace

void planStrips(DirectPlan& plan, const Geometry& g, Direction direction) {
  for (int i = 0; i < 3; i++) plan.lines[i] = lineOf(g.axes[i], direction);
  const bool back = direction == Direction::inputGrad;
  plan.channels = back ? g.filters : g.channels;
  plan.filters = back ? g.channels : g.filters;
  const Line &h = plan.lines[1], &w = plan.lines[2];
  plan.width = (w.output - 1) * w.stride + w.span();
  plan.copies = w.before > 0 || w.pixel(w.output - 1, w.kernel - 1) >= w.size;
  const Index row = plan.width * plan.channels * plan.lines[0].kernel;
  plan.stripRows = most(1, (kStripFloats / most(row, 1) - h.span()) / h.stride + 1);
  // Strips of 4 rows read at most as many rows twice as they have rows of their own.
  plan.stripRows = least(most(plan.stripRows, 4), most(h.output, 1));
  const Index parts = ceilDiv(h.output, plan.stripRows);
  if (parts > 0) plan.stripRows = ceilDiv(h.output, parts);
  plan.strips = g.images * plan.lines[0].output * plan.stripsPerPlane();
  plan.threadScratch = scratchBytes(plan);
}

Index copiedFloats(const DirectPlan& plan) {
  if (!plan.copies) return 0;
  return plan.lines[0].kernel * plan.rowsRead(plan.stripRows) * plan.width * plan.channels;
}

std::size_t scratchBytes(const DirectPlan& plan) {
  const Index pointers = plan.stripRows * plan.rowTaps();
  return static_cast<std::size_t>(copiedFloats(plan)) * sizeof(float) + 64 +
         static_cast<std::size_t>(pointers) * sizeof(float*);
}

Rows rowsIn(const DirectPlan& plan, std::byte* scratch) {
  const Index floats = roundUp(copiedFloats(plan), 16);
  return {reinterpret_cast<const float**>(reinterpret_cast<float*>(scratch) + floats),
          reinterpret_cast<float*>(scratch)};
}

namespace {

// Pixels [begin, begin + width) of a row, of which those outside of [0, size) are zeros.
void copyRow(const float* row, Index begin, Index width, Index size, Index channels, float* to) {
  const Index from = least(most(-begin, 0), width), end = most(from, least(size - begin, width));
  for (Index i = 0; i < from * channels; i++) to[i] = 0;
  const float* source = row + begin * channels;
#pragma omp simd
  for (Index i = from * channels; i < end * channels; i++) to[i] = source[i];
  for (Index i = end * channels; i < width * channels; i++) to[i] = 0;
}

}  // namespace

void gatherRows(const DirectPlan& plan, const Strip& strip, const float* source,
                const Rows& rows) noexcept {
  const Line &d = plan.lines[0], &h = plan.lines[1], &w = plan.lines[2];
  const Index channels = plan.channels, perRow = w.size * channels;
  const Index read = plan.rowsRead(strip.rows), top = h.pixel(strip.first, 0);
  for (Index kd = 0; kd < d.kernel; kd++) {
    const Index plane = d.pixel(strip.depth, kd);
    const bool inside = plane >= 0 && plane < d.size;
    const float* const image =
        inside ? source + (strip.image * d.size + plane) * h.size * perRow : nullptr;
    float* const copied = rows.copied + kd * read * plan.width * channels;
    if (plan.copies && inside)
      for (Index r = most(0, -top); r < least(read, h.size - top); r++)
        copyRow(image + (top + r) * perRow, -w.before, plan.width, w.size, channels,
                copied + r * plan.width * channels);
    for (Index o = 0; o < strip.rows; o++)
      for (Index kh = 0; kh < h.kernel; kh++) {
        const Index row = h.pixel(strip.first + o, kh);
        const float*& at = rows.at[o * plan.rowTaps() + kd * h.kernel + kh];
        if (!inside || row < 0 || row >= h.size)
          at = nullptr;
        else if (plan.copies)
          at = copied + (row - top) * plan.width * channels;
        else
          at = image + row * perRow - w.before * channels;
      }
  }
}

namespace {

bool fits(const Geometry& g, Direction direction) {
  if (g.groups != 1 || g.work() == 0) return false;
  DirectPlan plan;
  for (int i = 0; i < 3; i++) {
    const Axis& a = g.axes[i];
    if (direction == Direction::inputGrad && a.stride != 1) return false;
    plan.lines[i] = lineOf(a, direction);
  }
  const Line& w = plan.lines[2];
  const Index channels = direction == Direction::inputGrad ? g.filters : g.channels;
  if (channels > kMostChannels || g.taps() > kMostTaps) return false;
  const double row = static_cast<double>((w.output - 1) * w.stride + w.span()) * channels;
  const double rows = static_cast<double>(plan.lines[0].kernel) *
                      static_cast<double>(3 * plan.lines[1].stride + plan.lines[1].span());
  return row * rows <= kMostFloats;
}

std::unique_ptr<ConvolutionPlan> plan(const Geometry& g, Direction direction) {
  return direction == Direction::kernelGrad ? planKernelGrad(g, direction)
                                            : planProduct(g, direction);
}

Status run(const Task& task) noexcept {
  const auto& plan = static_cast<const DirectPlan&>(task.plan);
  return plan.direction == Direction::kernelGrad ? runKernelGrad(task) : runProduct(task);
}

}  // namespace
}  // namespace few

const Method direct{"direct", few::fits, few::plan, few::run};

}  // namespace neurone::NEURONE_ISA::convolution
