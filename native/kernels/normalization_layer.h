// What layerNorm and its gradient share: the plan, and sums of rows in pieces.
#pragma once

#include "narrow_rows.h"
#include "normalization.h"
#include "row_groups.h"
#include "streaming.h"

namespace neurone::NEURONE_ISA {

struct LayerPlan : Plan {
  Index rows = 0;
  Index n = 0;
  bool centered = true;
  bool past = false;  // whether the output of x's shape goes past the caches
  Split split;        // of rows
  Split columnSplit;  // of the elements of dγ and dβ
  RowGroup group;

  LayerPlan(const Signature& signature, Index maxBlocks)
      : group(signature.inputs[0].rank() == 2 ? signature.inputs[0].shape[1] : 0,
              kWrittenElements) {
    const ValueInfo& x = signature.inputs[0];
    require(x.rank() == 2, "rows of a tensor that is not a matrix");
    requireDType(x, {DType::float32});
    AttrReader attrs(signature);
    centered = attrs.boolean();
    rows = x.shape[0];
    n = x.shape[1];
    past = isPastCaches(x);
    split = splitEvenly(rows, kCheap / (n > 1 ? n : 1), kFloats, maxBlocks);
    blocks = {split.count};
  }
  void requireRows(const ValueInfo& value) const {
    requireDType(value, {DType::float32});
    require(value.shape == Shape{rows}, "values of another number of rows");
  }
  void requireElements(const ValueInfo& value) const {
    requireDType(value, {DType::float32});
    require(value.shape == Shape{n}, "values of another number of elements");
  }
};

// Elements that are summed in float32 before the sums go into doubles.
inline constexpr Index kPieceOfRow = 4096;

// K sums over the elements of each row of a group.
template <int K>
using GroupSums = double[K][kLanesOfRows];

// K sums of a part of a row, lanes apart.
template <int K>
struct PartSums {
  Floats of[K];
};

// The sums that sum(row, first element, count) takes of each piece of the rows of a group.
template <int K, class Sum>
[[gnu::always_inline]] inline void sumRows(const LayerPlan& plan, Index rows, GroupSums<K>& total,
                                           Sum sum) {
  const Index n = plan.n;
  for (auto& lanes : total)
    for (double& lane : lanes) lane = 0;
  for (Index start = 0; start < n; start += kPieceOfRow) {
    const Index count = kPieceOfRow < n - start ? kPieceOfRow : n - start;
    if (plan.group.together == 1) {
      const PartSums<K> row = sum(0, start, count);
      for (int k = 0; k < K; k++) total[k][0] += sumOfLanes(row.of[k]);
      continue;
    }
    RowVectors sums[K] = {};
    for (Index l = 0; l < rows; l++) {
      const PartSums<K> row = sum(l, start, count);
      for (int k = 0; k < K; k++) sums[k][l] = row.of[k];
    }
    for (int k = 0; k < K; k++) {
      float lanes[kLanesOfRows];
      store(lanes, combineRows(sums[k], Add{}));
#pragma omp simd
      for (Index l = 0; l < kLanesOfRows; l++) total[k][l] += lanes[l];
    }
  }
}

}  // namespace neurone::NEURONE_ISA
