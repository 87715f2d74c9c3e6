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
  auto plan = std::make_unique<SoftmaxPlan>(signature.inputs[0], kSoftmaxBlock, kReadElements);
  plan->past = false;
  return plan;
}

std::unique_ptr<Plan> prepareCrossEntropyGrad(const Signature& signature) {
  requireOperands(signature, 3, 1);
  requireLabels(signature.inputs[0], signature.inputs[1]);
  requireDType(signature.inputs[2], {DType::float32});
  require(signature.inputs[2].shape == signature.inputs[1].shape, "a gradient of another shape");
  requireLike(signature.inputs[0], signature.outputs[0]);
  auto plan = std::make_unique<SoftmaxPlan>(signature.inputs[0], kSoftmaxBlock, kWrittenElements);
  plan->reserveGroup();
  return plan;
}

// Labels of rows as lanes, zeros where there is no row.
struct Labels {
  std::int32_t lanes[kFloats] = {};
  Status status = Status::ok;

  // Refuses the first bad one.
  [[gnu::always_inline]] Labels(const Task& task, Index row, Index rows, Index classes) {
    __builtin_memcpy(lanes, task.in<std::int32_t>(1) + row,
                     static_cast<std::size_t>(rows) * sizeof lanes[0]);
    const auto limit = static_cast<std::uint32_t>(classes < kMostClasses ? classes : kMostClasses);
    std::uint32_t bad = 0;
#pragma omp simd reduction(| : bad)
    for (Index l = 0; l < kFloats; l++) bad |= static_cast<std::uint32_t>(lanes[l]) >= limit;
    if (bad != 0) refuse(task, row, rows, limit);
  }

 private:
  static constexpr Index kMostClasses = Index{1} << 31;

  void refuse(const Task& task, Index row, Index rows, std::uint32_t limit) {
    for (Index l = 0; l < rows; l++) {
      if (static_cast<std::uint32_t>(lanes[l]) < limit) continue;
      status = Status::indexOutOfRange;
      *task.failure = {status, row + l, static_cast<double>(lanes[l])};
      return;
    }
  }
};

// In the lanes whose label is c: `then`, elsewhere `otherwise`.
[[gnu::always_inline]] inline Floats ofLabel(const Labels& labels, Index c, const Floats& then,
                                             const Floats& otherwise) {
  return load(labels.lanes) == static_cast<std::int32_t>(c) ? then : otherwise;
}

Status runNarrowCrossEntropy(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forSoftmaxRows(task, kFloats, [&](Index row, Index rows) {
    const Labels labels(task, row, rows, n);
    if (labels.status != Status::ok) return labels.status;
    alignas(kVectorBytes) RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    Floats picked = {};
    for (Index c = 0; c < n; c++) picked = ofLabel(labels, c, load(tile + c * kFloats), picked);
    const LaneSums lanes = expTile(tile, n, [](Index, const Floats&) {});
    const Floats loss = logOfSums(lanes.sum) - (picked - lanes.largest);
    storeFirst(task.out<float>(0) + row, rows, loss);
    return Status::ok;
  });
}

Status runNarrowCrossEntropyGrad(const Task& task) noexcept {
  const Index n = planOf<SoftmaxPlan>(task).classes;
  return forSoftmaxTiles(task, writesPast(task, 1), [&](Index row, Index rows, float* dx) {
    const Labels labels(task, row, rows, n);
    if (labels.status != Status::ok) return labels.status;
    alignas(kVectorBytes) RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    const Floats sum = expTile(tile, n, keepIn(tile)).sum;
    const Floats scale = loadFirst(task.in<float>(2) + row, rows, 0.0f) / sum;
    for (Index c = 0; c < n; c++) {
      const Floats e = load(tile + c * kFloats);
      store(tile + c * kFloats, ofLabel(labels, c, e - sum, e) * scale);  // softmax − 1 there
    }
    storeTile(tile, n, rows, dx);
    return Status::ok;
  });
}

Status runCrossEntropy(const Task& task) noexcept {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  const Index n = plan.classes;
  if (isNarrow(n)) return runNarrowCrossEntropy(task);
  return forSoftmaxRows(task, plan.group.together, [&](Index row, Index rows) {
    const Labels labels(task, row, rows, n);
    if (labels.status != Status::ok) return labels.status;
    const float* x = task.in<float>(0) + row * n;
    const LaneSums lanes = sumsOfGroup(plan, x, rows);
    float picked[kFloats] = {};
    for (Index l = 0; l < rows; l++) picked[l] = x[l * n + labels.lanes[l]];
    const Floats loss = logOfSums(lanes.sum) - (load(picked) - lanes.largest);
    storeFirst(task.out<float>(0) + row, rows, loss);
    return Status::ok;
  });
}

Status runCrossEntropyGrad(const Task& task) noexcept {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  const Index n = plan.classes;
  if (isNarrow(n)) return runNarrowCrossEntropyGrad(task);
  const bool past = writesPast(task, 1);
  return forSoftmaxRows(task, plan.group.together, [&](Index row, Index rows) {
    const Labels labels(task, row, rows, n);
    if (labels.status != Status::ok) return labels.status;
    float* dx = task.out<float>(0) + row * n;
    const Exponentials e = exponentialsOf(task, dx);
    const Floats sums = storeExponentials(plan, task.in<float>(0) + row * n, rows, e);
    float sum[kFloats], scale[kFloats];
    store(sum, sums);
    store(scale, loadFirst(task.in<float>(2) + row, rows, 0.0f) / sums);
    for (Index l = 0; l < rows; l++) e.row(l)[labels.lanes[l]] -= sum[l];  // softmax − 1 there
    for (Index l = 0; l < rows; l++) scaleRow(e.row(l), n, scale[l], dx + l * n, past);
    return Status::ok;
  });
}

}  // namespace

void addCrossEntropyKernels(KernelList& list) {
  list.push_back({"sparseSoftmaxCrossEntropy", prepareCrossEntropy, runCrossEntropy});
  list.push_back({"sparseSoftmaxCrossEntropyGrad", prepareCrossEntropyGrad, runCrossEntropyGrad});
}

}  // namespace neurone::NEURONE_ISA
