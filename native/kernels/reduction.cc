// sum, prod, max, min, any and all over any axes. Adjacent axes collapse until reduced and kept
// ones alternate; then either the last axis is reduced (runs) or kept (columns). Reductions to few
// outputs are cut into parts, whose results a second phase combines in order.
#include "reduction.h"

#include "elementwise_nest.h"
#include "reduction_core.h"
#include "reduction_groups.h"

namespace neurone::NEURONE_ISA {
namespace {

// Elements per block.
constexpr Index kLeast = 16384;
// With fewer outputs than this, blocks of outputs would be too few.
constexpr Index kFewOutputs = 64;
// Narrower columns are read several rows at a time, to fill the vectors.
constexpr Index kNarrow = 64;
// With more rows than this, columns are cut no narrower than a strip: rows are, into parts.
constexpr Index kManyRows = 1024;

struct AxesPlan : ReductionPlan {
  bool columnsInner = false;
  Nest<1> kept;            // axes that stay, except the columns
  Nest<1> reduced;         // axes that go, except the run
  Index width = 0;         // columns, or length of a run
  Index keptCount = 0;     // outputs, or rows of outputs
  Index reducedCount = 0;  // elements per output, or rows per column
  Index rowsAtOnce = 1;    // rows that lie one after another and are read as one wide row
  Split keptSplit, columnSplit, partSplit;

  Index outputs() const { return keptCount * (columnsInner ? width : 1); }
};

// Elements [begin, end) of those that one output reduces, which starts at x.
template <class R>
typename R::Total reducePart(const AxesPlan& plan, const typename R::Element* x, Index begin,
                             Index end) {
  using T = typename R::Total;
  T total = R::identity;
  if (begin >= end) return total;
  const Index n = plan.width;
  const Index firstRow = begin / n;
  const Index lastRow = (end - 1) / n;
  const Index stride = plan.reduced.stride[0][plan.reduced.rank - 2];
  forRows(plan.reduced, firstRow, lastRow + 1, [&](const Index* offset, Index row, Index rows) {
    for (Index i = 0; i < rows; i++) {
      const Index from = row + i == firstRow ? begin - firstRow * n : 0;
      const Index to = row + i == lastRow ? end - lastRow * n : n;
      total = R::combine(total, reduceRun<R>(x + offset[0] + i * stride + from, to - from));
    }
  });
  return total;
}

template <class R>
void reduceRuns(const ReductionPlan& base, const Task& task, Index block) {
  const AxesPlan& plan = static_cast<const AxesPlan&>(base);
  using E = typename R::Element;
  using T = typename R::Total;
  const Index keptBlock = block / plan.partSplit.count;
  const Index part = block % plan.partSplit.count;
  const Index begin = plan.partSplit.begin(part);
  const Index end = plan.partSplit.end(part, plan.reducedCount);
  const Index stride = plan.kept.stride[0][plan.kept.rank - 2];
  T* partial = reinterpret_cast<T*>(task.sharedScratch) + part * plan.keptCount;
  E* out = task.out<E>(0);
  forRows(plan.kept, plan.keptSplit.begin(keptBlock), plan.keptSplit.end(keptBlock, plan.keptCount),
          [&](const Index* offset, Index row, Index rows) {
            for (Index i = 0; i < rows; i++) {
              const T total =
                  reducePart<R>(plan, task.in<E>(0) + offset[0] + i * stride, begin, end);
              if (plan.partSplit.count > 1)
                partial[row + i] = total;
              else
                out[row + i] = static_cast<E>(total);
            }
          });
}

template <class R>
void reduceIntoColumns(const ReductionPlan& base, const Task& task, Index block) {
  const AxesPlan& plan = static_cast<const AxesPlan&>(base);
  using E = typename R::Element;
  using T = typename R::Total;
  const Index part = block % plan.partSplit.count;
  const Index piece = block / plan.partSplit.count;
  const Index columnBlock = piece % plan.columnSplit.count;
  const Index keptBlock = piece / plan.columnSplit.count;
  const Index column = plan.columnSplit.begin(columnBlock);
  const Index columns = plan.columnSplit.end(columnBlock, plan.width) - column;
  const Index stride = plan.reduced.stride[0][plan.reduced.rank - 2];
  const Index wide = columns * plan.rowsAtOnce;
  T* totals = reinterpret_cast<T*>(task.threadScratch);
  forRows(
      plan.kept, plan.keptSplit.begin(keptBlock), plan.keptSplit.end(keptBlock, plan.keptCount),
      [&](const Index* keptOffset, Index keptRow, Index keptRows) {
        for (Index k = 0; k < keptRows; k++) {
          const E* x =
              task.in<E>(0) + keptOffset[0] + k * plan.kept.stride[0][plan.kept.rank - 2] + column;
          for (Index c = 0; c < wide; c++) totals[c] = R::identity;
          forRows(plan.reduced, plan.partSplit.begin(part),
                  plan.partSplit.end(part, plan.reducedCount),
                  [&](const Index* offset, Index, Index rows) {
                    const E* from = x + offset[0];
                    const Index groups = rows / plan.rowsAtOnce;
                    reduceColumns<R>(from, groups, stride * plan.rowsAtOnce, wide, totals);
                    const Index done = groups * plan.rowsAtOnce;
                    if (done < rows)
                      reduceColumns<R>(from + done * stride, rows - done, stride, columns, totals);
                  });
          for (Index k2 = columns; k2 < wide; k2 += columns)
            for (Index c = 0; c < columns; c++) totals[c] = R::combine(totals[c], totals[k2 + c]);
          const Index at = (keptRow + k) * plan.width + column;
          if (plan.partSplit.count > 1) {
            T* partial = reinterpret_cast<T*>(task.sharedScratch) + part * plan.outputs() + at;
            for (Index c = 0; c < columns; c++) partial[c] = totals[c];
          } else {
            E* out = task.out<E>(0) + at;
            for (Index c = 0; c < columns; c++) out[c] = static_cast<E>(totals[c]);
          }
        }
      });
}

// The second phase, over a block of outputs; sums up in the first part's place.
template <class R>
void combineParts(const ReductionPlan& base, const Task& task, Index block) {
  using E = typename R::Element;
  const AxesPlan& plan = static_cast<const AxesPlan&>(base);
  auto* totals = reinterpret_cast<typename R::Total*>(task.sharedScratch);
  const Index n = plan.outputs();
  const Split split = splitEvenly(n, kLeast / plan.partSplit.count, 64);
  const Index begin = split.begin(block);
  const Index end = split.end(block, n);
  for (Index part = 1; part < plan.partSplit.count; part++) {
    const auto* partial = totals + part * n;
#pragma omp simd
    for (Index i = begin; i < end; i++) totals[i] = R::combine(totals[i], partial[i]);
  }
  for (Index i = begin; i < end; i++) task.out<E>(0)[i] = static_cast<E>(totals[i]);
}

Status runReduction(const Task& task) noexcept {
  const ReductionPlan& plan = planOf<ReductionPlan>(task);
  for (Index block = task.begin; block < task.end; block++)
    plan.phases[task.phase](plan, task, block);
  return Status::ok;
}

template <class R>
void planBlocks(AxesPlan& plan) {
  const Index perOutput = plan.reducedCount * (plan.columnsInner ? plan.width : 1);
  const bool cut = plan.keptCount < kFewOutputs && perOutput >= 2 * kLeast;
  const Index pieces = cut && plan.keptCount > 0 ? kMaxBlocks / plan.keptCount : 1;
  plan.keptSplit = cut ? Split{1, plan.keptCount}
                       : splitEvenly(plan.keptCount, kLeast / (perOutput > 1 ? perOutput : 1), 1);
  if (plan.columnsInner) {
    const Index narrowest = plan.reducedCount < kManyRows ? kNarrow : kStrip;
    const Index enough = kLeast / plan.reducedCount;
    plan.columnSplit = splitEvenly(plan.width, narrowest > enough ? narrowest : enough, 64, pieces);
    plan.partSplit = splitEvenly(plan.reducedCount, kLeast / plan.columnSplit.length, 64,
                                 pieces / plan.columnSplit.count);
    plan.threadScratch = static_cast<std::size_t>(plan.columnSplit.length * plan.rowsAtOnce) *
                         sizeof(typename R::Total);
  } else {
    plan.columnSplit = {1, 1};
    plan.partSplit = splitEvenly(plan.reducedCount, kLeast, 64, pieces);
  }
  plan.blocks = {plan.keptSplit.count * plan.columnSplit.count * plan.partSplit.count};
  plan.phases[0] = plan.columnsInner ? reduceIntoColumns<R> : reduceRuns<R>;
  if (plan.partSplit.count > 1) {
    const Index n = plan.outputs();
    plan.sharedScratch =
        static_cast<std::size_t>(plan.partSplit.count * n) * sizeof(typename R::Total);
    plan.blocks.push_back(splitEvenly(n, kLeast / plan.partSplit.count, 64).count);
    plan.phases[1] = combineParts<R>;
  }
}

// Checks the axes and the output's shape; returns which axes are reduced.
std::vector<bool> reducedAxes(const Signature& signature) {
  AttrReader attrs(signature);
  const Shape axes = attrs.list();
  const bool keepDims = attrs.boolean();
  const Shape& shape = signature.inputs[0].shape;
  std::vector<bool> reduced(shape.size());
  for (const Index axis : axes) {
    require(axis >= 0 && axis < static_cast<Index>(shape.size()), "an axis out of range");
    require(!reduced[static_cast<std::size_t>(axis)], "an axis twice");
    reduced[static_cast<std::size_t>(axis)] = true;
  }
  Shape expected;
  for (std::size_t i = 0; i < shape.size(); i++) {
    if (!reduced[i])
      expected.push_back(shape[i]);
    else if (keepDims)
      expected.push_back(1);
  }
  require(signature.outputs[0].shape == expected, "an output of another shape");
  return reduced;
}

// How many dense rows are read as one. Of many rows, as many as fill a strip: each of the eight
// wide rows that are read together is then a page of its own, which processors fetch ahead of time.
// Where that would be very many, putting them together again costs more than it saves.
Index rowsAtOnce(Index rows, Index width) {
  if (width < 32) return width < 8 ? 64 : 16;
  if (rows < kManyRows) return width < kNarrow ? 16 : 1;
  return width < kStrip ? kStrip / width : 1;
}

template <class R>
std::unique_ptr<Plan> planReduction(const Signature& signature, const std::vector<bool>& goes) {
  const Shape& shape = signature.inputs[0].shape;
  auto plan = std::make_unique<AxesPlan>();
  // Without elements, every output is the identity: runs of nothing.
  if (signature.inputs[0].size() == 0) {
    plan->keptCount = signature.outputs[0].size();
    plan->kept.extent[0] = plan->keptCount;
    planBlocks<R>(*plan);
    return plan;
  }
  // Kept axes get stride 1 in the second operand, reduced ones 0, so that they do not collapse
  // into each other.
  Shape outStrides(shape.size());
  Index stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    outStrides[i] = goes[i] ? 0 : stride;
    if (!goes[i]) stride *= shape[i];
  }
  const Nest<2> all = makeNest(shape, {denseStrides(shape), outStrides});
  if (auto grouped = planGroups<R>(all)) return grouped;
  const int last = all.rank - 1;
  bool isKept[kMaxRank + 2] = {};
  bool isReduced[kMaxRank + 2] = {};
  for (int i = 0; i < last; i++) (all.stride[1][i] != 0 ? isKept : isReduced)[i] = true;
  plan->columnsInner = all.stride[1][last] != 0;
  plan->width = all.extent[last];
  plan->kept = axesOf(all, isKept);
  plan->reduced = axesOf(all, isReduced);
  plan->keptCount = plan->kept.rows();
  plan->reducedCount = plan->reduced.rows() * (plan->columnsInner ? 1 : plan->width);
  const int middle = plan->reduced.rank - 2;
  if (plan->columnsInner && plan->reduced.stride[0][middle] == plan->width)
    plan->rowsAtOnce = rowsAtOnce(plan->reducedCount, plan->width);
  planBlocks<R>(*plan);
  return plan;
}

template <class FloatReducer, class IntegerReducer>
std::unique_ptr<Plan> prepareNumeric(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const DType dtype = signature.inputs[0].dtype;
  require(signature.outputs[0].dtype == dtype, "dtypes differ");
  requireDType(signature.inputs[0], {DType::float32, DType::int32});
  const std::vector<bool> axes = reducedAxes(signature);
  return dtype == DType::float32 ? planReduction<FloatReducer>(signature, axes)
                                 : planReduction<IntegerReducer>(signature, axes);
}

template <class R>
std::unique_ptr<Plan> prepareLogical(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireDType(signature.inputs[0], {DType::boolean});
  requireDType(signature.outputs[0], {DType::boolean});
  return planReduction<R>(signature, reducedAxes(signature));
}

// int32 wraps, hence unsigned. Bytes of a bool are 0 or 1: the least of them is their conjunction.
using SumInteger = Sum<std::uint32_t, std::uint32_t>;
using ProductInteger = Product<std::uint32_t>;
using MaximumInteger = Maximum<std::int32_t, INT32_MIN>;
using MinimumInteger = Minimum<std::int32_t, INT32_MAX>;
using AllSet = Minimum<std::uint8_t, 1>;

}  // namespace

void addReductionKernels(KernelList& list) {
  list.push_back({"sum", prepareNumeric<SumFloat, SumInteger>, runReduction});
  list.push_back({"prod", prepareNumeric<Product<float>, ProductInteger>, runReduction});
  list.push_back({"max", prepareNumeric<MaximumFloat, MaximumInteger>, runReduction});
  list.push_back({"min", prepareNumeric<MinimumFloat, MinimumInteger>, runReduction});
  list.push_back({"any", prepareLogical<AnySet>, runReduction});
  list.push_back({"all", prepareLogical<AllSet>, runReduction});
  addArgKernels(list);
  addCumulativeKernels(list);
  addSortKernels(list);
  addTopKernels(list);
}

}  // namespace neurone::NEURONE_ISA
