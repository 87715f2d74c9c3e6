// Convolutions of few positions with many weights, which take longer to read than to multiply with:
// each block copies its columns of the weights into panels a slice at a time, uses them for all of
// its positions while they are in the L2 cache, and asks for the next slice meanwhile.
#include "convolution_gather.h"
#include "convolution_im2col.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

constexpr Index kRows = 16 * kMaxRows;  // of one block: its pixels stay in the L2 cache
constexpr Index kDepth = 256;           // of a slice: sums are resumed less often than with 128
constexpr Index kColumns = 128;         // of one block

struct StreamedPlan : ConvolutionPlan {
  std::vector<Line> lines[3];
  Slices slices{1, 1, 1};
  bool copies = true, forward = true;
  Index in = 0, out = 0;  // channels of a group
  Index sources = 0, targets = 0;
  Index rows = 0, rowBlocks = 1, columns = 0, columnBlocks = 1;
  Index gathered = 0;  // floats of thread scratch before the panels

  Lattice lattice() const { return {{&lines[0][0], &lines[1][0], &lines[2][0]}, sources}; }
};

// The weights that a slice multiplies for output channels from `column` of a group on: taps one
// after the other, in rows of `filters`.
const float* weightsOf(const StreamedPlan& plan, const float* w, Index tap, Index channel,
                       Index group, Index column) {
  const Geometry& g = plan.geometry;
  const Index row = (plan.forward ? tap : g.taps() - 1 - tap) * g.channelsPerGroup();
  const float* const from = w + row * g.filters + group * g.filtersPerGroup();
  return plan.forward ? from + channel * g.filters + column : from + column * g.filters + channel;
}

void pack(const StreamedPlan& plan, const float* w, const Slice& slice, Index group, Index column,
          Index columns, float* panels) {
  const Index filters = plan.geometry.filters;
  for (Index t = 0; t < slice.taps; t++) {
    const float* const from = weightsOf(plan, w, slice.tap + t, slice.channel, group, column);
    for (Index j = 0; j < columns; j += kPanel) {
      const Index wide = least(kPanel, columns - j);
      float* const to = panels + (j / kPanel * slice.columns() + t * slice.channels) * kPanel;
      if (plan.forward)
        gemm::packRows(from + j, filters, slice.channels, wide, to, kPanel);
      else
        gemm::packTransposed(from + j * filters, filters, wide, slice.channels, to, kPanel);
    }
  }
}

void multiplyBlock(const Task& task, const StreamedPlan& plan, Index block) {
  const Lattice lattice = plan.lattice();
  const Index part = block % plan.rowBlocks, rest = block / plan.rowBlocks;
  const Index row = plan.rows * part / plan.rowBlocks;
  const Index column = rest % plan.columnBlocks * plan.columns, group = rest / plan.columnBlocks;
  const float *const source = task.in<float>(0), *const w = task.in<float>(1);
  float* const gathered = reinterpret_cast<float*>(task.threadScratch);
  float* const panels = gathered + plan.gathered;
  const Index target = group * plan.out + column;
  const Ending ending(epilogueOf(task).from(target));

  Multiply m;
  m.rows = plan.rows * (part + 1) / plan.rowBlocks - row;
  m.columns = least(plan.columns, plan.out - column);
  m.panels = panels;
  m.c = task.out<float>(0) + row * plan.targets + target;
  m.cStride = plan.targets;
  m.bias = ending.bias;
  const Index count = plan.slices.count();
  for (Index i = 0; i < count; i++) {
    const Slice slice = plan.slices.at(i);
    takeRows(m, plan, lattice, slice, {source, group * plan.in, row}, gathered);
    pack(plan, w, slice, group, column, m.columns, panels);
    m.k = slice.columns();
    m.panelStride = m.k * kPanel;
    m.resume = i > 0;
    if (i + 1 == count) ending.apply(m);
    const bool ends = i + 1 == count;
    const Slice next = plan.slices.at(ends ? 0 : i + 1);
    const Index nextColumn = ends ? column + plan.columns : column;
    const bool isMore = nextColumn < plan.out;
    m.ahead = isMore ? weightsOf(plan, w, next.tap, next.channel, group, nextColumn) : nullptr;
    m.aheadStride = plan.geometry.filters;
    m.aheadLines = isMore ? ceilDiv(plan.forward ? m.columns : next.channels, kLineFloats) : 0;
    multiply<false>(m);
  }
}

bool fitsStreamed(const Geometry& g, Direction direction) {
  if (direction == Direction::forward) return true;
  if (direction == Direction::kernelGrad) return false;
  for (const Axis& a : g.axes)
    if (a.stride > 1) return false;
  return true;
}

std::unique_ptr<ConvolutionPlan> planStreamed(const Geometry& g, Direction direction) {
  auto plan = std::make_unique<StreamedPlan>();
  plan->forward = direction == Direction::forward;
  plan->sources = plan->forward ? g.channels : g.filters;
  plan->targets = plan->forward ? g.filters : g.channels;
  plan->in = plan->sources / g.groups;
  plan->out = plan->targets / g.groups;
  plan->rows = g.images * (plan->forward ? g.outputs() : g.pixels());
  plan->blocks = {0};
  if (plan->rows * plan->out == 0) return plan;
  for (int i = 0; i < 3; i++)
    plan->lines[i] = plan->forward ? forwardLines(g.axes[i]) : inputGradLines(g.axes[i]);
  plan->copies = !fitsPointwise(g, direction) || plan->sources % 256 == 0;
  plan->slices = Slices(g.taps(), plan->in, kDepth);
  plan->rowBlocks = ceilDiv(plan->rows, kRows);
  plan->columns =
      least(plan->out > 2 * kColumns ? kColumns : kColumns / 2, roundUp(plan->out, kPanel));
  plan->columnBlocks = ceilDiv(plan->out, plan->columns);
  plan->blocks = {plan->rowBlocks * plan->columnBlocks * g.groups};
  const Index widest = plan->slices.widest();
  if (plan->copies) plan->gathered = ceilDiv(plan->rows, plan->rowBlocks) * pitchOf(widest);
  plan->threadScratch =
      static_cast<std::size_t>(plan->gathered + widest * plan->columns) * sizeof(float);
  return plan;
}

Status runStreamed(const Task& task) noexcept {
  const auto& plan = static_cast<const StreamedPlan&>(task.plan);
  for (Index block = task.begin; block < task.end; block++) multiplyBlock(task, plan, block);
  return Status::ok;
}

}  // namespace

const Method streamed{"streamed", fitsStreamed, planStreamed, runStreamed};

}  // namespace neurone::NEURONE_ISA::convolution
