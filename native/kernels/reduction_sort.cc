// argSort of rows: elements become whole numbers of the same order, joined with their positions, so
// that no two are equal and any sort is stable. Short rows are sorted by insertion, others by
// radix.
#include "elementwise_nest.h"
#include "reduction.h"
#include "reduction_order.h"

namespace neurone::NEURONE_ISA {
namespace {

// Rows up to this length are sorted by insertion: below it, the four counts of radix cost more.
constexpr Index kInsertion = 48;
constexpr int kDigits = 256;

struct SortPlan : Plan {
  Index rows = 0;
  Index n = 0;
  bool descending = false;
  bool floats = false;
  Split split;
};

template <class T>
void joinPositions(const T* x, Index n, bool descending, std::uint64_t* keys) {
  const std::uint32_t flip = descending ? UINT32_MAX : 0;
  for (Index i = 0; i < n; i++) keys[i] = keyOf(x[i], i, flip);
}

void sortByInsertion(std::uint64_t* keys, Index n) {
  for (Index i = 1; i < n; i++) {
    const std::uint64_t key = keys[i];
    Index at = i;
    for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

// Sorts by the byte at `shift`, from `keys` to `sorted`; false if all keys have the same one.
bool sortByDigit(const std::uint64_t* keys, std::uint64_t* sorted, Index n, int shift) {
  Index starts[kDigits] = {};
  for (Index i = 0; i < n; i++) starts[keys[i] >> shift & (kDigits - 1)]++;
  if (starts[keys[0] >> shift & (kDigits - 1)] == n) return false;
  Index total = 0;
  for (Index& start : starts) {
    const Index count = start;
    start = total;
    total += count;
  }
  for (Index i = 0; i < n; i++) sorted[starts[keys[i] >> shift & (kDigits - 1)]++] = keys[i];
  return true;
}

void sortRow(std::uint64_t* keys, std::uint64_t* spare, Index n, std::int32_t* out) {
  if (n <= kInsertion) {
    sortByInsertion(keys, n);
  } else {
    for (int shift = 32; shift < 64; shift += 8) {
      if (!sortByDigit(keys, spare, n, shift)) continue;
      std::uint64_t* const sorted = spare;
      spare = keys;
      keys = sorted;
    }
  }
  for (Index i = 0; i < n; i++) out[i] = static_cast<std::int32_t>(keys[i]);
}

std::unique_ptr<Plan> prepareSort(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  requireDType(x, {DType::float32, DType::int32});
  requireDType(y, {DType::int32});
  require(x.rank() >= 1, "a scalar has no order");
  require(x.shape == y.shape, "an output of another shape");
  auto plan = std::make_unique<SortPlan>();
  AttrReader attrs(signature);
  plan->descending = attrs.boolean();
  plan->floats = x.dtype == DType::float32;
  plan->n = x.shape[x.shape.size() - 1];
  plan->rows = sizeOf(x.shape, 0, x.shape.size() - 1);
  require(plan->n <= INT32_MAX, "an axis longer than int32");
  plan->threadScratch = 2 * static_cast<std::size_t>(plan->n) * sizeof(std::uint64_t);
  plan->split = splitEvenly(plan->rows, kCostly / 8 / (plan->n > 1 ? plan->n : 1), 1);
  plan->blocks = {plan->split.count};
  return plan;
}

Status runSort(const Task& task) noexcept {
  const SortPlan& plan = planOf<SortPlan>(task);
  auto* const keys = reinterpret_cast<std::uint64_t*>(task.threadScratch);
  forBlocks(task, plan.rows, plan.split, [&](Index begin, Index end) {
    for (Index at = begin * plan.n; at < end * plan.n; at += plan.n) {
      if (plan.floats)
        joinPositions(task.in<float>(0) + at, plan.n, plan.descending, keys);
      else
        joinPositions(task.in<std::int32_t>(0) + at, plan.n, plan.descending, keys);
      sortRow(keys, keys + plan.n, plan.n, task.out<std::int32_t>(0) + at);
    }
  });
  return Status::ok;
}

}  // namespace

void addSortKernels(KernelList& list) { list.push_back({"argSort", prepareSort, runSort}); }

}  // namespace neurone::NEURONE_ISA
