// What the kernels over rows of C classes share: blocks of rows, and eˣ of whole vectors.
#pragma once

#include "elementwise_nest.h"
#include "registry.h"
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

  SoftmaxPlan(const ValueInfo& x, Index least) {
    require(x.rank() >= 1, "softmax of a scalar");
    rows = sizeOf(x.shape, 0, x.shape.size() - 1);
    classes = x.shape[x.shape.size() - 1];
    past = isPastCaches(x) && classes <= kScratchClasses;
    split = splitEvenly(rows, least / (classes > 1 ? classes : 1), kFloats);
    blocks = {split.count};
  }
  // For `exponentials`.
  void reserveRow() {
    if (classes <= kScratchClasses)
      threadScratch = static_cast<std::size_t>(classes + kFloats) * sizeof(float);
  }
};

// Calls body(row, offset of its first element) for the rows of the task; stops at a failure.
template <class Body>
[[gnu::always_inline]] inline Status forSoftmaxRows(const Task& task, Body body) {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  for (Index block = task.begin; block < task.end; block++) {
    const Index end = plan.split.end(block, plan.rows);
    for (Index row = plan.split.begin(block); row < end; row++) {
      const Status status = body(row, row * plan.classes);
      if (status != Status::ok) return status;
    }
  }
  if (plan.past) endPast();
  return Status::ok;
}

// Calls body(first row, rows) for the rows of the task, as many at a time as there are lanes; stops
// at a failure.
template <class Body>
[[gnu::always_inline]] inline Status forLanesOfRows(const Task& task, Body body) {
  const SoftmaxPlan& plan = planOf<SoftmaxPlan>(task);
  for (Index block = task.begin; block < task.end; block++) {
    const Index end = plan.split.end(block, plan.rows);
    for (Index row = plan.split.begin(block); row < end; row += kFloats) {
      const Status status = body(row, kFloats < end - row ? kFloats : end - row);
      if (status != Status::ok) return status;
    }
  }
  return Status::ok;
}

// eˣ for x <= 0, at most 4 ULP from it; NaN passes. AVX-512 takes 2ˣ apart instead, which needs
// half the instructions: x·log₂e = n + f, with log₂e in two parts, and the processor multiplies by
// 2ⁿ.
[[gnu::always_inline]] inline Floats expNegative(const Floats& x) {
#ifdef NEURONE_ISA_avx512
  const __m512 bounded = _mm512_max_ps(all(-104.0f), x);  // the second operand if one is NaN
  const __m512 shift = all(12582912.0f);
  const __m512 n = _mm512_sub_ps(_mm512_fmadd_ps(bounded, all(1.44269502f), shift), shift);
  __m512 f = _mm512_fmsub_ps(bounded, all(1.44269502f), n);
  f = _mm512_fmadd_ps(bounded, all(1.92596299e-8f), f);
  const Floats p = polynomial<Floats>(f, all(1.0f), all(0.693147004f), all(0.240222424f),
                                      all(0.0555073358f), all(0.00967151299f), all(0.00132647273f));
  return _mm512_scalef_ps(p, n);
#else
  const Vector<std::int32_t> bias = Vector<std::int32_t>{} + 127;
  const Floats bounded = x < -104.0f ? all(-104.0f) : x;
  const Floats shifted = bounded * 1.44269504f + 12582912.0f;
  const Floats n = shifted - 12582912.0f;
  const Floats r = (bounded - n * 0.693359375f) - n * -2.12194440e-4f;
  const Floats q = polynomial<Floats>(r, all(0.49999994f), all(0.166665211f), all(0.0416682661f),
                                      all(0.00836867746f), all(0.00138207339f));
  const Floats p = 1.0f + (r + r * r * q);
  const Vector<std::int32_t> whole = bitCast<Vector<std::int32_t> >(shifted) - 0x4b400000;
  const Vector<std::int32_t> half = whole >> 1;  // 2ⁿ itself may lie outside the normal numbers
  return p * bitCast<Floats>((half + bias) << 23) * bitCast<Floats>((whole - half + bias) << 23);
#endif
}

// Keeps b where a is NaN.
struct Largest {
  template <class V>
  [[gnu::always_inline]] V operator()(const V& a, const V& b) const {
    return a > b ? a : b;
  }
};

// The largest of a row, NaN aside: that shows in the exponentials.
[[gnu::always_inline]] inline float largestOf(const float* x, Index n) {
  constexpr Largest larger;
  Floats a = all(-kInfinity), b = a, c = a, d = a;
  Index i = 0;
  for (; i + 4 * kFloats <= n; i += 4 * kFloats) {
    a = larger(load(x + i), a);
    b = larger(load(x + i + kFloats), b);
    c = larger(load(x + i + 2 * kFloats), c);
    d = larger(load(x + i + 3 * kFloats), d);
  }
  for (; i < n; i += kFloats)
    a = larger(loadFirst(x + i, kFloats < n - i ? kFloats : n - i, -kInfinity), a);
  return combineLanes(larger(larger(a, b), larger(c, d)), larger);
}

// Σ exp(x − shift); the exponentials go to keep(i, vector, count). What follows the row is asked
// for meanwhile, because the pass that finds the largest element leaves the memory idle here.
template <class Keep>
[[gnu::always_inline]] inline float sumExponentials(const float* x, Index n, float shift,
                                                    Keep keep) {
  const Index ahead = n > kAhead ? n : kAhead;
  Floats even = {}, odd = {};
  Index i = 0;
  for (; i + 2 * kFloats <= n; i += 2 * kFloats) {
    for (Index line = 0; line < 2 * kFloats; line += 16) fetch(x + i + line + ahead);
    const Floats a = expNegative(load(x + i) - shift);
    const Floats b = expNegative(load(x + i + kFloats) - shift);
    keep(i, a, kFloats);
    keep(i + kFloats, b, kFloats);
    even += a;
    odd += b;
  }
  for (; i < n; i += kFloats) {
    const Index count = kFloats < n - i ? kFloats : n - i;
    fetch(x + i + ahead);
    const Floats e = expNegative(loadFirst(x + i, count, -kInfinity) - shift);
    keep(i, e, count);
    even += e;
  }
  return sumOfLanes(even + odd);
}

// Where a row's exponentials stay between two passes: near, or where the result will be.
[[gnu::always_inline]] inline float* exponentialsOf(const Task& task, float* result) {
  return planOf<SoftmaxPlan>(task).threadScratch > 0 ? reinterpret_cast<float*>(task.threadScratch)
                                                     : result;
}

// `sumExponentials` that keeps them in e, which has room for `whole` vectors or not.
[[gnu::always_inline]] inline float storeExponentials(const float* x, Index n, float shift,
                                                      float* e, bool whole) {
  return sumExponentials(x, n, shift, [=](Index i, const Floats& values, Index count) {
    whole || count == kFloats ? store(e + i, values) : storeFirst(e + i, count, values);
  });
}

// y = e·scale.
[[gnu::always_inline]] inline void scaleRow(const float* e, Index n, float scale, float* y,
                                            bool past) {
  writeVectors(y, n, past, [&](Index i, auto load) { return load(e + i) * scale; });
}

}  // namespace neurone::NEURONE_ISA
