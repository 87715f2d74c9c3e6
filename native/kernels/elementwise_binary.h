// The loop over two broadcast operands that arithmetic, comparisons and logic share.
#pragma once

#include "elementwise_nest.h"

namespace neurone::NEURONE_ISA {

// Rows of n elements; distances between rows in elements.
struct RowRange {
  Index rows;
  Index n;
  Index strideA;
  Index strideB;
  Index strideOut;
};

using BinaryLoop = void (*)(const void* a, const void* b, void* out, const RowRange&) noexcept;

struct BinaryPlan : Plan {
  Nest<2> nest;
  Tiles tiles;
  bool shortRows = false;  // `loop` takes tiles, in which both operands are dense
  BinaryLoop loop = nullptr;
  Index inputSize = 0;
  Index outputSize = 0;
};

// stepA and stepB are 1, or 0 where one element serves the whole row.
template <class Op, class In, class Out, int stepA, int stepB>
void binaryLoop(const void* a, const void* b, void* out, const RowRange& range) noexcept {
  for (Index row = 0; row < range.rows; row++) {
    const In* x = static_cast<const In*>(a) + row * range.strideA;
    const In* y = static_cast<const In*>(b) + row * range.strideB;
    Out* z = static_cast<Out*>(out) + row * range.strideOut;
    const Index n = range.n;
    const In x0 = x[0];
    const In y0 = y[0];
#pragma omp simd
    for (Index i = 0; i < n; i++) z[i] = Op::apply(stepA ? x[i] : x0, stepB ? y[i] : y0);
  }
}

template <class Op, class In, class Out>
BinaryLoop chooseBinaryLoop(const BinaryPlan& plan) {
  const Nest<2>& nest = plan.nest;
  if (plan.shortRows) return binaryLoop<Op, In, Out, 1, 1>;
  if (nest.stride[0][nest.rank - 1] == 0) return binaryLoop<Op, In, Out, 0, 1>;
  if (nest.stride[1][nest.rank - 1] == 0) return binaryLoop<Op, In, Out, 1, 0>;
  return binaryLoop<Op, In, Out, 1, 1>;
}

// Checks shapes and plans everything but the loop.
std::unique_ptr<BinaryPlan> planBinary(const Signature& signature, Index least);

Status runBinary(const Task& task) noexcept;

}  // namespace neurone::NEURONE_ISA
