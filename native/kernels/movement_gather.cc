// gather, its gradient, and oneHot: positions that come as data, so that they are checked here.
#include "movement.h"
#include "movement_copy.h"

namespace neurone::NEURONE_ISA {
namespace {

// The table is [outer, n, inner]; `count` indices stand in place of n.
struct GatherPlan : Plan {
  Index outer = 0;
  Index n = 0;
  Index inner = 0;
  Index count = 0;
  Index elementSize = 0;
  Split split;
};

// `table` with `axis` replaced by the shape of `indices` must be `rows`.
std::unique_ptr<GatherPlan> planGather(const Signature& signature, const ValueInfo& table,
                                       const ValueInfo& indices, const ValueInfo& rows) {
  AttrReader attrs(signature);
  const Index axis = attrs.integer();
  requireDType(indices, {DType::int32});
  require(table.dtype == rows.dtype, "dtypes differ");
  require(axis >= 0 && axis < table.rank(), "an axis out of range");
  const auto at = static_cast<std::size_t>(axis);
  Shape expected(table.shape.begin(), table.shape.begin() + axis);
  expected.insert(expected.end(), indices.shape.begin(), indices.shape.end());
  expected.insert(expected.end(), table.shape.begin() + axis + 1, table.shape.end());
  require(rows.shape == expected, "shapes that do not fit");
  auto plan = std::make_unique<GatherPlan>();
  plan->outer = sizeOf(table.shape, 0, at);
  plan->n = table.shape[at];
  plan->inner = sizeOf(table.shape, at + 1, table.shape.size());
  plan->count = indices.size();
  plan->elementSize = static_cast<Index>(byteSize(table.dtype));
  return plan;
}

std::unique_ptr<Plan> prepareGather(const Signature& signature) {
  requireOperands(signature, 2, 1);
  auto plan = planGather(signature, signature.inputs[0], signature.inputs[1], signature.outputs[0]);
  plan->split =
      splitEvenly(plan->outer * plan->count, kCheap / (plan->inner > 4 ? plan->inner : 4), 1);
  plan->blocks = {plan->split.count};
  return plan;
}

[[gnu::always_inline]] inline bool inRange(std::int32_t index, Index n) {
  return static_cast<std::uint64_t>(static_cast<Index>(index)) < static_cast<std::uint64_t>(n);
}

// Copies rows of the table, none of which is empty, to `count` rows. Indices are in range.
template <class T>
void gatherRows(const T* table, const std::int32_t* indices, T* to, Index count, Index inner) {
  if (inner == 1) {
    for (Index i = 0; i < count; i++) to[i] = table[indices[i]];
    return;
  }
  const Index bytes = inner * static_cast<Index>(sizeof(T));
  if (bytes > kLongestOfPieces) {
    for (Index i = 0; i < count; i++)
      copyElements(to + i * inner, table + indices[i] * inner, inner);
    return;
  }
  withPieces<T>(bytes, [&](auto piece) {
    for (Index i = 0; i < count; i++)
      piece.copy(reinterpret_cast<char*>(to) + i * bytes,
                 reinterpret_cast<const char*>(table) + indices[i] * bytes, bytes);
  });
}

// Rows [begin, end) of the output; indices are checked before any of them is followed.
template <class T>
Status gatherBlock(const GatherPlan& plan, const Task& task, Index begin, Index end) {
  for (Index row = begin; row < end;) {
    const Index outer = row / plan.count;
    const Index first = row % plan.count;
    const Index left = plan.count - first;
    const Index count = left < end - row ? left : end - row;
    const std::int32_t* indices = task.in<std::int32_t>(1) + first;
    int bad = 0;
#pragma omp simd reduction(| : bad)
    for (Index i = 0; i < count; i++) bad |= !inRange(indices[i], plan.n);
    for (Index i = 0; bad && i < count; i++) {
      if (inRange(indices[i], plan.n)) continue;
      *task.failure = {Status::indexOutOfRange, first + i, static_cast<double>(indices[i])};
      return Status::indexOutOfRange;
    }
    if (plan.inner > 0)
      gatherRows(task.in<T>(0) + outer * plan.n * plan.inner, indices,
                 task.out<T>(0) + row * plan.inner, count, plan.inner);
    row += count;
  }
  return Status::ok;
}

Status runGather(const Task& task) noexcept {
  const GatherPlan& plan = planOf<GatherPlan>(task);
  Status status = Status::ok;
  for (Index block = task.begin; block < task.end && status == Status::ok; block++) {
    const Index begin = plan.split.begin(block);
    const Index end = plan.split.end(block, plan.outer * plan.count);
    status = plan.elementSize == 4 ? gatherBlock<std::uint32_t>(plan, task, begin, end)
                                   : gatherBlock<std::uint8_t>(plan, task, begin, end);
  }
  return status;
}

// The gradient. The first phase sorts the positions of indices by the block of table rows that they
// fall in, keeping their order; in the second, each block adds to its own rows alone. Scratch holds
// the start of each block's positions, then the positions.
struct GatherGradPlan : Plan {
  std::unique_ptr<GatherPlan> gather;
  Split rows;  // of the table
};

std::unique_ptr<Plan> prepareGatherGrad(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireDType(signature.outputs[0], {DType::float32});
  auto plan = std::make_unique<GatherGradPlan>();
  plan->gather =
      planGather(signature, signature.outputs[0], signature.inputs[1], signature.inputs[0]);
  const GatherPlan& gather = *plan->gather;
  require(gather.count <= INT32_MAX, "more indices than int32 counts");
  const Index work = gather.inner * (gather.count + gather.n);
  const Index most = work / kCheap < 64 ? work / kCheap : 64;
  plan->rows = splitEvenly(gather.n, 1, 1, most > 1 ? most : 1);
  plan->blocks = {1, plan->rows.count * gather.outer};
  if (plan->blocks[1] == 0) plan->blocks[1] = 1;
  plan->sharedScratch =
      static_cast<std::size_t>(plan->rows.count + 1 + gather.count) * sizeof(std::int32_t);
  return plan;
}

Status sortIndices(const GatherGradPlan& plan, const Task& task) {
  const GatherPlan& gather = *plan.gather;
  const std::int32_t* indices = task.in<std::int32_t>(1);
  std::int32_t* start = reinterpret_cast<std::int32_t*>(task.sharedScratch);
  std::int32_t* positions = start + plan.rows.count + 1;
  for (Index block = 0; block <= plan.rows.count; block++) start[block] = 0;
  for (Index i = 0; i < gather.count; i++) {
    if (!inRange(indices[i], gather.n)) {
      *task.failure = {Status::indexOutOfRange, i, static_cast<double>(indices[i])};
      return Status::indexOutOfRange;
    }
    start[indices[i] / plan.rows.length]++;
  }
  // Counts become ends; filling from the back turns ends into starts and keeps the order.
  for (Index block = 1; block <= plan.rows.count; block++) start[block] += start[block - 1];
  for (Index i = gather.count; i-- > 0;)
    positions[--start[indices[i] / plan.rows.length]] = static_cast<std::int32_t>(i);
  return Status::ok;
}

void addRows(const GatherGradPlan& plan, const Task& task, Index block) {
  const GatherPlan& gather = *plan.gather;
  const Index inner = gather.inner;
  const Index outer = block / plan.rows.count;
  const Index part = block % plan.rows.count;
  if (outer >= gather.outer) return;
  const std::int32_t* indices = task.in<std::int32_t>(1);
  const std::int32_t* start = reinterpret_cast<const std::int32_t*>(task.sharedScratch);
  const std::int32_t* positions = start + plan.rows.count + 1;
  float* dx = task.out<float>(0) + outer * gather.n * inner;
  const Index first = plan.rows.begin(part) * inner;
  const Index last = plan.rows.end(part, gather.n) * inner;
  __builtin_memset(dx + first, 0, static_cast<std::size_t>(last - first) * sizeof(float));
  for (std::int32_t at = start[part]; at < start[part + 1]; at++) {
    const float* from = task.in<float>(0) + (outer * gather.count + positions[at]) * inner;
    float* to = dx + indices[positions[at]] * inner;
#pragma omp simd
    for (Index i = 0; i < inner; i++) to[i] += from[i];
  }
}

Status runGatherGrad(const Task& task) noexcept {
  const GatherGradPlan& plan = planOf<GatherGradPlan>(task);
  if (task.phase == 0) return sortIndices(plan, task);
  for (Index block = task.begin; block < task.end; block++) addRows(plan, task, block);
  return Status::ok;
}

struct OneHotPlan : Plan {
  Index count = 0;
  Index depth = 0;
  Split split;
};

std::unique_ptr<Plan> prepareOneHot(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const ValueInfo& indices = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  requireDType(indices, {DType::int32});
  requireDType(y, {DType::float32});
  require(y.rank() == indices.rank() + 1, "ranks that do not fit");
  for (std::size_t i = 0; i < indices.shape.size(); i++)
    require(y.shape[i] == indices.shape[i], "shapes that do not fit");
  auto plan = std::make_unique<OneHotPlan>();
  plan->count = indices.size();
  plan->depth = y.shape[y.shape.size() - 1];
  plan->split = splitEvenly(plan->count, kCheap / (plan->depth > 1 ? plan->depth : 1), 1);
  plan->blocks = {plan->split.count};
  return plan;
}

Status runOneHot(const Task& task) noexcept {
  const OneHotPlan& plan = planOf<OneHotPlan>(task);
  forBlocks(task, plan.count, plan.split, [&](Index begin, Index end) {
    float* y = task.out<float>(0);
    __builtin_memset(y + begin * plan.depth, 0,
                     static_cast<std::size_t>((end - begin) * plan.depth) * sizeof(float));
    for (Index i = begin; i < end; i++) {
      const std::int32_t index = task.in<std::int32_t>(0)[i];
      if (inRange(index, plan.depth)) y[i * plan.depth + index] = 1.0f;
    }
  });
  return Status::ok;
}

}  // namespace

void addGatherKernels(KernelList& list) {
  list.push_back({"gather", prepareGather, runGather});
  list.push_back({"gatherGrad", prepareGatherGrad, runGatherGrad});
  list.push_back({"oneHot", prepareOneHot, runOneHot});
}

}  // namespace neurone::NEURONE_ISA
