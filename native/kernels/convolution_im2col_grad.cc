// The gradient of the weights as a product: the transposed matrix of pixels times dy, summed over
// output positions. Positions are cut into groups by shape alone; the groups' sums are added up in
// their order. Phases: products, sums.
#include "convolution_im2col.h"
#include "convolution_sum.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

constexpr Index kRows = 288;        // of dw in one block
constexpr Index kArea = 288 * 256;  // of dw in one block: it stays in the L2 cache
constexpr Index kPositions = 128;   // copied at a time
constexpr Index kBlocks = 32;
constexpr double kBlockWork = 400e3;

struct KernelGradPlan : ConvolutionPlan {
  std::vector<Line> lines[3];
  Slices slices{1, 1, 1};
  bool copies = true;
  Index positions = 0, parts = 1;  // groups of positions
  Index columnBlocks = 1, columns = 0;
  Index size = 0;            // floats of dw
  std::size_t gathered = 0;  // floats of thread scratch before the panels

  Lattice lattice() const {
    return {{&lines[0][0], &lines[1][0], &lines[2][0]}, geometry.channels};
  }
};

void multiplyBlock(const Task& task, const KernelGradPlan& plan, Index block) {
  const Geometry& g = plan.geometry;
  const Index part = block % plan.parts, rest = block / plan.parts;
  const Index column = rest % plan.columnBlocks * plan.columns, slices = plan.slices.count();
  const Slice slice = plan.slices.at(rest / plan.columnBlocks % slices);
  const Index group = rest / (plan.columnBlocks * slices), channel = group * g.channelsPerGroup();
  const Lattice lattice = plan.lattice();
  const float *const x = task.in<float>(0), *const dy = task.in<float>(1);
  float* const gathered = reinterpret_cast<float*>(task.threadScratch);
  float* const panels = gathered + plan.gathered;
  const Index target = group * g.filtersPerGroup() + column;
  float* const dw = partOf(task, plan.parts, part, plan.size);

  Multiply m;
  m.rows = slice.columns();
  m.columns = least(plan.columns, g.filtersPerGroup() - column);
  m.panels = panels;
  m.panelStride = kPositions * kPanel;
  m.c = dw + (slice.tap * g.channelsPerGroup() + slice.channel) * g.filters + target;
  m.cStride = m.aheadStride = g.filters;
  Index at = plan.positions * part / plan.parts;
  const Index end = plan.positions * (part + 1) / plan.parts;
  do {
    m.k = least(kPositions, end - at);
    if (plan.copies) {
      m.a = gathered;
      m.aStride = pitchOf(slice.columns());
      gather(lattice, slice, x, channel, at, m.k, gathered, m.aStride);
    } else {
      m.a = x + at * g.channels + slice.channel;
      m.aStride = g.channels;
    }
    for (Index j = 0; j < m.columns; j += kPanel)
      gemm::packRows(dy + at * g.filters + target + j, g.filters, m.k, least(kPanel, m.columns - j),
                     panels + j / kPanel * m.panelStride, kPanel);
    const Index next = at + m.k, rows = least(kPositions, end - next), tiles = tilesOf(m);
    m.ahead = dy + next * g.filters + target;
    m.aheadLines = rows > 0 ? ceilDiv(m.columns, kLineFloats) : 0;
    multiply<true>(m, [&](Index tile) {
      const Index row = rows * tile / tiles;
      fetch(lattice, slice, x, channel, next + row, rows * (tile + 1) / tiles - row);
    });
    m.resume = true;
    at = next;
  } while (at < end);
}

}  // namespace

std::unique_ptr<ConvolutionPlan> planKernelGrad(const Geometry& g, bool copies) {
  auto plan = std::make_unique<KernelGradPlan>();
  plan->size = g.taps() * g.channelsPerGroup() * g.filters;
  plan->blocks = {0};
  if (plan->size == 0) return plan;
  plan->copies = copies;
  for (int i = 0; i < 3; i++) plan->lines[i] = forwardLines(g.axes[i]);
  plan->slices = Slices(g.taps(), g.channelsPerGroup(), kRows);
  plan->positions = g.images * g.outputs();
  const Index columns = most(kPanel, least(256, kArea / plan->slices.widest() / kPanel * kPanel));
  plan->columns = least(columns, roundUp(g.filtersPerGroup(), kPanel));
  plan->columnBlocks = ceilDiv(g.filtersPerGroup(), plan->columns);
  const Index areas = plan->slices.count() * plan->columnBlocks * g.groups;
  const auto worth = static_cast<Index>(g.work() / areas / kBlockWork);
  plan->parts = chooseParts(least(ceilDiv(kBlocks, areas), worth),
                            plan->positions / (2 * kPositions), plan->size);
  if (copies) plan->gathered = kPositions * pitchOf(plan->slices.widest());
  planParts(*plan, areas, plan->parts, plan->size);
  plan->threadScratch =
      (plan->gathered + kPositions * roundUp(plan->columns, kPanel)) * sizeof(float);
  return plan;
}

Status runKernelGrad(const Task& task) noexcept {
  return runParts<KernelGradPlan>(task, multiplyBlock);
}

}  // namespace neurone::NEURONE_ISA::convolution
