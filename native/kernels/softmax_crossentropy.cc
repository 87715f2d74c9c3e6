// sparseSoftmaxCrossEntropy and its gradient, over rows of C classes.
#include "narrow_rows.h"
#include "softmax.h"
#include "softmax_tile.h"

namespace neurone::NEURONE_ISA {
namespace {

// logits [..., C], labels [...].
void requireLabels(const ValueInfo& logits, const ValueInfo& labels) {
  requireDType(logits, {DType::float32});
  requireDType(labels, {DType::int32});
  require(logits.rank() >= 1, "logits without classes");
  require(labels.shape == Shape(logits.shape.begin(), logits.shape.end() - 1),
          "labels and logits that do not fit");
}

std::unique_ptr<Plan> prepareCrossEntropy(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireLabels(signature.inputs[0], signature.inputs[1]);
  requireDType(signature.outputs[0], {DType::float32});
  require(signature.outputs[0].shape == signature.inputs[1].shape, "a loss of another shape");
  auto plan = std::make_unique<SoftmaxPlan>(signature.inputs[0], kSoftmaxBlock);
  plan->past = false;
  return plan;
}

std::unique_ptr<Plan> prepareCrossEntropyGrad(const Signature& signature) {
  requireOperands(signature, 3, 1);
  requireLabels(signature.inputs[0], signature.inputs[1]);
  requireDType(signature.inputs[2], {DType::float32});
  require(signature.inputs[2].shape == signature.inputs[1].shape, "a gradient of another shape");
  requireLike(signature.inputs[0], signature.outputs[0]);
  auto plan = std::make_unique<SoftmaxPlan>(signature.inputs[0], kSoftmaxBlock);
  plan->reserveRow();
  return plan;
}

[[gnu::always_inline]] inline bool isLabel(std::int32_t label, Index classes) {
  return (label >= 0) & (label < classes);
}

Status refuseLabel(const Task& task, Index row) {
  *task.failure = {Status::indexOutOfRange, row,
                   static_cast<double>(task.in<std::int32_t>(1)[row])};
  return Status::indexOutOfRange;
}

// Refuses the first bad label of some rows.
Status checkLabels(const Task& task, Index row, Index rows, Index classes) {
  const std::int32_t* labels = task.in<std::int32_t>(1);
  bool bad = false;
  for (Index i = row; i < row + rows; i++) bad |= !isLabel(labels[i], classes);
  if (!bad) return Status::ok;
  while (isLabel(labels[row], classes)) row++;
  return refuseLabel(task, row);
}

Status runNarrowCrossEntropy(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    const Status status = checkLabels(task, row, rows, n);
    if (status != Status::ok) return status;
    const float* x = task.in<float>(0) + row * n;
    const std::int32_t* labels = task.in<std::int32_t>(1) + row;
    float picked[kFloats] = {};
    for (Index l = 0; l < rows; l++) picked[l] = x[l * n + labels[l]];
    RowTile tile;
    loadTile(x, n, rows, tile);
    const LaneSums lanes = expTile(tile, n, [](Index, const Floats&) {});
    const Floats loss = logOfLanes(lanes.sum) - (load(picked) - lanes.largest);
    storeFirst(task.out<float>(0) + row, rows, loss);
    return Status::ok;
  });
}

Status runNarrowCrossEntropyGrad(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    const Status status = checkLabels(task, row, rows, n);
    if (status != Status::ok) return status;
    const float* dloss = task.in<float>(2) + row;
    float* dx = task.out<float>(0) + row * n;
    RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    const LaneSums lanes = expTile(tile, n, keepIn(tile));
    scaleTile(tile, n, loadFirst(dloss, rows, 0.0f) / lanes.sum);
    storeTile(tile, n, rows, dx);
    for (Index l = 0; l < rows; l++) dx[l * n + task.in<std::int32_t>(1)[row + l]] -= dloss[l];
    return Status::ok;
  });
}

Status runCrossEntropy(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  if (isNarrow(n)) return runNarrowCrossEntropy(task);
  return forSoftmaxRows(task, [&](Index row, Index at) {
    const std::int32_t label = task.in<std::int32_t>(1)[row];
    if (!isLabel(label, n)) return refuseLabel(task, row);
    const float* x = task.in<float>(0) + at;
    const float shift = largestOf(x, n);
    const float sum = sumExponentials(x, n, shift, [](Index, const Floats&, Index) {});
    task.out<float>(0)[row] = log(sum) - (x[label] - shift);
    return Status::ok;
  });
}

Status runCrossEntropyGrad(const Task& task) noexcept {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  const Index n = plan.classes;
  if (isNarrow(n)) return runNarrowCrossEntropyGrad(task);
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  return forSoftmaxRows(task, [&](Index row, Index at) {
    const std::int32_t label = task.in<std::int32_t>(1)[row];
    if (!isLabel(label, n)) return refuseLabel(task, row);
    const float* x = task.in<float>(0) + at;
    float* dx = task.out<float>(0) + at;
    float* e = exponentialsOf(task, dx);
    const float sum = storeExponentials(x, n, largestOf(x, n), e, e != dx);
    e[label] -= sum;  // softmax − 1 there
    scaleRow(e, n, task.in<float>(2)[row] / sum, dx, past);
    return Status::ok;
  });
}

}  // namespace

void addCrossEntropyKernels(KernelList& list) {
  list.push_back({"sparseSoftmaxCrossEntropy", prepareCrossEntropy, runCrossEntropy});
  list.push_back({"sparseSoftmaxCrossEntropyGrad", prepareCrossEntropyGrad, runCrossEntropyGrad});
}

}  // namespace neurone::NEURONE_ISA
