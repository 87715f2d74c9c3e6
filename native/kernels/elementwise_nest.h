// What the loops over elements have in common: checks of operands, loop nests whose strides are
// collapsed when a program is loaded, and the cutting of work into blocks.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

#include "kernel.h"

namespace neurone::NEURONE_ISA {

using Index = std::int64_t;
using Shape = std::vector<Index>;

// No operand is larger, so that no product of sizes below overflows.
inline constexpr Index kMaxSize = Index{1} << 44;

inline void requireOperand(const ValueInfo& value) {
  require(static_cast<int>(value.dtype) <= static_cast<int>(DType::boolean), "unknown dtype");
  require(value.shape.size() <= static_cast<std::size_t>(kMaxRank), "rank above 8");
  Index size = 1;
  for (const Index d : value.shape) {
    require(d >= 0, "an axis of negative size");
    require(d <= kMaxSize / size, "an operand too large");
    size *= d > 1 ? d : 1;
  }
}

inline void requireOperands(const Signature& signature, std::size_t inputs, std::size_t outputs) {
  require(signature.inputs.size() == inputs, "wrong number of inputs");
  require(signature.outputs.size() == outputs, "wrong number of outputs");
  for (const ValueInfo& value : signature.inputs) requireOperand(value);
  for (const ValueInfo& value : signature.outputs) requireOperand(value);
}

inline void requireDType(const ValueInfo& value, std::initializer_list<DType> allowed) {
  for (const DType dtype : allowed)
    if (value.dtype == dtype) return;
  require(false, "a dtype that the kernel does not take");
}

inline void requireLike(const ValueInfo& a, const ValueInfo& b) {
  require(a.dtype == b.dtype, "dtypes differ");
  require(a.shape == b.shape, "shapes differ");
}

inline void requireScalar(const ValueInfo& value, DType dtype) {
  require(value.dtype == dtype && value.shape.empty(), "a scalar of another dtype or shape");
}

// Product of the sizes of axes [begin, end).
inline Index sizeOf(const Shape& shape, std::size_t begin, std::size_t end) {
  Index n = 1;
  for (std::size_t i = begin; i < end; i++) n *= shape[i];
  return n;
}

// Row-major strides, in elements.
inline Shape denseStrides(const Shape& shape) {
  Shape strides(shape.size());
  Index stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i] > 1 ? shape[i] : 1;
  }
  return strides;
}

// Strides that read `from` as if it had the shape `to`: 0 along repeated axes.
inline Shape broadcastStrides(const Shape& from, const Shape& to) {
  require(from.size() <= to.size(), "an operand of higher rank than the output");
  const Shape dense = denseStrides(from);
  const std::size_t added = to.size() - from.size();
  Shape strides(to.size(), 0);
  for (std::size_t i = 0; i < from.size(); i++) {
    require(from[i] == to[i + added] || from[i] == 1, "shapes that do not broadcast");
    strides[i + added] = from[i] == 1 ? 0 : dense[i];
  }
  return strides;
}

// A loop over `extent` with K operands that step by `stride`. At least two deep; axes that every
// operand steps through evenly are one.
template <int K>
struct Nest {
  int rank = 2;
  Index extent[kMaxRank + 2] = {1, 1};
  Index stride[K][kMaxRank + 2] = {};

  Index inner() const { return extent[rank - 1]; }
  Index rows() const {
    Index n = 1;
    for (int i = 0; i < rank - 1; i++) n *= extent[i];
    return n;
  }
};

template <int K>
Nest<K> makeNest(const Shape& shape, const Shape (&strides)[K]) {
  Nest<K> nest;
  int rank = 0;
  for (std::size_t axis = 0; axis < shape.size(); axis++) {
    if (shape[axis] == 0) {
      nest.rank = 2;
      nest.extent[0] = nest.extent[1] = 0;
      return nest;
    }
    if (shape[axis] == 1) continue;
    bool joins = rank > 0;
    for (int k = 0; k < K; k++)
      joins = joins && nest.stride[k][rank - 1] == strides[k][axis] * shape[axis];
    if (!joins) rank++;
    nest.extent[rank - 1] = (joins ? nest.extent[rank - 1] : 1) * shape[axis];
    for (int k = 0; k < K; k++) nest.stride[k][rank - 1] = strides[k][axis];
  }
  for (; rank < 2; rank++) {
    for (int i = rank; i > 0; i--) {
      nest.extent[i] = nest.extent[i - 1];
      for (int k = 0; k < K; k++) nest.stride[k][i] = nest.stride[k][i - 1];
    }
    nest.extent[0] = 1;
    for (int k = 0; k < K; k++) nest.stride[k][0] = 0;
    if (rank == 0) {
      for (int k = 0; k < K; k++) nest.stride[k][1] = 1;  // a scalar counts as a dense row of one
    }
  }
  nest.rank = rank;
  return nest;
}

// Calls body(offsets, row, count) for stretches of rows [begin, end) in which only the last axis
// but one moves; offsets are those of the first row, for each operand.
template <int K, class Body>
[[gnu::always_inline]] inline void forRows(const Nest<K>& nest, Index begin, Index end, Body body) {
  if (begin >= end) return;
  const int middle = nest.rank - 2;
  Index offset[K];
  if (middle == 0) {
    for (int k = 0; k < K; k++) offset[k] = begin * nest.stride[k][0];
    body(offset, begin, end - begin);
    return;
  }
  Index position[kMaxRank + 2];
  Index rest = begin;
  for (int i = middle; i >= 0; i--) {
    position[i] = rest % nest.extent[i];
    rest /= nest.extent[i];
  }
  for (int k = 0; k < K; k++) {
    offset[k] = 0;
    for (int i = 0; i <= middle; i++) offset[k] += position[i] * nest.stride[k][i];
  }
  for (Index row = begin;;) {
    const Index left = nest.extent[middle] - position[middle];
    const Index count = left < end - row ? left : end - row;
    body(offset, row, count);
    row += count;
    if (row >= end) return;
    // To the start of the next stretch.
    for (int k = 0; k < K; k++) offset[k] -= position[middle] * nest.stride[k][middle];
    position[middle] = 0;
    for (int i = middle - 1;; i--) {
      for (int k = 0; k < K; k++) offset[k] += nest.stride[k][i];
      if (++position[i] < nest.extent[i]) break;
      for (int k = 0; k < K; k++) offset[k] -= nest.extent[i] * nest.stride[k][i];
      position[i] = 0;
    }
  }
}

// n items in `count` blocks of `length`, the last one shorter.
struct Split {
  Index length = 0;
  Index count = 1;

  Index begin(Index block) const { return block * length; }
  Index end(Index block, Index n) const {
    const Index last = (block + 1) * length;
    return last < n ? last : n;
  }
};

inline constexpr Index kMaxBlocks = 256;

// Blocks of about equal length, at least `least` items each, cut at multiples of `unit`.
inline Split splitEvenly(Index n, Index least, Index unit, Index maxBlocks = kMaxBlocks) {
  Index count = n / (least > 1 ? least : 1);
  count = count < 1 ? 1 : (count > maxBlocks ? maxBlocks : count);
  Index length = (n + count - 1) / count;
  length = (length + unit - 1) / unit * unit;
  return {length, length > 0 && n > 0 ? (n + length - 1) / length : 1};
}

// Blocks of rows × columns: whole rows if a row is no block by itself, else pieces of one row.
struct Tiles {
  Index rows = 0;
  Index columns = 0;
  Split rowSplit;
  Split columnSplit;

  Index count() const { return rowSplit.count * columnSplit.count; }
};

inline Tiles tile(Index rows, Index columns, Index least) {
  Tiles tiles{rows, columns, {}, {}};
  const Index perRow = rows > 0 && rows < kMaxBlocks ? kMaxBlocks / rows : 1;
  tiles.columnSplit = splitEvenly(columns, least, 64, perRow);
  const Index pieces = tiles.columnSplit.count;
  tiles.rowSplit = splitEvenly(rows, pieces > 1 ? 1 : least / (columns > 1 ? columns : 1), 1,
                               pieces > 1 ? (rows > 1 ? rows : 1) : kMaxBlocks);
  return tiles;
}

// Elements per block: enough work to pay for handing a block to another thread.
inline constexpr Index kCheap = 16384;
inline constexpr Index kCostly = 4096;

// The plan of a loop over n elements.
struct ElementsPlan : Plan {
  Index n = 0;
  Split split;

  ElementsPlan(Index n, Index least) : n(n), split(splitEvenly(n, least, 64)) {
    blocks = {split.count};
  }
};

// Calls body(begin, end) for the elements of each block of the task.
template <class Body>
[[gnu::always_inline]] inline void forBlocks(const Task& task, Index n, const Split& split,
                                             Body body) {
  for (Index block = task.begin; block < task.end; block++)
    body(split.begin(block), split.end(block, n));
}

template <class P>
[[gnu::always_inline]] inline const P& planOf(const Task& task) {
  return static_cast<const P&>(task.plan);
}

}  // namespace neurone::NEURONE_ISA
