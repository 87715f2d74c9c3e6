// Gradients of weights that several blocks add to: each part of the images or positions has a sum
// of its own in the shared scratch, and a second phase adds the parts up in their order. How many
// parts there are depends on the shape alone.
#pragma once

#include "convolution.h"

namespace neurone::NEURONE_ISA::convolution {

// As many parts as wanted, less where their sums would take too much memory for `size` floats.
Index chooseParts(Index wanted, Index most, Index size);

// Blocks and shared scratch of a plan whose first phase has `areas` blocks for each part.
void planParts(ConvolutionPlan&, Index areas, Index parts, Index size);

// Where a block of the first phase writes its part: the output itself if there is but one.
inline float* partOf(const Task& task, Index parts, Index part, Index size) {
  if (parts == 1) return task.out<float>(0);
  return reinterpret_cast<float*>(task.sharedScratch) + part * size;
}

// One block of the second phase.
void addParts(const Task&, Index parts, Index block) noexcept;

// Runs a plan of `parts`: sumBlock(task, plan, block) in the first phase, then the parts' sum.
template <class PlanOfParts, class SumBlock>
[[gnu::always_inline]] inline Status runParts(const Task& task, SumBlock sumBlock) {
  const auto& plan = static_cast<const PlanOfParts&>(task.plan);
  for (Index block = task.begin; block < task.end; block++) {
    if (task.phase == 0)
      sumBlock(task, plan, block);
    else
      addParts(task, plan.parts, block);
  }
  return Status::ok;
}

}  // namespace neurone::NEURONE_ISA::convolution
