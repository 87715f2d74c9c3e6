// Reductions to many outputs, of few elements each, whose columns or runs are too short for a walk
// of their own: pooling written as a sum over axes, sums over channels. Many outputs that lie
// beside each other are reduced together.
#pragma once

#include <type_traits>

#include "narrow_rows.h"
#include "reduction_core.h"

namespace neurone::NEURONE_ISA {

struct ReductionPlan : Plan {
  void (*phases[2])(const ReductionPlan&, const Task&, Index block) = {};
};

// The axes in `take` of `all`, with a last axis of one element so that forRows walks all of them.
inline Nest<1> axesOf(const Nest<2>& all, const bool (&take)[kMaxRank + 2]) {
  Nest<1> nest;
  nest.rank = 0;
  for (int i = 0; i < all.rank; i++) {
    if (!take[i]) continue;
    nest.extent[nest.rank] = all.extent[i];
    nest.stride[0][nest.rank++] = all.stride[0][i];
  }
  if (nest.rank == 0) {
    nest.extent[0] = 1;
    nest.stride[0][nest.rank++] = 0;
  }
  nest.extent[nest.rank] = 1;
  nest.stride[0][nest.rank++] = 0;
  return nest;
}

// Elements of a chunk, of several chunks for a block, and how many may meet in one output.
inline constexpr Index kChunk = 2048;
inline constexpr Index kChunksPerBlock = 8;
inline constexpr Index kFewElements = 256;

// The last three axes are [groups, rows, width] with dense strides, of which rows go. First the
// other reduced axes go, whole chunks of groups at a time; then the rows of each group.
struct GroupsPlan : ReductionPlan {
  Nest<1> kept, reduced;  // the axes before the last three
  Index reducedCount = 1;
  Index groups = 0, rows = 0, width = 0;
  Split chunks;  // of groups, for every place in `kept`
  Split blocksOfChunks;
};

// to[group, c] combines from[group, row, c] over rows, a vector at a time: what is written past a
// group is written again by the next one, what is past the last one is padding.
template <class R, class V>
void combineGroups(const GroupsPlan& plan, const typename R::Element* from, Index groups,
                   typename R::Element* to) {
  constexpr Index lanes = sizeof(V) / sizeof(typename R::Element);
  for (Index group = 0; group < groups; group++, to += plan.width) {
    for (Index c = 0; c < plan.width; c += lanes) {
      V total, next;
      __builtin_memcpy(&total, from + c, sizeof(V));
      for (Index row = 1; row < plan.rows; row++) {
        __builtin_memcpy(&next, from + row * plan.width + c, sizeof(V));
        total = R::combine(total, next);
      }
      __builtin_memcpy(to + c, &total, sizeof(V));
    }
    from += plan.rows * plan.width;
  }
}

// A vector of 16 bytes for short rows: stores of longer ones would lie in two lines too often.
template <class E>
struct Short {
  typedef E Type __attribute__((vector_size(16)));
};

template <class R>
void reduceChunk(const GroupsPlan& plan, const Task& task, const typename R::Element* x,
                 Index groups, typename R::Element* out) {
  using E = typename R::Element;
  const Index n = groups * plan.rows * plan.width;
  E* sums = reinterpret_cast<E*>(task.threadScratch);
  E* results = sums + plan.chunks.length * plan.rows * plan.width + kVectorBytes;
  const Index stride = plan.reduced.stride[0][plan.reduced.rank - 2];
  forRows(plan.reduced, 0, plan.reducedCount, [&](const Index* offset, Index row, Index count) {
    const E* from = x + offset[0];
    for (Index i = 0; i < count; i++, from += stride) {
      if (row + i == 0) {
        __builtin_memcpy(sums, from, static_cast<std::size_t>(n) * sizeof(E));
        continue;
      }
#pragma omp simd
      for (Index j = 0; j < n; j++) sums[j] = R::combine(sums[j], from[j]);
    }
  });
  if (plan.width * static_cast<Index>(sizeof(E)) <= 16)
    combineGroups<R, typename Short<E>::Type>(plan, sums, groups, results);
  else
    combineGroups<R, Vector<E>>(plan, sums, groups, results);
  __builtin_memcpy(out, results, static_cast<std::size_t>(groups * plan.width) * sizeof(E));
}

template <class R>
void reduceGroups(const ReductionPlan& base, const Task& task, Index block) {
  using E = typename R::Element;
  const GroupsPlan& plan = static_cast<const GroupsPlan&>(base);
  const Index begin = plan.blocksOfChunks.begin(block);
  const Index end = plan.blocksOfChunks.end(block, plan.kept.rows() * plan.chunks.count);
  for (Index at = begin; at < end; at++) {
    const Index row = at / plan.chunks.count;
    const Index first = plan.chunks.begin(at % plan.chunks.count);
    const Index groups = plan.chunks.end(at % plan.chunks.count, plan.groups) - first;
    forRows(plan.kept, row, row + 1, [&](const Index* offset, Index, Index) {
      reduceChunk<R>(plan, task, task.in<E>(0) + offset[0] + first * plan.rows * plan.width, groups,
                     task.out<E>(0) + (row * plan.groups + first) * plan.width);
    });
  }
}

// Short rows of floats, each reduced to one.
struct ShortRowsPlan : ReductionPlan {
  Index rows = 0, width = 0;
  Split split;
};

// Whose loop the compiler turns into one over vectors.
template <class R, int width>
void reduceTinyRows(const Task& task, Index begin, Index end) {
  const float* x = task.in<float>(0);
  float* out = task.out<float>(0);
#pragma omp simd
  for (Index row = begin; row < end; row++) {
    float total = x[row * width];
    for (int c = 1; c < width; c++) total = R::combine(total, x[row * width + c]);
    out[row] = total;
  }
}

template <class R>
void reduceShortRows(const ReductionPlan& base, const Task& task, Index block) {
  const ShortRowsPlan& plan = static_cast<const ShortRowsPlan&>(base);
  const Index end = plan.split.end(block, plan.rows);
  if (plan.width == 2) return reduceTinyRows<R, 2>(task, plan.split.begin(block), end);
  if (plan.width == 3) return reduceTinyRows<R, 3>(task, plan.split.begin(block), end);
  alignas(64) RowTile tile;
  for (Index row = plan.split.begin(block); row < end; row += kLanesOfRows) {
    const Index rows = end - row < kLanesOfRows ? end - row : kLanesOfRows;
    loadTile(task.in<float>(0) + row * plan.width, plan.width, rows, tile);
    Vector<float> total = load(tile);
    for (Index c = 1; c < plan.width; c++) total = R::combine(total, load(tile + c * kLanesOfRows));
    float* out = task.out<float>(0) + row;
    if (rows == kLanesOfRows)
      store(out, total);
    else
      for (Index lane = 0; lane < rows; lane++) out[lane] = total[lane];
  }
}

// The plan of a reduction that is one of these, else nothing. `all` alternates between kept and
// reduced axes; the second stride of a reduced one is 0.
template <class R>
std::unique_ptr<ReductionPlan> planGroups(const Nest<2>& all) {
  const int last = all.rank - 1;
  const bool isKept = all.stride[1][last] != 0;
  if constexpr (std::is_same_v<typename R::Element, float>) {
    if (!isKept && all.rank == 2 && all.stride[1][0] != 0 && isNarrow(all.extent[last])) {
      auto plan = std::make_unique<ShortRowsPlan>();
      plan->rows = all.extent[0];
      plan->width = all.extent[last];
      plan->split = splitEvenly(plan->rows, kChunk * kChunksPerBlock / plan->width, kLanesOfRows);
      plan->blocks = {plan->split.count};
      plan->phases[0] = reduceShortRows<R>;
      return plan;
    }
  }
  // One group alone goes the same way, so that a sample's result does not depend on its batch.
  const bool isAlone = all.rank == 2;
  if (!isKept || all.rank < 2 || all.stride[1][last - 1] != 0) return nullptr;
  if (!isAlone && all.stride[1][last - 2] == 0) return nullptr;
  bool keeps[kMaxRank + 2] = {};
  bool reduces[kMaxRank + 2] = {};
  for (int i = 0; i < last - 2; i++) (all.stride[1][i] != 0 ? keeps : reduces)[i] = true;
  auto plan = std::make_unique<GroupsPlan>();
  plan->kept = axesOf(all, keeps);
  plan->reduced = axesOf(all, reduces);
  plan->reducedCount = plan->reduced.rows();
  plan->groups = isAlone ? 1 : all.extent[last - 2];
  plan->rows = all.extent[last - 1];
  plan->width = all.extent[last];
  const Index group = plan->rows * plan->width;
  if (plan->reducedCount * plan->rows > kFewElements || group > kChunk) return nullptr;
  const Index perChunk = kChunk / group;
  plan->chunks = {perChunk, (plan->groups + perChunk - 1) / perChunk};
  plan->threadScratch =
      static_cast<std::size_t>(perChunk * (group + plan->width) + 2 * kVectorBytes) *
      sizeof(typename R::Element);
  const Index work =
      plan->reducedCount * group * (perChunk < plan->groups ? perChunk : plan->groups);
  plan->blocksOfChunks =
      splitEvenly(plan->kept.rows() * plan->chunks.count, kChunk * kChunksPerBlock / work, 1);
  plan->blocks = {plan->blocksOfChunks.count};
  plan->phases[0] = reduceGroups<R>;
  return plan;
}

}  // namespace neurone::NEURONE_ISA
