// topK: the positions of each row's largest elements, by one pass that keeps the best so far in a
// heap; and inTopK: whether a row's element is among them.
#include "elementwise_nest.h"
#include "reduction.h"
#include "reduction_order.h"

namespace neurone::NEURONE_ISA {
namespace {

// Elements that are compared at once with the worst of the best so far: few rows have a better one.
constexpr Index kStretch = 64;

struct TopPlan : Plan {
  Index rows = 0;
  Index n = 0;
  Index k = 0;
  bool floats = false;
  Split split;
};

// Moves the key at `at` down to its place in a heap whose root is the largest key.
void sink(std::uint64_t* heap, Index size, Index at) {
  const std::uint64_t key = heap[at];
  for (Index child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && heap[child + 1] > heap[child]) child++;
    if (heap[child] < key) break;
    heap[at] = heap[child];
  }
  heap[at] = key;
}

// Whether any of the elements may be larger than `least`; a NaN may.
template <class T>
bool anyAbove(const T* x, Index n, T least) {
  int above = 0;
#pragma omp simd reduction(| : above)
  for (Index i = 0; i < n; i++) above |= !(x[i] <= least);
  return above != 0;
}

template <class T>
void topOfRow(const T* x, Index n, Index k, std::uint64_t* heap, std::int32_t* out) {
  for (Index i = 0; i < k; i++) heap[i] = keyOf(x[i], i, UINT32_MAX);
  for (Index i = k / 2; i-- > 0;) sink(heap, k, i);
  for (Index from = k; from < n; from += kStretch) {
    const Index to = n - from < kStretch ? n : from + kStretch;
    T least = x[heap[0] & UINT32_MAX];
    if (!anyAbove(x + from, to - from, least)) continue;
    for (Index i = from; i < to; i++) {
      if (x[i] <= least) continue;
      const std::uint64_t key = keyOf(x[i], i, UINT32_MAX);
      if (key > heap[0]) continue;
      heap[0] = key;
      sink(heap, k, 0);
      least = x[heap[0] & UINT32_MAX];
    }
  }
  for (Index left = k; left-- > 0;) {
    out[left] = static_cast<std::int32_t>(heap[0]);
    heap[0] = heap[left];
    sink(heap, left, 0);
  }
}

std::unique_ptr<TopPlan> planRows(const ValueInfo& x, Index k) {
  require(x.rank() >= 1, "a scalar has no order");
  auto plan = std::make_unique<TopPlan>();
  plan->floats = x.dtype == DType::float32;
  plan->n = x.shape[x.shape.size() - 1];
  plan->rows = sizeOf(x.shape, 0, x.shape.size() - 1);
  plan->k = k;
  require(plan->n <= INT32_MAX, "an axis longer than int32");
  plan->split = splitEvenly(plan->rows, kCostly / (plan->n > 1 ? plan->n : 1), 1);
  plan->blocks = {plan->split.count};
  return plan;
}

std::unique_ptr<Plan> prepareTop(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  requireDType(x, {DType::float32, DType::int32});
  requireDType(y, {DType::int32});
  require(x.rank() >= 1 && y.rank() == x.rank(), "an output of another rank");
  const Index k = y.shape[y.shape.size() - 1];
  Shape expected = x.shape;
  require(k >= 1 && k <= expected.back(), "more than there are");
  expected.back() = k;
  require(y.shape == expected, "an output of another shape");
  auto plan = planRows(x, k);
  plan->threadScratch = static_cast<std::size_t>(k) * sizeof(std::uint64_t);
  return plan;
}

Status runTop(const Task& task) noexcept {
  const TopPlan& plan = planOf<TopPlan>(task);
  auto* const heap = reinterpret_cast<std::uint64_t*>(task.threadScratch);
  forBlocks(task, plan.rows, plan.split, [&](Index begin, Index end) {
    for (Index row = begin; row < end; row++) {
      std::int32_t* const out = task.out<std::int32_t>(0) + row * plan.k;
      if (plan.floats)
        topOfRow(task.in<float>(0) + row * plan.n, plan.n, plan.k, heap, out);
      else
        topOfRow(task.in<std::int32_t>(0) + row * plan.n, plan.n, plan.k, heap, out);
    }
  });
  return Status::ok;
}

std::unique_ptr<Plan> prepareInTop(const Signature& signature) {
  requireOperands(signature, 2, 1);
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& labels = signature.inputs[1];
  const ValueInfo& y = signature.outputs[0];
  requireDType(x, {DType::float32});
  requireDType(labels, {DType::int32});
  requireDType(y, {DType::boolean});
  AttrReader attrs(signature);
  auto plan = planRows(x, attrs.integer());
  Shape expected = x.shape;
  expected.pop_back();
  require(labels.shape == expected && y.shape == expected, "labels of another shape");
  return plan;
}

bool isInTop(const float* x, Index n, Index label, Index k) {
  if (label < 0 || label >= n) return false;
  const float value = x[label];
  int above = 0;
  int odd = 0;
#pragma omp simd reduction(+ : above) reduction(| : odd)
  for (Index i = 0; i < n; i++) {
    above += x[i] > value;
    odd |= !(x[i] - x[i] == 0);  // NaN and infinities
  }
  return !odd && above < k;
}

Status runInTop(const Task& task) noexcept {
  const TopPlan& plan = planOf<TopPlan>(task);
  const auto* const labels = task.in<std::int32_t>(1);
  forBlocks(task, plan.rows, plan.split, [&](Index begin, Index end) {
    for (Index row = begin; row < end; row++)
      task.out<std::uint8_t>(0)[row] =
          isInTop(task.in<float>(0) + row * plan.n, plan.n, labels[row], plan.k);
  });
  return Status::ok;
}

}  // namespace

void addTopKernels(KernelList& list) {
  list.push_back({"topK", prepareTop, runTop});
  list.push_back({"inTopK", prepareInTop, runInTop});
}

}  // namespace neurone::NEURONE_ISA
