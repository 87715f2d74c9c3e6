// softmax and what goes with it, over rows of C classes.
#include "elementwise_nest.h"
#include "narrow_rows.h"
#include "reduction_core.h"
#include "registry.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {
namespace {

// Classes per block.
constexpr Index kLeast = 4096;

struct RowsPlan : Plan {
  Index rows = 0;
  Index classes = 0;
  Split split;

  RowsPlan(const ValueInfo& x, Index least) {
    require(x.rank() >= 1, "softmax of a scalar");
    rows = sizeOf(x.shape, 0, x.shape.size() - 1);
    classes = x.shape[x.shape.size() - 1];
    split = splitEvenly(rows, least / (classes > 1 ? classes : 1), 1);
    blocks = {split.count};
  }
};

// y = exp(x − shift); returns the sum.
float expShifted(const float* x, float* y, Index n, float shift) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < n; i++) {
    const float e = exp(x[i] - shift);
    y[i] = e;
    sum += e;
  }
  return sum;
}

float sumExpShifted(const float* x, Index n, float shift) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < n; i++) sum += exp(x[i] - shift);
  return sum;
}

std::unique_ptr<Plan> prepareSoftmax(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireDType(signature.inputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  return std::make_unique<RowsPlan>(signature.inputs[0], kLeast);
}

// Calls body(row, offset of its first element) for the rows of the task; stops at a failure.
template <class Body>
[[gnu::always_inline]] inline Status forSoftmaxRows(const Task& task, Body body) {
  const RowsPlan& plan = planOf<RowsPlan>(task);
  for (Index block = task.begin; block < task.end; block++) {
    const Index end = plan.split.end(block, plan.rows);
    for (Index row = plan.split.begin(block); row < end; row++) {
      const Status status = body(row, row * plan.classes);
      if (status != Status::ok) return status;
    }
  }
  return Status::ok;
}

// The largest element of each lane, and Σ exp(x − largest); the tile becomes those exponentials.
struct LaneSums {
  float largest[kLanesOfRows];
  float sum[kLanesOfRows];
};

LaneSums expTile(float* tile, Index n) {
  LaneSums lanes;
  for (Index l = 0; l < kLanesOfRows; l++) {
    lanes.largest[l] = tile[l];
    lanes.sum[l] = 0;
  }
  for (Index c = 1; c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++)
      lanes.largest[l] = MaximumFloat::combine(lanes.largest[l], tile[c * kLanesOfRows + l]);
  }
  for (Index c = 0; c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) {
      const float e = exp(tile[c * kLanesOfRows + l] - lanes.largest[l]);
      tile[c * kLanesOfRows + l] = e;
      lanes.sum[l] += e;
    }
  }
  return lanes;
}

// tile[c] *= scale, lane by lane.
void scaleTile(float* tile, Index n, const float* scale) {
  for (Index c = 0; c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) tile[c * kLanesOfRows + l] *= scale[l];
  }
}

// Calls body(first row, rows) for the rows of the task, as many at a time as there are lanes; stops
// at a failure.
template <class Body>
[[gnu::always_inline]] inline Status forLanesOfRows(const Task& task, Body body) {
  const RowsPlan& plan = planOf<RowsPlan>(task);
  for (Index block = task.begin; block < task.end; block++) {
    const Index end = plan.split.end(block, plan.rows);
    for (Index row = plan.split.begin(block); row < end; row += kLanesOfRows) {
      const Status status = body(row, kLanesOfRows < end - row ? kLanesOfRows : end - row);
      if (status != Status::ok) return status;
    }
  }
  return Status::ok;
}

Status runNarrowSoftmax(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    LaneSums lanes = expTile(tile, n);
    for (float& sum : lanes.sum) sum = 1.0f / sum;
    scaleTile(tile, n, lanes.sum);
    storeTile(tile, n, rows, task.out<float>(0) + row * n);
    return Status::ok;
  });
}

Status runSoftmax(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  if (isNarrow(n)) return runNarrowSoftmax(task);
  return forSoftmaxRows(task, [&](Index, Index at) {
    const float* x = task.in<float>(0) + at;
    float* y = task.out<float>(0) + at;
    const float scale = 1.0f / expShifted(x, y, n, reduceRun<MaximumFloat>(x, n));
#pragma omp simd
    for (Index i = 0; i < n; i++) y[i] *= scale;
    return Status::ok;
  });
}

Status runLogSoftmax(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  return forSoftmaxRows(task, [&](Index, Index at) {
    const float* x = task.in<float>(0) + at;
    float* y = task.out<float>(0) + at;
    const float shift = reduceRun<MaximumFloat>(x, n);
    const float logarithm = log(sumExpShifted(x, n, shift));
#pragma omp simd
    for (Index i = 0; i < n; i++) y[i] = (x[i] - shift) - logarithm;
    return Status::ok;
  });
}

std::unique_ptr<Plan> prepareSoftmaxGrad(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireDType(signature.outputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  requireLike(signature.inputs[1], signature.outputs[0]);
  return std::make_unique<RowsPlan>(signature.outputs[0], kCheap);
}

Status runSoftmaxGrad(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  return forSoftmaxRows(task, [&](Index, Index at) {
    const float* dy = task.in<float>(0) + at;
    const float* y = task.in<float>(1) + at;
    float* dx = task.out<float>(0) + at;
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (Index i = 0; i < n; i++) dot += dy[i] * y[i];
#pragma omp simd
    for (Index i = 0; i < n; i++) dx[i] = y[i] * (dy[i] - dot);
    return Status::ok;
  });
}

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
  return std::make_unique<RowsPlan>(signature.inputs[0], kLeast);
}

std::unique_ptr<Plan> prepareCrossEntropyGrad(const Signature& signature) {
  requireOperands(signature, 3, 1);
  requireLabels(signature.inputs[0], signature.inputs[1]);
  requireDType(signature.inputs[2], {DType::float32});
  require(signature.inputs[2].shape == signature.inputs[1].shape, "a gradient of another shape");
  requireLike(signature.inputs[0], signature.outputs[0]);
  return std::make_unique<RowsPlan>(signature.inputs[0], kLeast);
}

[[gnu::always_inline]] inline bool isLabel(std::int32_t label, Index classes) {
  return label >= 0 && label < classes;
}

Status refuseLabel(const Task& task, Index row) {
  *task.failure = {Status::indexOutOfRange, row,
                   static_cast<double>(task.in<std::int32_t>(1)[row])};
  return Status::indexOutOfRange;
}

// Refuses the first bad label of some rows.
Status checkLabels(const Task& task, Index row, Index rows, Index classes) {
  for (Index i = row; i < row + rows; i++)
    if (!isLabel(task.in<std::int32_t>(1)[i], classes)) return refuseLabel(task, i);
  return Status::ok;
}

Status runNarrowCrossEntropy(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    const Status status = checkLabels(task, row, rows, n);
    if (status != Status::ok) return status;
    const float* x = task.in<float>(0) + row * n;
    RowTile tile;
    loadTile(x, n, rows, tile);
    LaneSums lanes = expTile(tile, n);
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) lanes.sum[l] = log(lanes.sum[l]);
    for (Index l = 0; l < rows; l++) {
      const float picked = x[l * n + task.in<std::int32_t>(1)[row + l]];
      task.out<float>(0)[row + l] = lanes.sum[l] - (picked - lanes.largest[l]);
    }
    return Status::ok;
  });
}

Status runNarrowCrossEntropyGrad(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  return forLanesOfRows(task, [&](Index row, Index rows) {
    const Status status = checkLabels(task, row, rows, n);
    if (status != Status::ok) return status;
    const float* dloss = task.in<float>(2) + row;
    float* dx = task.out<float>(0) + row * n;
    RowTile tile;
    loadTile(task.in<float>(0) + row * n, n, rows, tile);
    LaneSums lanes = expTile(tile, n);
    for (Index l = 0; l < kLanesOfRows; l++)
      lanes.sum[l] = (l < rows ? dloss[l] : 0.0f) / lanes.sum[l];
    scaleTile(tile, n, lanes.sum);
    storeTile(tile, n, rows, dx);
    for (Index l = 0; l < rows; l++) dx[l * n + task.in<std::int32_t>(1)[row + l]] -= dloss[l];
    return Status::ok;
  });
}

Status runCrossEntropy(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  if (isNarrow(n)) return runNarrowCrossEntropy(task);
  return forSoftmaxRows(task, [&](Index row, Index at) {
    const std::int32_t label = task.in<std::int32_t>(1)[row];
    if (!isLabel(label, n)) return refuseLabel(task, row);
    const float* x = task.in<float>(0) + at;
    const float shift = reduceRun<MaximumFloat>(x, n);
    task.out<float>(0)[row] = log(sumExpShifted(x, n, shift)) - (x[label] - shift);
    return Status::ok;
  });
}

Status runCrossEntropyGrad(const Task& task) noexcept {
  const Index n = planOf<RowsPlan>(task).classes;
  if (isNarrow(n)) return runNarrowCrossEntropyGrad(task);
  return forSoftmaxRows(task, [&](Index row, Index at) {
    const std::int32_t label = task.in<std::int32_t>(1)[row];
    if (!isLabel(label, n)) return refuseLabel(task, row);
    const float* x = task.in<float>(0) + at;
    float* dx = task.out<float>(0) + at;
    const float dloss = task.in<float>(2)[row];
    const float scale = dloss / expShifted(x, dx, n, reduceRun<MaximumFloat>(x, n));
#pragma omp simd
    for (Index i = 0; i < n; i++) dx[i] *= scale;
    dx[label] -= dloss;
    return Status::ok;
  });
}

}  // namespace

void addSoftmaxKernels(KernelList& list) {
  list.push_back({"softmax", prepareSoftmax, runSoftmax});
  list.push_back({"logSoftmax", prepareSoftmax, runLogSoftmax});
  list.push_back({"softmaxGrad", prepareSoftmaxGrad, runSoftmaxGrad});
  list.push_back({"sparseSoftmaxCrossEntropy", prepareCrossEntropy, runCrossEntropy});
  list.push_back({"sparseSoftmaxCrossEntropyGrad", prepareCrossEntropyGrad, runCrossEntropyGrad});
}

}  // namespace neurone::NEURONE_ISA
