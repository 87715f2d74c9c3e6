// broadcastTo and slice: reads through strides, written densely; and arange, which reads nothing.
#include "movement_strided.h"

#include "movement.h"

namespace neurone::NEURONE_ISA {
namespace {

template <class T>
Status stridedLoop(const StridedPlan& plan, const Task& task) noexcept {
  const Nest<1>& nest = plan.nest;
  const Tiles& tiles = plan.tiles;
  const Index step = nest.stride[0][nest.rank - 1];
  const Index rowStep = nest.stride[0][nest.rank - 2];
  for (Index block = task.begin; block < task.end; block++) {
    const Index rowBlock = block / tiles.columnSplit.count;
    const Index columnBlock = block % tiles.columnSplit.count;
    const Index column = tiles.columnSplit.begin(columnBlock);
    const Index n = tiles.columnSplit.end(columnBlock, tiles.columns) - column;
    forRows(nest, tiles.rowSplit.begin(rowBlock), tiles.rowSplit.end(rowBlock, tiles.rows),
            [&](const Index* offset, Index row, Index rows) {
              const T* from = task.in<T>(0) + plan.start + offset[0] + column * step;
              if (plan.repeats > 1)
                return repeatRows(task.out<T>(0) + row * plan.repeats * n, from, rowStep, rows,
                                  plan.repeats, n);
              T* to = task.out<T>(0) + row * tiles.columns + column;
              if (step == 1) return copyRows(to, tiles.columns, from, rowStep, rows, n);
              for (Index i = 0; i < rows; i++, from += rowStep, to += tiles.columns) {
                if (step == 0) {
                  fillElements(to, *from, n);
                } else {
#pragma GCC unroll 4
                  for (Index j = 0; j < n; j++) to[j] = from[j * step];
                }
              }
            });
  }
  return Status::ok;
}

}  // namespace

void planStrided(StridedPlan& plan, const ValueInfo& y, const Shape& strides) {
  plan.nest = makeNest(y.shape, {strides});
  Nest<1>& nest = plan.nest;
  const int last = nest.rank - 1;
  const Index bytes = nest.inner() * static_cast<Index>(byteSize(y.dtype));
  if (last > 1 && nest.stride[0][last] == 1 && nest.stride[0][last - 1] == 0 &&
      bytes <= kLongestOfPieces) {
    plan.repeats = nest.extent[last - 1];
    nest.extent[last - 1] = nest.extent[last];
    nest.stride[0][last - 1] = 1;
    nest.rank--;
  }
  plan.tiles = tile(nest.rows(), nest.inner(), kCheap / plan.repeats);
  plan.run = byteSize(y.dtype) == 4 ? stridedLoop<std::uint32_t> : stridedLoop<std::uint8_t>;
  plan.blocks = {plan.tiles.count()};
}

Status runStrided(const Task& task) noexcept {
  const StridedPlan& plan = planOf<StridedPlan>(task);
  return plan.run(plan, task);
}

namespace {

std::unique_ptr<Plan> prepareBroadcastTo(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.dtype == y.dtype, "dtypes differ");
  auto plan = std::make_unique<StridedPlan>();
  planStrided(*plan, y, broadcastStrides(x.shape, y.shape));
  return plan;
}

std::unique_ptr<Plan> prepareSlice(const Signature& signature) {
  requireOperands(signature, 1, 1);
  AttrReader attrs(signature);
  const Shape begin = attrs.list();
  const Shape steps = attrs.list();
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.dtype == y.dtype, "dtypes differ");
  const std::size_t rank = x.shape.size();
  require(y.shape.size() == rank && begin.size() == rank && steps.size() == rank,
          "a slice needs one begin and one stride per axis");
  auto plan = std::make_unique<StridedPlan>();
  Shape strides = denseStrides(x.shape);
  const bool empty = y.size() == 0;
  for (std::size_t i = 0; i < rank && !empty; i++) {
    const Index n = x.shape[i];
    require(begin[i] >= 0 && begin[i] < n, "a slice begins outside");
    require(steps[i] != 0 && steps[i] >= -kMaxSize && steps[i] <= kMaxSize,
            "a slice of impossible stride");
    // Compared by division, since (size − 1)·stride may overflow.
    const Index room = steps[i] > 0 ? (n - 1 - begin[i]) / steps[i] : begin[i] / -steps[i];
    require(y.shape[i] - 1 <= room, "a slice ends outside");
    plan->start += begin[i] * strides[i];
    strides[i] = y.shape[i] == 1 ? 0 : strides[i] * steps[i];
  }
  planStrided(*plan, y, strides);
  return plan;
}

struct ArangePlan : ElementsPlan {
  using ElementsPlan::ElementsPlan;
  std::uint64_t start = 0;
  std::uint64_t step = 0;
  bool integer = false;
};

std::unique_ptr<Plan> prepareArange(const Signature& signature) {
  requireOperands(signature, 0, 1);
  AttrReader attrs(signature);
  const ValueInfo& y = signature.outputs[0];
  requireDType(y, {DType::float32, DType::int32});
  auto plan = std::make_unique<ArangePlan>(y.size(), kCheap);
  plan->start = static_cast<std::uint64_t>(attrs.integer());
  plan->step = static_cast<std::uint64_t>(attrs.integer());
  plan->integer = y.dtype == DType::int32;
  return plan;
}

Status runArange(const Task& task) noexcept {
  const ArangePlan& plan = planOf<ArangePlan>(task);
  const std::uint64_t start = plan.start;
  const std::uint64_t step = plan.step;
  forBlocks(task, plan.n, plan.split, [&](Index begin, Index end) {
    for (Index i = begin; i < end; i++) {
      const auto value = static_cast<Index>(start + static_cast<std::uint64_t>(i) * step);
      if (plan.integer)
        task.out<std::int32_t>(0)[i] = static_cast<std::int32_t>(value);
      else
        task.out<float>(0)[i] = static_cast<float>(value);
    }
  });
  return Status::ok;
}

}  // namespace

void addStridedKernels(KernelList& list) {
  list.push_back({"broadcastTo", prepareBroadcastTo, runStrided});
  list.push_back({"slice", prepareSlice, runStrided});
  list.push_back({"arange", prepareArange, runArange});
}

}  // namespace neurone::NEURONE_ISA
