// cumSum and cumProd along one axis, forwards or in reverse.
#include "elementwise_nest.h"
#include "reduction.h"

namespace neurone::NEURONE_ISA {
namespace {

// x is [outer, n, inner]; inner is walked in strips of kStrip.
constexpr Index kStrip = 64;

struct CumulativePlan : Plan {
  Index outer = 0;
  Index n = 0;
  Index inner = 0;
  Index strips = 0;
  bool reverse = false;
  Split split;
  void (*loop)(const CumulativePlan&, const void* x, void* y, Index begin, Index end) = nullptr;
};

// Totals are doubles, so that rounding does not grow along the axis; those of integers wrap.
template <class T>
struct Totals {
  using Total = double;
};
template <>
struct Totals<std::int32_t> {
  using Total = std::uint32_t;
};

struct Added {
  static constexpr int initial = 0;
  template <class T>
  static T combine(T a, T b) {
    return a + b;
  }
};
struct Multiplied {
  static constexpr int initial = 1;
  template <class T>
  static T combine(T a, T b) {
    return a * b;
  }
};

template <class Op, class T>
void cumulativeLoop(const CumulativePlan& plan, const void* data, void* out, Index begin,
                    Index end) {
  using Total = typename Totals<T>::Total;
  const Index step = plan.reverse ? -plan.inner : plan.inner;
  const Index first = plan.reverse ? (plan.n - 1) * plan.inner : 0;
  for (Index item = begin; item < end; item++) {
    const Index column = item % plan.strips * kStrip;
    const Index from = item / plan.strips * plan.n * plan.inner + column + first;
    const Index width = plan.inner - column < kStrip ? plan.inner - column : kStrip;
    const T* x = static_cast<const T*>(data) + from;
    T* y = static_cast<T*>(out) + from;
    Total totals[kStrip];
    for (Index c = 0; c < width; c++) totals[c] = Op::initial;
    for (Index i = 0; i < plan.n; i++, x += step, y += step) {
#pragma omp simd
      for (Index c = 0; c < width; c++) {
        totals[c] = Op::combine(totals[c], static_cast<Total>(x[c]));
        y[c] = static_cast<T>(totals[c]);
      }
    }
  }
}

template <class Op>
std::unique_ptr<Plan> prepareCumulative(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const ValueInfo& x = signature.inputs[0];
  requireDType(x, {DType::float32, DType::int32});
  requireLike(x, signature.outputs[0]);
  AttrReader attrs(signature);
  const Index axis = attrs.integer();
  require(axis >= 0 && axis < x.rank(), "an axis out of range");
  const auto at = static_cast<std::size_t>(axis);
  auto plan = std::make_unique<CumulativePlan>();
  plan->reverse = attrs.boolean();
  plan->outer = sizeOf(x.shape, 0, at);
  plan->n = x.shape[at];
  plan->inner = sizeOf(x.shape, at + 1, x.shape.size());
  plan->strips = (plan->inner + kStrip - 1) / kStrip;
  const Index perItem = plan->n * (plan->inner < kStrip ? plan->inner : kStrip);
  plan->split = splitEvenly(plan->outer * plan->strips, kCostly / (perItem > 1 ? perItem : 1), 1);
  plan->blocks = {plan->split.count};
  plan->loop =
      x.dtype == DType::float32 ? cumulativeLoop<Op, float> : cumulativeLoop<Op, std::int32_t>;
  return plan;
}

Status runCumulative(const Task& task) noexcept {
  const CumulativePlan& plan = planOf<CumulativePlan>(task);
  forBlocks(task, plan.outer * plan.strips, plan.split, [&](Index begin, Index end) {
    plan.loop(plan, task.inputs[0], task.outputs[0], begin, end);
  });
  return Status::ok;
}

}  // namespace

void addCumulativeKernels(KernelList& list) {
  list.push_back({"cumSum", prepareCumulative<Added>, runCumulative});
  list.push_back({"cumProd", prepareCumulative<Multiplied>, runCumulative});
}

}  // namespace neurone::NEURONE_ISA
