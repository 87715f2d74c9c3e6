// `convPool`: each block is a few images, or a slab of rows of one image, that go through
// convolution, activation and pooling in the cache. The convolution of a block is one of the
// methods' own, planned for its geometry; rows and columns that no window reaches are left out.
// Phases: those in which the method prepares the weights; then the blocks.
#include "convolution_pool.h"

#include "pooling.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

constexpr Index kBlockFloats = 64 << 10;  // of the convolution's output: it stays in the L2 cache
constexpr double kBlockWork = 4e6;        // multiply-adds from which on there are more blocks, and
constexpr Index kBlocks = 16;             // as many at least if there is so much work
constexpr Index kMostBlocks = 1 << 14;    // unless images are tiny
constexpr Index kSlabRows = 4;            // of the convolution's output

// The same rows of every image.
struct Slab {
  pool::PoolPlan pool;                    // of one image
  std::unique_ptr<ConvolutionPlan> full;  // of as many images as a block has
  std::unique_ptr<ConvolutionPlan> rest;  // of those in the last block, if they are fewer
  Index firstRow = 0;                     // of x
  Index firstPooled = 0;                  // of y
};

struct ConvPoolPlan : Plan {
  const Method* method = nullptr;
  Geometry geometry;
  pool::PoolPlan pool;  // of the whole output of the convolution
  bool averages = false;
  bool trims = true;  // whether columns and rows that no window reaches are left out
  Index images = 1;   // of a block
  std::vector<Slab> slabs;
  std::size_t convolved = 0;  // bytes of thread scratch before the method's own

  const char* describe() const override { return method->name; }
};

// How much of an axis of the convolution's output windows reach.
Index reached(const pool::Axis& a) { return a.taps(a.out - 1).end; }

// Rows [first, end) of the pooled output.
Slab slabOf(const ConvPoolPlan& plan, Index first, Index end, Geometry& g) {
  g = plan.geometry;
  g.oneThread = true;
  Slab slab;
  slab.firstPooled = first;
  for (int i = 0; i < 3; i++) slab.pool.axes[i] = plan.pool.axes[i];
  slab.pool.channels = g.filters;
  pool::Axis& rows = slab.pool.axes[1];
  if (plan.trims)
    for (int i = 1; i < 3; i++)
      g.axes[i].output = slab.pool.axes[i].size = reached(slab.pool.axes[i]);
  if (end - first == rows.out) return slab;
  const Index begin = rows.taps(first).begin, last = rows.taps(end - 1).end;
  rows.before = begin - (first * rows.stride - rows.before);
  rows.out = end - first;
  rows.size = last - begin;
  Axis& a = g.axes[1];
  const Index from = begin * a.stride - a.before;
  const Index to = (last - 1) * a.stride + (a.kernel - 1) * a.dilation + 1 - a.before;
  slab.firstRow = most(from, 0);
  a = {least(to, a.size) - slab.firstRow,
       a.kernel,
       rows.size,
       a.stride,
       a.dilation,
       slab.firstRow - from,
       most(to - a.size, 0)};
  return slab;
}

// Rows of the pooled output in a slab: as many as the cache holds and the threads can share, but
// not so few that most rows of the convolution would be computed twice.
Index rowsOfSlab(const ConvPoolPlan& plan, Index perImage, Index blocks) {
  const Geometry& g = plan.geometry;
  const pool::Axis& rows = plan.pool.axes[1];
  const Axis& a = g.axes[1];
  // With more padding than this there are windows of nothing but padding.
  const Index span = (a.kernel - 1) * a.dilation + 1;
  const bool inside = a.before < span && a.after < span && rows.before < rows.window &&
                      reached(rows) > (rows.out - 1) * rows.stride - rows.before;
  if (!inside) return rows.out;
  const Index count = most(ceilDiv(perImage, kBlockFloats), ceilDiv(blocks, g.images));
  const Index twice = most(rows.window - rows.stride, 0);
  const Index fewest = ceilDiv(most(kSlabRows, 4 * twice), rows.stride);
  const Index parts = ceilDiv(rows.out, least(most(ceilDiv(rows.out, count), fewest), rows.out));
  return ceilDiv(rows.out, parts);
}

// Plans all slabs; false if the method fits one of them not.
bool planSlabs(ConvPoolPlan& plan, const Method& method, bool trims) {
  const Geometry& whole = plan.geometry;
  plan.method = &method;
  plan.trims = trims;
  plan.slabs.clear();
  const pool::Axis& rows = plan.pool.axes[1];
  const double share = whole.work() / kBlockWork;
  const Index blocks = share < kBlocks ? static_cast<Index>(share) : kBlocks;
  const Index perImage = rows.size * plan.pool.axes[2].size * whole.filters;
  const Index each = rowsOfSlab(plan, perImage, blocks);
  plan.images = 1;
  if (each == rows.out) {
    const Index shared = blocks > 0 ? ceilDiv(whole.images, blocks) : whole.images;
    plan.images = most(least(kBlockFloats / perImage, shared), 1);
    plan.images = most(plan.images, ceilDiv(whole.images, kMostBlocks));
  }
  for (Index first = 0; first < rows.out; first += each) {
    Geometry g;
    plan.slabs.push_back(slabOf(plan, first, least(first + each, rows.out), g));
    Slab& slab = plan.slabs.back();
    const Index left = whole.images % plan.images;
    for (const Index images : {plan.images, left}) {
      if (images == 0) continue;
      g.images = images;
      if (!method.fits(g, Direction::forward)) return false;
      (images == left ? slab.rest : slab.full) = planBy(method, g, Direction::forward);
    }
  }
  return true;
}

std::unique_ptr<Plan> prepare(const Signature& s) {
  require(s.inputs.size() >= 2 && s.outputs.size() == 1, "convPool takes x, w, (scale), (bias)");
  require(s.inputs[0].rank() == 4, "convPool takes two spatial axes");
  AttrReader attrs(s);
  auto plan = std::make_unique<ConvPoolPlan>();
  Geometry& g = plan->geometry;
  g = forwardGeometry(s, attrs);
  require(!g.residual, "convPool adds nothing to the convolution");
  plan->averages = attrs.boolean();
  const ValueInfo between{DType::float32,
                          {g.images, g.axes[1].output, g.axes[2].output, g.filters}};
  pool::readGeometry(plan->pool, attrs, between, s.outputs[0]);
  plan->method = &choose(g, Direction::forward);
  plan->blocks = {0};
  if (s.outputs[0].size() == 0) return plan;
  require(between.size() > 0, "convPool: nothing to pool");
  const Method& wanted = *plan->method;
  const bool reaches = reached(plan->pool.axes[1]) > 0 && reached(plan->pool.axes[2]) > 0;
  if (!(reaches && planSlabs(*plan, wanted, true)) && !planSlabs(*plan, wanted, false))
    planSlabs(*plan, im2col, false);
  std::size_t scratch = 0, convolved = 0;
  for (const Slab& slab : plan->slabs)
    for (const ConvolutionPlan* inner : {slab.full.get(), slab.rest.get()}) {
      if (!inner) continue;
      const Geometry& part = inner->geometry;
      const auto floats = static_cast<std::size_t>(part.images * part.outputs() * part.filters);
      convolved = convolved > floats ? convolved : floats;
      scratch = scratch > inner->threadScratch ? scratch : inner->threadScratch;
      if (inner->sharedScratch > plan->sharedScratch) plan->sharedScratch = inner->sharedScratch;
    }
  plan->convolved = (convolved * sizeof(float) + 63) / 64 * 64;
  plan->threadScratch = plan->convolved + scratch;
  plan->blocks = plan->slabs.front().full->blocks;
  plan->blocks.back() = ceilDiv(g.images, plan->images) * static_cast<Index>(plan->slabs.size());
  plan->preparing = phasesToKeep(g, plan->blocks.size());
  return plan;
}

void runBlock(const Task& task, const ConvPoolPlan& plan, Index block) {
  const Geometry& g = plan.geometry;
  const auto slabs = static_cast<Index>(plan.slabs.size());
  const Slab& slab = plan.slabs[block % slabs];
  const Index image = block / slabs * plan.images;
  const Index images = least(plan.images, g.images - image);
  const ConvolutionPlan& conv = *(images == plan.images ? slab.full : slab.rest);
  const Axis* const axes = g.axes;
  const pool::Axis* const pooled = plan.pool.axes;
  const float* const x =
      task.in<float>(0) + (image * axes[1].size + slab.firstRow) * axes[2].size * g.channels;
  auto* const convolved = reinterpret_cast<float*>(task.threadScratch);
  // Methods only read their inputs; a task has no place for pointers to const.
  void* inputs[4] = {const_cast<float*>(x)};
  for (int i = 1; i < 2 + g.scaled + g.biased; i++) inputs[i] = task.inputs[i];
  void* outputs[1] = {convolved};
  const int phase = static_cast<int>(conv.blocks.size()) - 1;
  plan.method->run({conv, inputs, outputs, phase, 0, conv.blocks[phase],
                    task.threadScratch + plan.convolved, task.sharedScratch, task.failure});
  float* const y =
      task.out<float>(0) + (image * pooled[1].out + slab.firstPooled) * pooled[2].out * g.filters;
  (plan.averages ? pool::averageRows : pool::maxRows)(slab.pool, convolved, y, 0,
                                                      images * slab.pool.axes[1].out);
}

Status run(const Task& task) noexcept {
  const auto& plan = static_cast<const ConvPoolPlan&>(task.plan);
  if (task.phase + 1 < static_cast<int>(plan.blocks.size())) {
    const ConvolutionPlan& conv = *plan.slabs.front().full;
    return plan.method->run({conv, task.inputs, task.outputs, task.phase, task.begin, task.end,
                             task.threadScratch + plan.convolved, task.sharedScratch,
                             task.failure});
  }
  for (Index block = task.begin; block < task.end; block++) runBlock(task, plan, block);
  return Status::ok;
}

}  // namespace

void addPooled(KernelList& list) { list.push_back({"convPool", prepare, run}); }

}  // namespace neurone::NEURONE_ISA::convolution
