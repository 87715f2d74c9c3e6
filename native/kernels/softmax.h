// What the kernels over rows of C classes share: blocks of rows, and sums of exponentials.
#pragma once

#include "elementwise_nest.h"
#include "registry.h"
#include "row_groups.h"
#include "softmax_exp.h"
#include "streaming.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {

void addCrossEntropyKernels(KernelList& list);

// Classes per block.
inline constexpr Index kSoftmaxBlock = 4096;
// Rows of more classes keep their exponentials in the output instead of in scratch.
inline constexpr Index kScratchClasses = 65536;

struct SoftmaxPlan : Plan {
  Index rows = 0;
  Index classes = 0;
  bool past = false;  // whether an output of x's shape goes past the caches
  Split split;
  RowGroup group;

  // A row's elements in whole vectors.
  static Index roomOf(Index n) { return (n + kFloats - 1) / kFloats * kFloats; }

  SoftmaxPlan(const ValueInfo& x, Index least, Index together)
      : group(x.rank() > 0 ? x.shape.back() : 0, together) {
    require(x.rank() >= 1, "softmax of a scalar");
    rows = sizeOf(x.shape, 0, x.shape.size() - 1);
    classes = x.shape[x.shape.size() - 1];
    past = isPastCaches(x) && classes <= kScratchClasses;
    split = splitEvenly(rows, least / (classes > 1 ? classes : 1), kFloats);
    blocks = {split.count};
  }
  // For `exponentialsOf`.
  void reserveGroup() {
    if (classes <= kScratchClasses)
      threadScratch = static_cast<std::size_t>(group.together * roomOf(classes)) * sizeof(float);
  }
};

// Calls body(first row, rows) for the rows of the task, so many together; stops at a failure.
template <class Body>
[[gnu::always_inline]] inline Status forSoftmaxRows(const Task& task, Index together, Body body) {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  for (Index block = task.begin; block < task.end; block++) {
    const Index end = plan.split.end(block, plan.rows);
    for (Index row = plan.split.begin(block); row < end; row += together) {
      const Status status = body(row, together < end - row ? together : end - row);
      if (status != Status::ok) return status;
    }
  }
  if (plan.past) endPast();
  return Status::ok;
}

// The same in tiles of narrow rows, which write to y: body(first row, rows, y of it).
template <class Body>
[[gnu::always_inline]] inline Status forSoftmaxTiles(const Task& task, bool past, Body body) {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  for (Index block = task.begin; block < task.end; block++) {
    const Status status = forTiles(plan.split.begin(block), plan.split.end(block, plan.rows),
                                   plan.classes, task.out<float>(0), past, body);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

// Whether the first output goes past the caches and is no operand as well.
inline bool writesPast(const Task& task, int inputs) {
  bool past = planOf<SoftmaxPlan>(task).past;
  for (int i = 0; i < inputs; i++) past = past && task.out<float>(0) != task.in<float>(i);
  return past;
}

// Keeps b where a is NaN.
struct Largest {
  template <class V>
  [[gnu::always_inline]] V operator()(const V& a, const V& b) const {
    return a > b ? a : b;
  }
};

// The largest elements of a row's parts, NaN aside: that shows in the exponentials.
[[gnu::always_inline]] inline Floats largestOf(const float* x, Index n) {
  constexpr Largest larger;
  Floats largest[4];
  for (Floats& part : largest) part = all(-kInfinity);
  forVectorsInParts(n, [&](Index i, auto load, auto part) {
    largest[part] = larger(load(x + i, -kInfinity), largest[part]);
  });
  return combineParts(largest, larger);
}

// The exponentials of a row go to keep(i, vector, count), and their sums come back. What follows
// the group is asked for meanwhile, because the pass that finds the largest elements leaves the
// memory idle here.
template <class Keep>
[[gnu::always_inline]] inline Floats sumExponentials(const float* x, Index n, float shift,
                                                     Index ahead, Keep keep) {
  Floats even = {}, odd = {};
  Index i = 0;
  for (; i + 2 * kFloats <= n; i += 2 * kFloats) {
    for (Index line = 0; line < 2 * kFloats; line += 16) fetch(x + i + line + ahead);
    const Floats a = scaledExp(load(x + i) - shift);
    const Floats b = scaledExp(load(x + i + kFloats) - shift);
    keep(i, a, kFloats);
    keep(i + kFloats, b, kFloats);
    even += a;
    odd += b;
  }
  for (; i < n; i += kFloats) {
    const Index count = kFloats < n - i ? kFloats : n - i;
    fetch(x + i + ahead);
    const Floats e = scaledExp(loadFirst(x + i, count, -kInfinity) - shift);
    keep(i, e, count);
    even += e;
  }
  return even + odd;
}

// Where the exponentials of a group's rows stay between two passes: near, or where the result will
// be. In the first case there is room for whole vectors.
struct Exponentials {
  float* first;
  Index stride;
  bool whole;

  float* row(Index l) const { return first + l * stride; }
};
inline Exponentials exponentialsOf(const Task& task, float* result) {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  if (plan.threadScratch == 0) return {result, plan.classes, false};
  return {reinterpret_cast<float*>(task.threadScratch), SoftmaxPlan::roomOf(plan.classes), true};
}

// Σ exp(x − largest)·kExpScale of a group's rows, lane by lane, and the exponentials themselves.
[[gnu::always_inline]] inline Floats storeExponentials(const SoftmaxPlan& plan, const float* x,
                                                       Index rows, const Exponentials& to) {
  const Index n = plan.classes;
  float shift[kFloats];
  store(shift,
        combineEach(plan.group, rows, Largest{}, [&](Index l) { return largestOf(x + l * n, n); }));
  return combineEach(plan.group, rows, Add{}, [&](Index l) {
    float* e = to.row(l);
    return sumExponentials(
        x + l * n, n, shift[l], plan.group.ahead, [&](Index i, const Floats& values, Index count) {
          to.whole || count == kFloats ? store(e + i, values) : storeFirst(e + i, count, values);
        });
  });
}

// The largest elements of a group's rows and Σ exp(x − largest)·kExpScale, lane by lane.
struct LaneSums {
  Floats largest;
  Floats sum;
};
[[gnu::always_inline]] inline LaneSums sumsOfGroup(const SoftmaxPlan& plan, const float* x,
                                                   Index rows) {
  const Index n = plan.classes;
  LaneSums lanes;
  lanes.largest =
      combineEach(plan.group, rows, Largest{}, [&](Index l) { return largestOf(x + l * n, n); });
  float shift[kFloats];
  store(shift, lanes.largest);
  lanes.sum = combineEach(plan.group, rows, Add{}, [&](Index l) {
    return sumExponentials(x + l * n, n, shift[l], plan.group.ahead,
                           [](Index, const Floats&, Index) {});
  });
  return lanes;
}

// ln Σ exp(x − largest) of each lane.
[[gnu::always_inline]] inline Floats logOfSums(const Floats& sums) {
  float lanes[kFloats];
  store(lanes, sums * (1.0f / kExpScale));
#pragma omp simd
  for (Index l = 0; l < kFloats; l++) lanes[l] = log(lanes[l]);
  return load(lanes);
}

// y = e·scale.
[[gnu::always_inline]] inline void scaleRow(const float* e, Index n, float scale, float* y,
                                            bool past) {
  writeVectors(y, n, past, [&](Index i, auto load) { return load(e + i) * scale; });
}

}  // namespace neurone::NEURONE_ISA
