// The optimizer family, and how its operands are checked and cut into blocks.
#include "optimizer.h"

namespace neurone::NEURONE_ISA {

namespace {

void requireUpdate(const Signature& signature, const Operands& operands, std::size_t n) {
  const auto slots = static_cast<std::size_t>(operands.slots);
  const auto scalars = static_cast<std::size_t>(operands.scalars) + 1;
  const std::size_t tensors = n * (2 + slots);
  requireOperands(signature, tensors + scalars + operands.counts, n * (1 + slots));
  for (std::size_t i = 0; i < n; i++) {
    const ValueInfo& w = signature.inputs[i];
    requireDType(w, {DType::float32});
    for (std::size_t list = 1; list < 2 + slots; list++)
      requireLike(signature.inputs[list * n + i], w);
    for (std::size_t list = 0; list < 1 + slots; list++)
      requireLike(signature.outputs[list * n + i], w);
  }
  for (std::size_t i = 0; i < scalars; i++)
    requireScalar(signature.inputs[tensors + i], DType::float32);
  if (operands.counts) requireScalar(signature.inputs[tensors + scalars], DType::int32);
}

}  // namespace

std::unique_ptr<Plan> planUpdate(const Signature& signature, const Operands& operands) {
  AttrReader attrs(signature);
  const Index count = attrs.integer();
  require(count >= 1 && count <= 1000000, "an impossible number of tensors");
  const auto n = static_cast<std::size_t>(count);
  const std::vector<std::int64_t> decays = attrs.list();
  require(decays.empty() || decays.size() == n, "a wrong number of weights that decay");
  requireUpdate(signature, operands, n);

  auto plan = std::make_unique<UpdatePlan>();
  plan->count = static_cast<int>(count);
  Index total = 0;
  for (std::size_t i = 0; i < n; i++) {
    total += signature.inputs[i].size();
    require(total <= kMaxSize, "operands too large");
  }
  const Split split = splitEvenly(total, kCheap, 64);
  Index room = split.length;
  plan->first.push_back(0);
  for (int tensor = 0; tensor < plan->count; tensor++) {
    const auto i = static_cast<std::size_t>(tensor);
    const Index size = signature.inputs[i].size();
    for (Index begin = 0; begin < size;) {
      if (room == 0) {
        plan->first.push_back(static_cast<Index>(plan->segments.size()));
        room = split.length;
      }
      const Index length = size - begin < room ? size - begin : room;
      const bool decay = !decays.empty() && decays[i] != 0;
      plan->segments.push_back({tensor, decay, begin, begin + length});
      begin += length;
      room -= length;
    }
  }
  plan->blocks = {static_cast<Index>(plan->first.size())};
  plan->first.push_back(static_cast<Index>(plan->segments.size()));
  return plan;
}

void addOptimizerKernels(KernelList& list) {
  addDescentKernels(list);
  addAdaptiveKernels(list);
  addAdamKernels(list);
}

}  // namespace neurone::NEURONE_ISA
