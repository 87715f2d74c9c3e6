// The algorithm for every shape: rows of pixels, copied a few at a time, times the weights. Without
// the copies it is `pointwise`. Phases: zeros where no tap reaches, weights into panels, products.
#include "convolution_im2col.h"

#include "convolution_pieces.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

// One lattice of output positions, with its place in the blocks and panels of the whole.
struct Part {
  Lattice lattice;
  std::vector<Piece> pieces;
  Index firstBlock, firstPackBlock, panels;  // panels: where its panels begin
  bool contiguous;                           // rows of the output follow each other
};

struct ProductPlan : ConvolutionPlan {
  std::vector<Line> lines[3];
  std::vector<Part> parts;
  // What the positions of all parts meet, where it is copied once for all of them: a block has the
  // same positions of each.
  Line shared[3];
  bool copies = true, fetches = false, shares = false;
  Index in = 0, out = 0;                   // channels of a group
  Index sources = 0, targets = 0;          // channels of all groups
  Index blockRows = 0, blockColumns = 0;   // of the output
  Index columnBlocks = 0, panelsWide = 0;  // of one group
  Index cleared = 0;                       // floats of the output to fill with zeros
  std::size_t gathered = 0;                // floats of thread scratch before the output's

  Lattice all() const { return {{&shared[0], &shared[1], &shared[2]}, sources}; }
  Slice allTaps() const { return {0, all().taps(), 0, in}; }
};

constexpr Index kLarge = 1 << 19;  // floats of an output that is not in the L2 cache
constexpr Index kClear = 1 << 16;  // floats of one block of zeros
constexpr double kBlockWork = 400e3;
constexpr Index kBlocks = 32;

Index taps(const ProductPlan& plan, const Part& part, Index tap) {
  const Line *a1 = part.lattice.axes[1], *a2 = part.lattice.axes[2];
  const Index t2 = tap % a2->taps(), t1 = tap / a2->taps() % a1->taps();
  const Index t0 = tap / (a2->taps() * a1->taps());
  const Axis* axes = plan.geometry.axes;
  return (part.lattice.axes[0]->kernel[t0] * axes[1].kernel + a1->kernel[t1]) * axes[2].kernel +
         a2->kernel[t2];
}

// Rows and columns of a block: as many as the caches like, less where the threads would have too
// little to share.
void chooseBlocks(ProductPlan& plan, Index rows, Index depth) {
  Index most = 8 * kMaxRows;
  const double perRow = static_cast<double>(depth) * plan.out + 1;
  const bool oneThread = plan.geometry.oneThread;
  Index wanted = oneThread ? most : roundUp(ceilDiv(rows, kBlocks), kMaxRows);
  while (wanted < most && wanted * perRow < kBlockWork) wanted += kMaxRows;
  plan.blockRows = convolution::most(least(least(wanted, most), rows), 1);
  plan.blockColumns = roundUp(plan.out, kPanel);
  const Index rowBlocks = ceilDiv(rows, plan.blockRows) * plan.geometry.groups;
  while (!oneThread && plan.blockColumns > 4 * kPanel && plan.blockRows * perRow > kBlockWork &&
         rowBlocks * ceilDiv(plan.out, plan.blockColumns) < kBlocks)
    plan.blockColumns = roundUp(plan.blockColumns / 2, kPanel);
  plan.columnBlocks = ceilDiv(plan.out, plan.blockColumns);
}

void packPanel(const ProductPlan& plan, const Part& part, const float* w, Index block, float* to) {
  const Geometry& g = plan.geometry;
  const Index count = part.lattice.taps(), panel = block % plan.panelsWide;
  const Index tap = block / plan.panelsWide % count, group = block / (plan.panelsWide * count);
  const Index column = panel * kPanel, columns = least(kPanel, plan.out - column);
  const Index depth = count * plan.in, perTap = g.channelsPerGroup() * g.filters;
  to += part.panels + (group * plan.panelsWide + panel) * depth * kPanel + tap * plan.in * kPanel;
  const float* from = w + taps(plan, part, tap) * perTap + group * g.filtersPerGroup();
  if (plan.direction == Direction::forward)
    gemm::packRows(from + column, g.filters, plan.in, columns, to, kPanel);
  else
    gemm::packTransposed(from + column * g.filters, g.filters, columns, plan.in, to, kPanel);
}

// Where a block of a part is.
struct Place {
  Index row, rows, column, group;

  Place(const ProductPlan& plan, const Part& part, Index block) {
    const Index all = part.lattice.positions() * plan.geometry.images;
    const Index rowBlocks = ceilDiv(all, plan.blockRows);
    row = block % rowBlocks * plan.blockRows;
    rows = least(plan.blockRows, all - row);
    column = block / rowBlocks % plan.columnBlocks * plan.blockColumns;
    group = block / (rowBlocks * plan.columnBlocks);
  }
};

void copyShared(const Task& task, const ProductPlan& plan, Index block) {
  const Place place(plan, plan.parts.front(), block);
  const Slice slice = plan.allTaps();
  gather(plan.all(), slice, task.in<float>(0), place.group * plan.in, place.row, place.rows,
         reinterpret_cast<float*>(task.threadScratch), pitchOf(slice.columns()));
}

void multiplyBlock(const Task& task, const ProductPlan& plan, const Part& part, Index block) {
  const Lattice& lattice = part.lattice;
  const auto [row, rows, column, group] = Place(plan, part, block);
  const float* const source = task.in<float>(0);
  float* const gathered = reinterpret_cast<float*>(task.threadScratch);
  float* const apart = gathered + plan.gathered;
  const Index target = group * plan.out + column, depth = lattice.taps() * plan.in;
  const Epilogue epilogue = epilogueOf(task).from(target);

  Multiply m;
  m.rows = rows;
  m.columns = least(plan.blockColumns, plan.out - column);
  m.panelStride = depth * kPanel;
  const float* const panels = reinterpret_cast<const float*>(task.sharedScratch) + part.panels +
                              (group * plan.panelsWide + column / kPanel) * depth * kPanel;
  m.c = part.contiguous ? task.out<float>(0) + row * plan.targets + target : apart;
  m.cStride = part.contiguous ? plan.targets : plan.blockColumns;
  const Ending ending(epilogue);
  m.bias = ending.bias;
  const auto count = static_cast<Index>(part.pieces.size());
  for (Index i = 0; i < count; i++) {
    const auto& [slice, from] = part.pieces[i];
    if (plan.shares) {
      m.a = gathered + from;
      m.aStride = pitchOf(plan.allTaps().columns());
    } else {
      takeRows(m, plan, lattice, slice, {source, group * plan.in, row}, gathered);
    }
    m.panels = panels + (slice.tap * plan.in + slice.channel) * kPanel;
    m.k = slice.columns();
    m.resume = i > 0;
    m.fetch = plan.fetches && part.contiguous && i == 0;
    if (i + 1 == count) ending.apply(m);
    multiply<false>(m);
  }
  if (!part.contiguous) {
    Position at(lattice, row);
    for (Index r = 0, count; r < m.rows; r += count, at.skip(lattice, count)) {
      count = least(m.rows - r, at.left(lattice));
      copyRows(apart + r * m.cStride, m.cStride, m.columns, count,
               task.out<float>(0) + at.target(lattice) * plan.targets + target,
               lattice.axes[2]->stride * plan.targets);
    }
  }
}

void clearBlock(const Task& task, const ProductPlan& plan, Index block) {
  float* const to = task.out<float>(0);
  const Index end = least(plan.cleared, (block + 1) * kClear);
  for (Index i = block * kClear; i < end; i++) to[i] = 0;
}

bool fitsPixels(const Axis& a) {
  return a.kernel == 1 && a.stride == 1 && a.before == 0 && a.output == a.size;
}

std::unique_ptr<ConvolutionPlan> planIm2col(const Geometry& g, Direction direction) {
  if (direction == Direction::kernelGrad) return planKernelGrad(g, true);
  return planProduct(g, direction, true);
}

// Rows whose distance is a large power of two fall into one set of the caches: they are copied.
bool collides(Index channels) { return channels % 256 == 0; }

std::unique_ptr<ConvolutionPlan> planPointwise(const Geometry& g, Direction direction) {
  if (direction == Direction::kernelGrad) return planKernelGrad(g, collides(g.channels));
  const Index sources = direction == Direction::forward ? g.channels : g.filters;
  return planProduct(g, direction, collides(sources));
}

Status runIm2col(const Task& task) noexcept {
  const Direction direction = static_cast<const ConvolutionPlan&>(task.plan).direction;
  return direction == Direction::kernelGrad ? runKernelGrad(task) : runProduct(task);
}

}  // namespace

bool fitsAlways(const Geometry&, Direction) { return true; }

bool fitsPointwise(const Geometry& g, Direction) {
  return g.groups == 1 && fitsPixels(g.axes[0]) && fitsPixels(g.axes[1]) && fitsPixels(g.axes[2]);
}

std::unique_ptr<ConvolutionPlan> planProduct(const Geometry& g, Direction direction, bool copies) {
  auto plan = std::make_unique<ProductPlan>();
  const bool forward = direction == Direction::forward;
  plan->geometry = g;
  plan->copies = copies;
  plan->sources = forward ? g.channels : g.filters;
  plan->targets = forward ? g.filters : g.channels;
  plan->in = plan->sources / g.groups;
  plan->out = plan->targets / g.groups;
  plan->panelsWide = ceilDiv(plan->out, kPanel);
  plan->fetches = g.images * plan->targets * (forward ? g.outputs() : g.pixels()) > kLarge;
  plan->blocks = {0};
  if (plan->targets == 0) return plan;
  bool reached = true;
  for (int i = 0; i < 3; i++) {
    plan->lines[i] = forward ? forwardLines(g.axes[i]) : inputGradLines(g.axes[i]);
    reached = reached && static_cast<Index>(plan->lines[i].size()) >=
                             (forward ? 1 : least(g.axes[i].stride, g.axes[i].size));
  }
  if (!reached) plan->cleared = g.images * g.pixels() * g.channels;
  for (int i = 0; i < 3; i++) plan->shared[i] = unionOf(plan->lines[i]);
  const Index together = plan->allTaps().columns();
  const bool several = plan->lines[0].size() * plan->lines[1].size() * plan->lines[2].size() > 1;
  plan->shares = copies && several && together > 0 && together <= kSliceColumns;
  Index mostRows = 0, depth = 0, panels = 0, widest = 0;
  for (const Line& a0 : plan->lines[0])
    for (const Line& a1 : plan->lines[1])
      for (const Line& a2 : plan->lines[2]) {
        const Lattice lattice{{&a0, &a1, &a2}, plan->sources};
        const bool contiguous = a0.stride == 1 && a1.stride == 1 && a2.stride == 1;
        const Slices slices(lattice.taps(), plan->in, kSliceColumns);
        plan->parts.push_back(
            {lattice, plan->shares ? piecesOf(lattice, plan->all(), plan->in) : slicesOf(slices), 0,
             0, panels, contiguous});
        widest = most(widest, plan->shares ? together : slices.widest());
        panels += lattice.taps() * plan->in * plan->panelsWide * kPanel * g.groups;
        mostRows = most(mostRows, lattice.positions() * g.images);
        depth = most(depth, lattice.taps() * plan->in);
      }
  chooseBlocks(*plan, mostRows, depth);
  if (copies) plan->gathered = plan->blockRows * pitchOf(widest);
  Index blocks = 0, packBlocks = 0, apart = 0;
  for (Part& part : plan->parts) {
    part.firstBlock = blocks;
    part.firstPackBlock = packBlocks;
    const Index own = ceilDiv(part.lattice.positions() * g.images, plan->blockRows) *
                      plan->columnBlocks * g.groups;
    blocks = plan->shares ? own : blocks + own;
    packBlocks += part.lattice.taps() * plan->panelsWide * g.groups;
    if (!part.contiguous) apart = plan->blockRows * plan->blockColumns;
  }
  plan->blocks = {ceilDiv(plan->cleared, kClear), blocks > 0 ? packBlocks : 0, blocks};
  plan->sharedScratch = static_cast<std::size_t>(panels) * sizeof(float);
  plan->threadScratch = (plan->gathered + apart) * sizeof(float);
  return plan;
}

Status runProduct(const Task& task) noexcept {
  const auto& plan = static_cast<const ProductPlan&>(task.plan);
  std::size_t i = 0;
  for (Index block = task.begin; block < task.end; block++) {
    if (task.phase == 0) {
      clearBlock(task, plan, block);
      continue;
    }
    if (task.phase == 2 && plan.shares) {
      copyShared(task, plan, block);
      for (const Part& part : plan.parts) multiplyBlock(task, plan, part, block);
      continue;
    }
    const auto first = [&](std::size_t p) {
      return task.phase == 1 ? plan.parts[p].firstPackBlock : plan.parts[p].firstBlock;
    };
    while (i + 1 < plan.parts.size() && first(i + 1) <= block) i++;
    const Part& part = plan.parts[i];
    if (task.phase == 1)
      packPanel(plan, part, task.in<float>(1), block - first(i),
                reinterpret_cast<float*>(task.sharedScratch));
    else
      multiplyBlock(task, plan, part, block - first(i));
  }
  return Status::ok;
}

const Method im2col{"im2col", fitsAlways, planIm2col, runIm2col};
const Method pointwise{"pointwise", fitsPointwise, planPointwise, runIm2col};

}  // namespace neurone::NEURONE_ISA::convolution
