// Adds up the parts of a weight gradient.
#include "convolution_sum.h"

#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

constexpr Index kFloats = 1 << 22;  // of all parts
constexpr Index kAdded = 1 << 14;   // of one block

}  // namespace

Index chooseParts(Index wanted, Index most, Index size) {
  return convolution::most(1, least(least(wanted, most), kFloats / size));
}

void planParts(ConvolutionPlan& plan, Index areas, Index parts, Index size) {
  plan.blocks = {areas * parts};
  if (parts == 1) return;
  plan.blocks.push_back(ceilDiv(size, kAdded));
  plan.sharedScratch = static_cast<std::size_t>(parts * size) * sizeof(float);
}

void addParts(const Task& task, Index parts, Index block) noexcept {
  const Geometry& g = static_cast<const ConvolutionPlan&>(task.plan).geometry;
  const Index size = g.taps() * g.channelsPerGroup() * g.filters;
  const auto* partials = reinterpret_cast<const float*>(task.sharedScratch);
  const Index end = least(size, (block + 1) * kAdded);
  for (Index i = block * kAdded; i < end; i += gemm::kLanes) {
    const gemm::Mask mask = gemm::firstLanes(least(end - i, gemm::kLanes));
    gemm::Vec total = gemm::load(partials + i, mask);
    for (Index part = 1; part < parts; part++)
      total = gemm::sum(total, gemm::load(partials + part * size + i, mask));
    gemm::store(task.out<float>(0) + i, mask, total);
  }
}

}  // namespace neurone::NEURONE_ISA::convolution
