// softmax, logSoftmax and the gradient of softmax, over rows of C classes.
#include "softmax.h"

#include "softmax_tile.h"

namespace neurone::NEURONE_ISA {
namespace {

std::unique_ptr<Plan> prepareSoftmax(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireDType(signature.inputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  auto plan = std::make_unique<SoftmaxPlan>(signature.inputs[0], kSoftmaxBlock);
  plan->reserveRow();
  return plan;
}

// Whether the first output goes past the caches and is no operand as well.
bool writesPast(const Task& task, int inputs) {
  bool past = planOf<SoftmaxPlan>(task).past;
  for (int i = 0; i < inputs; i++) past = past && task.out<float>(0) != task.in<float>(i);
  return past;
}

Status runNarrowSoftmax(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    scaleTile(tile, n, 1.0f / expTile(tile, n, keepIn(tile)).sum);
    storeTile(tile, n, rows, task.out<float>(0) + row * n);
    return Status::ok;
  });
}

Status runSoftmax(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  if (isNarrow(n)) return runNarrowSoftmax(task);
  const bool past = writesPast(task, 1);
  return forSoftmaxRows(task, [&](Index, Index at) {
    const float* x = task.in<float>(0) + at;
    float* y = task.out<float>(0) + at;
    float* e = exponentialsOf(task, y);
    const float sum = storeExponentials(x, n, largestOf(x, n), e, e != y);
    scaleRow(e, n, 1.0f / sum, y, past);
    return Status::ok;
  });
}

Status runNarrowLogSoftmax(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    const LaneSums lanes = expTile(tile, n, [](Index, const Floats&) {});
    const Floats logarithm = logOfLanes(lanes.sum);
    for (Index c = 0; c < n; c++)
      store(tile + c * kFloats, (load(tile + c * kFloats) - lanes.largest) - logarithm);
    storeTile(tile, n, rows, task.out<float>(0) + row * n);
    return Status::ok;
  });
}

Status runLogSoftmax(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  if (isNarrow(n)) return runNarrowLogSoftmax(task);
  const bool past = writesPast(task, 1);
  return forSoftmaxRows(task, [&](Index, Index at) {
    const float* x = task.in<float>(0) + at;
    const float shift = largestOf(x, n);
    const float logarithm = log(sumExponentials(x, n, shift, [](Index, const Floats&, Index) {}));
    writeVectors(task.out<float>(0) + at, n, past,
                 [&](Index i, auto load) { return (load(x + i) - shift) - logarithm; });
    return Status::ok;
  });
}

std::unique_ptr<Plan> prepareSoftmaxGrad(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireDType(signature.outputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  requireLike(signature.inputs[1], signature.outputs[0]);
  return std::make_unique<SoftmaxPlan>(signature.outputs[0], kCheap);
}

Status runNarrowSoftmaxGrad(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    RowTile dy, y;
    loadTile(task.in<float>(0) + row * n, n, rows, dy);
    loadTile(task.in<float>(1) + row * n, n, rows, y);
    Floats dot = {};
    for (Index c = 0; c < n; c++) dot += load(dy + c * kFloats) * load(y + c * kFloats);
    for (Index c = 0; c < n; c++)
      store(y + c * kFloats, load(y + c * kFloats) * (load(dy + c * kFloats) - dot));
    storeTile(y, n, rows, task.out<float>(0) + row * n);
    return Status::ok;
  });
}

// Σ dy·y; what follows the rows is asked for.
float dotOfRows(const float* dy, const float* y, Index n) {
  Floats sums[2] = {};
  forVectors(n, [&](Index i, auto load) {
    fetch(dy + i + kAhead);
    fetch(y + i + kAhead);
    sums[i / kFloats % 2] += load(dy + i) * load(y + i);
  });
  return sumOfLanes(sums[0] + sums[1]);
}

Status runSoftmaxGrad(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  if (isNarrow(n)) return runNarrowSoftmaxGrad(task);
  const bool past = writesPast(task, 2);
  return forSoftmaxRows(task, [&](Index, Index at) {
    const float* dy = task.in<float>(0) + at;
    const float* y = task.in<float>(1) + at;
    const float dot = dotOfRows(dy, y, n);
    writeVectors(task.out<float>(0) + at, n, past,
                 [&](Index i, auto load) { return load(y + i) * (load(dy + i) - dot); });
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
