// argMax and argMin along one axis: the first of equals, and the first NaN before everything.
#include "elementwise_nest.h"
#include "reduction.h"
#include "reduction_core.h"

namespace neurone::NEURONE_ISA {
namespace {

// x is [outer, n, inner]; inner is walked in strips of kStrip.
constexpr Index kStrip = 64;

struct ArgPlan : Plan {
  Index outer = 0;
  Index n = 0;
  Index inner = 0;
  Index strips = 0;
  Split split;
  void (*loop)(const ArgPlan&, const void* x, std::int32_t* out, Index begin, Index end) = nullptr;
};

struct Largest {
  template <class T>
  static bool better(T x, T best) {
    return (x > best) | ((x != x) & (best == best));
  }
};
struct Smallest {
  template <class T>
  static bool better(T x, T best) {
    return (x < best) | ((x != x) & (best == best));
  }
};

template <class Order, class T>
std::int32_t argRun(const T* x, Index n) {
  T best = x[0];
  std::int32_t at = 0;
  for (Index i = 1; i < n; i++) {
    if (Order::better(x[i], best)) {
      best = x[i];
      at = static_cast<std::int32_t>(i);
    }
  }
  return at;
}

template <class Order, class T>
void argStrip(const T* x, Index n, Index stride, Index width, std::int32_t* out) {
  T best[kStrip];
  std::int32_t at[kStrip];
  for (Index c = 0; c < width; c++) {
    best[c] = x[c];
    at[c] = 0;
  }
  for (Index i = 1; i < n; i++) {
    const T* row = x + i * stride;
#pragma omp simd
    for (Index c = 0; c < width; c++) {
      const bool take = Order::better(row[c], best[c]);
      best[c] = take ? row[c] : best[c];
      at[c] = take ? static_cast<std::int32_t>(i) : at[c];
    }
  }
  for (Index c = 0; c < width; c++) out[c] = at[c];
}

template <class Order, class T>
void argLoop(const ArgPlan& plan, const void* data, std::int32_t* out, Index begin, Index end) {
  for (Index item = begin; item < end; item++) {
    const Index o = item / plan.strips;
    const Index column = item % plan.strips * kStrip;
    const T* x = static_cast<const T*>(data) + o * plan.n * plan.inner + column;
    const Index width = plan.inner - column < kStrip ? plan.inner - column : kStrip;
    std::int32_t* to = out + o * plan.inner + column;
    if (plan.inner == 1)
      *to = argRun<Order>(x, plan.n);
    else
      argStrip<Order>(x, plan.n, plan.inner, width, to);
  }
}

template <class Order>
std::unique_ptr<Plan> prepareArg(const Signature& signature) {
  requireOperands(signature, 1, 1);
  AttrReader attrs(signature);
  const Index axis = attrs.integer();
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  requireDType(y, {DType::int32});
  require(axis >= 0 && axis < x.rank(), "an axis out of range");
  const auto at = static_cast<std::size_t>(axis);
  Shape expected = x.shape;
  expected.erase(expected.begin() + axis);
  require(y.shape == expected, "an output of another shape");
  require(x.shape[at] <= INT32_MAX, "an axis longer than int32");
  auto plan = std::make_unique<ArgPlan>();
  plan->outer = sizeOf(x.shape, 0, at);
  plan->n = x.shape[at];
  plan->inner = sizeOf(x.shape, at + 1, x.shape.size());
  require(plan->n > 0 || y.size() == 0, "the largest of nothing");
  plan->strips = (plan->inner + kStrip - 1) / kStrip;
  const Index items = plan->outer * plan->strips;
  const Index perItem = plan->n * (plan->inner < kStrip ? plan->inner : kStrip);
  plan->split = splitEvenly(items, kCostly / (perItem > 1 ? perItem : 1), 1);
  plan->blocks = {plan->split.count};
  plan->loop = x.dtype == DType::float32 ? argLoop<Order, float>
               : x.dtype == DType::int32 ? argLoop<Order, std::int32_t>
                                         : argLoop<Order, std::uint8_t>;
  return plan;
}

Status runArg(const Task& task) noexcept {
  const ArgPlan& plan = planOf<ArgPlan>(task);
  forBlocks(task, plan.outer * plan.strips, plan.split, [&](Index begin, Index end) {
    plan.loop(plan, task.inputs[0], task.out<std::int32_t>(0), begin, end);
  });
  return Status::ok;
}

}  // namespace

void addArgKernels(KernelList& list) {
  list.push_back({"argMax", prepareArg<Largest>, runArg});
  list.push_back({"argMin", prepareArg<Smallest>, runArg});
}

}  // namespace neurone::NEURONE_ISA
