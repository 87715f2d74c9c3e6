// Conversion between dtypes, plain copies, and the check for NaN and infinities.
#include "elementwise.h"
#include "elementwise_nest.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {
namespace {

using ConvertLoop = void (*)(const void* x, void* y, Index n) noexcept;

struct ConvertPlan : ElementsPlan {
  using ElementsPlan::ElementsPlan;
  ConvertLoop loop = nullptr;
  Index inputSize = 0;
  Index outputSize = 0;
};

struct Bool {
  std::uint8_t value;
};

// To integers: towards zero, saturating, NaN to 0.
[[gnu::always_inline]] inline void convert(float x, float& y) { y = x; }
[[gnu::always_inline]] inline void convert(float x, std::int32_t& y) {
  const float number = x == x ? x : 0.0f;
  const float bounded = number < 2147483520.0f ? number : 2147483520.0f;
  const auto whole = static_cast<std::int32_t>(bounded > -2147483648.0f ? bounded : -2147483648.0f);
  y = number >= 2147483648.0f ? 2147483647 : whole;
}
[[gnu::always_inline]] inline void convert(float x, std::uint8_t& y) {
  const float positive = x > 0.0f ? x : 0.0f;
  y = static_cast<std::uint8_t>(static_cast<std::int32_t>(positive < 255.0f ? positive : 255.0f));
}
[[gnu::always_inline]] inline void convert(std::int32_t x, float& y) { y = static_cast<float>(x); }
[[gnu::always_inline]] inline void convert(std::int32_t x, std::int32_t& y) { y = x; }
[[gnu::always_inline]] inline void convert(std::int32_t x, std::uint8_t& y) {
  const std::int32_t positive = x > 0 ? x : 0;
  y = static_cast<std::uint8_t>(positive < 255 ? positive : 255);
}
[[gnu::always_inline]] inline void convert(std::uint8_t x, float& y) { y = static_cast<float>(x); }
[[gnu::always_inline]] inline void convert(std::uint8_t x, std::int32_t& y) { y = x; }
[[gnu::always_inline]] inline void convert(std::uint8_t x, std::uint8_t& y) { y = x; }
template <class T>
[[gnu::always_inline]] inline void convert(T x, Bool& y) {
  y.value = x != T{0};
}
[[gnu::always_inline]] inline void convert(Bool x, Bool& y) { y.value = x.value != 0; }
template <class T>
[[gnu::always_inline]] inline void convert(Bool x, T& y) {
  convert(static_cast<std::uint8_t>(x.value != 0), y);
}

template <class In, class Out>
void convertLoop(const void* x, void* y, Index n) noexcept {
  const In* in = static_cast<const In*>(x);
  Out* out = static_cast<Out*>(y);
#pragma omp simd
  for (Index i = 0; i < n; i++) convert(in[i], out[i]);
}

template <class In>
ConvertLoop chooseConvertLoop(DType to) {
  switch (to) {
    case DType::float32:
      return convertLoop<In, float>;
    case DType::int32:
      return convertLoop<In, std::int32_t>;
    case DType::uint8:
      return convertLoop<In, std::uint8_t>;
    default:
      return convertLoop<In, Bool>;
  }
}

std::unique_ptr<Plan> prepareCast(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.shape == y.shape, "shapes differ");
  auto plan = std::make_unique<ConvertPlan>(x.size(), kCheap);
  plan->inputSize = static_cast<Index>(byteSize(x.dtype));
  plan->outputSize = static_cast<Index>(byteSize(y.dtype));
  plan->loop = x.dtype == DType::float32 ? chooseConvertLoop<float>(y.dtype)
               : x.dtype == DType::int32 ? chooseConvertLoop<std::int32_t>(y.dtype)
               : x.dtype == DType::uint8 ? chooseConvertLoop<std::uint8_t>(y.dtype)
                                         : chooseConvertLoop<Bool>(y.dtype);
  return plan;
}

void copyLoop(const void* x, void* y, Index n) noexcept {
  __builtin_memcpy(y, x, static_cast<std::size_t>(n));
}

std::unique_ptr<Plan> prepareCopy(const Signature& signature) {
  requireOperands(signature, 1, 1);
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.dtype == y.dtype, "dtypes differ");
  require(x.size() == y.size(), "sizes differ");
  auto plan = std::make_unique<ConvertPlan>(x.bytes(), 8 * kCheap);
  plan->inputSize = plan->outputSize = 1;
  plan->loop = copyLoop;
  return plan;
}

Status runConvert(const Task& task) noexcept {
  const ConvertPlan& plan = planOf<ConvertPlan>(task);
  forBlocks(task, plan.n, plan.split, [&](Index begin, Index end) {
    plan.loop(task.in<char>(0) + begin * plan.inputSize,
              task.out<char>(0) + begin * plan.outputSize, end - begin);
  });
  return Status::ok;
}

std::unique_ptr<Plan> prepareCheckFinite(const Signature& signature) {
  requireOperands(signature, 1, 0);
  requireDType(signature.inputs[0], {DType::float32});
  return std::make_unique<ElementsPlan>(signature.inputs[0].size(), 2 * kCheap);
}

Status runCheckFinite(const Task& task) noexcept {
  const ElementsPlan& plan = planOf<ElementsPlan>(task);
  const float* x = task.in<float>(0);
  for (Index block = task.begin; block < task.end; block++) {
    const Index last = plan.split.end(block, plan.n);
    for (Index start = plan.split.begin(block); start < last; start += 1024) {
      const Index end = start + 1024 < last ? start + 1024 : last;
      int bad = 0;
#pragma omp simd reduction(| : bad)
      for (Index i = start; i < end; i++) bad |= !(absolute(x[i]) < kInfinity);
      for (Index i = start; bad && i < end; i++) {
        if (absolute(x[i]) < kInfinity) continue;
        *task.failure = {Status::nonFinite, i, x[i]};
        return Status::nonFinite;
      }
    }
  }
  return Status::ok;
}

}  // namespace

void addConversionKernels(KernelList& list) {
  list.push_back({"cast", prepareCast, runConvert});
  list.push_back({"copy", prepareCopy, runConvert});
  list.push_back({"checkFinite", prepareCheckFinite, runCheckFinite});
}

}  // namespace neurone::NEURONE_ISA
