// softmax, logSoftmax and the gradient of softmax, over rows of C classes.
#include "softmax.h"

#include "softmax_tile.h"

namespace neurone::NEURONE_ISA {
namespace {

std::unique_ptr<Plan> prepareSoftmax(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireDType(signature.inputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  auto plan = std::make_unique<SoftmaxPlan>(signature.inputs[0], kSoftmaxBlock, kWrittenElements);
  plan->reserveGroup();
  return plan;
}

Status runNarrowSoftmax(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forSoftmaxTiles(task, writesPast(task, 1), [&](Index row, Index rows, float* y) {
    alignas(kVectorBytes) RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    scaleTile(tile, n, 1.0f / expTile(tile, n, keepIn(tile)).sum);
    storeTile(tile, n, rows, y);
    return Status::ok;
  });
}

Status runSoftmax(const Task& task) noexcept {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  const Index n = plan.classes;
  if (isNarrow(n)) return runNarrowSoftmax(task);
  const bool past = writesPast(task, 1);
  return forSoftmaxRows(task, plan.group.together, [&](Index row, Index rows) {
    float* y = task.out<float>(0) + row * n;
    const Exponentials e = exponentialsOf(task, y);
    float scale[kFloats];
    store(scale, 1.0f / storeExponentials(plan, task.in<float>(0) + row * n, rows, e));
    for (Index l = 0; l < rows; l++) scaleRow(e.row(l), n, scale[l], y + l * n, past);
    return Status::ok;
  });
}

Status runNarrowLogSoftmax(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forSoftmaxTiles(task, writesPast(task, 1), [&](Index row, Index rows, float* y) {
    alignas(kVectorBytes) RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    const LaneSums lanes = expTile(tile, n, [](Index, const Floats&) {});
    const Floats logarithm = logOfSums(lanes.sum);
    for (Index c = 0; c < n; c++)
      store(tile + c * kFloats, (load(tile + c * kFloats) - lanes.largest) - logarithm);
    storeTile(tile, n, rows, y);
    return Status::ok;
  });
}

Status runLogSoftmax(const Task& task) noexcept {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  const Index n = plan.classes;
  if (isNarrow(n)) return runNarrowLogSoftmax(task);
  const bool past = writesPast(task, 1);
  return forSoftmaxRows(task, plan.group.together, [&](Index row, Index rows) {
    const LaneSums lanes = sumsOfGroup(plan, task.in<float>(0) + row * n, rows);
    float shift[kFloats], logarithm[kFloats];
    store(shift, lanes.largest);
    store(logarithm, logOfSums(lanes.sum));
    for (Index l = 0; l < rows; l++) {
      const float* x = task.in<float>(0) + (row + l) * n;
      writeVectors(task.out<float>(0) + (row + l) * n, n, past,
                   [&](Index i, auto load) { return (load(x + i) - shift[l]) - logarithm[l]; });
    }
    return Status::ok;
  });
}

std::unique_ptr<Plan> prepareSoftmaxGrad(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireDType(signature.outputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  requireLike(signature.inputs[1], signature.outputs[0]);
  return std::make_unique<SoftmaxPlan>(signature.outputs[0], kCheap, kWrittenElements);
}

Status runNarrowSoftmaxGrad(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forSoftmaxTiles(task, writesPast(task, 2), [&](Index row, Index rows, float* dx) {
    alignas(kVectorBytes) RowTile dy, y;
    loadTile(task.in<float>(0) + row * n, n, rows, dy);
    loadTile(task.in<float>(1) + row * n, n, rows, y);
    Floats dot = {};
    for (Index c = 0; c < n; c++) dot += load(dy + c * kFloats) * load(y + c * kFloats);
    for (Index c = 0; c < n; c++)
      store(y + c * kFloats, load(y + c * kFloats) * (load(dy + c * kFloats) - dot));
    storeTile(y, n, rows, dx);
    return Status::ok;
  });
}

// Σ dy·y of a row's parts; what follows the rows is asked for.
Floats dotOfRows(const float* dy, const float* y, Index n) {
  Floats sums[4] = {};
  forVectorsInParts(n, [&](Index i, auto load, auto part) {
    fetch(dy + i + kAhead);
    fetch(y + i + kAhead);
    sums[part] += load(dy + i) * load(y + i);
  });
  return combineParts(sums, Add{});
}

Status runSoftmaxGrad(const Task& task) noexcept {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  const Index n = plan.classes;
  if (isNarrow(n)) return runNarrowSoftmaxGrad(task);
  const bool past = writesPast(task, 2);
  return forSoftmaxRows(task, plan.group.together, [&](Index row, Index rows) {
    const float* dy = task.in<float>(0) + row * n;
    const float* y = task.in<float>(1) + row * n;
    float dot[kFloats];
    store(dot, combineEach(plan.group, rows, Add{},
                           [&](Index l) { return dotOfRows(dy + l * n, y + l * n, n); }));
    for (Index l = 0; l < rows; l++, dy += n, y += n)
      writeVectors(task.out<float>(0) + (row + l) * n, n, past,
                   [&](Index i, auto load) { return load(y + i) * (load(dy + i) - dot[l]); });
    return Status::ok;
  });
}

}  // namespace

void addSoftmaxKernels(KernelList& list) {
  list.push_back({"softmax", prepareSoftmax, runSoftmax});
  list.push_back({"logSoftmax", prepareSoftmax, runLogSoftmax});
  list.push_back({"softmaxGrad", prepareSoftmaxGrad, runSoftmaxGrad});
  addCrossEntropyKernels(list);
}

}  // namespace neurone::NEURONE_ISA
