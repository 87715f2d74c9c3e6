// Normalization over the batch and over rows, and (x − mean)·scale + offset with values per
// channel.
#include "normalization.h"

#include "normalization_channels.h"

namespace neurone::NEURONE_ISA {
namespace {

// x [rows, channels], mean, scale and offset [channels].
std::unique_ptr<Plan> prepareScaleShift(const Signature& signature) {
  requireOperands(signature, 4, 1);
  requireDType(signature.inputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  auto plan = std::make_unique<ChannelsPlan>(signature.inputs[0]);
  for (std::size_t i = 1; i < 4; i++) requireChannels(*plan, signature.inputs[i]);
  plan->blocks = {plan->tiles.count()};
  if (plan->fold > 1)
    plan->threadScratch = static_cast<std::size_t>(3 * plan->wide) * sizeof(float);
  return plan;
}

Status runScaleShift(const Task& task) noexcept {
  const ChannelsPlan& plan = planOf<ChannelsPlan>(task);
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  const float* table[3];
  for (int i = 0; i < 3; i++) {
    table[i] = task.in<float>(i + 1);
    if (plan.fold == 1) continue;
    float* spreadTable = reinterpret_cast<float*>(task.threadScratch) + i * plan.wide;
    spread(plan, table[i], 0, plan.wide, spreadTable);
    table[i] = spreadTable;
  }
  for (Index block = task.begin; block < task.end; block++)
    forWideRows(plan, block, [&](Index at, Index column, Index n) {
      const float* x = task.in<float>(0) + at;
      const float* mean = table[0] + column;
      const float* scale = table[1] + column;
      const float* offset = table[2] + column;
      writeVectors(task.out<float>(0) + at, n, past, [&](Index i, auto load) {
        fetch(x + i + kAhead);
        return (load(x + i) - load(mean + i)) * load(scale + i) + load(offset + i);
      });
    });
  if (past) endPast();
  return Status::ok;
}

}  // namespace

void addNormalizationKernels(KernelList& list) {
  list.push_back({"scaleShift", prepareScaleShift, runScaleShift});
  addBatchNormKernels(list);
  addBatchNormGradKernels(list);
  addLayerNormKernels(list);
  addLayerNormGradKernels(list);
}

}  // namespace neurone::NEURONE_ISA
