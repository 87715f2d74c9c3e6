// Functions of one operand, y = f(x): one loop, one functor per op.
#include "elementwise.h"
#include "elementwise_nest.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {
namespace {

using UnaryLoop = void (*)(const void* x, void* y, Index n) noexcept;

struct UnaryPlan : ElementsPlan {
  using ElementsPlan::ElementsPlan;
  UnaryLoop loop = nullptr;
  Index inputSize = 0;
  Index outputSize = 0;
};

template <class Op, class In, class Out>
void unaryLoop(const void* x, void* y, Index n) noexcept {
  const In* in = static_cast<const In*>(x);
  Out* out = static_cast<Out*>(y);
#pragma omp simd
  for (Index i = 0; i < n; i++) out[i] = Op::apply(in[i]);
}

Status runUnary(const Task& task) noexcept {
  const UnaryPlan& plan = planOf<UnaryPlan>(task);
  forBlocks(task, plan.n, plan.split, [&](Index begin, Index end) {
    plan.loop(task.in<char>(0) + begin * plan.inputSize,
              task.out<char>(0) + begin * plan.outputSize, end - begin);
  });
  return Status::ok;
}

std::unique_ptr<UnaryPlan> planUnary(const Signature& signature, UnaryLoop loop, Index least) {
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.shape == y.shape, "shapes differ");
  auto plan = std::make_unique<UnaryPlan>(x.size(), least);
  plan->loop = loop;
  plan->inputSize = static_cast<Index>(byteSize(x.dtype));
  plan->outputSize = static_cast<Index>(byteSize(y.dtype));
  return plan;
}

// Keeps the dtype: float32, and int32 where the op has a meaning there.
template <class Op>
std::unique_ptr<Plan> prepareUnary(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireLike(signature.inputs[0], signature.outputs[0]);
  if constexpr (Op::integers) {
    if (signature.inputs[0].dtype == DType::int32)
      return planUnary(signature, unaryLoop<Op, std::int32_t, std::int32_t>, Op::least);
  }
  requireDType(signature.inputs[0], {DType::float32});
  return planUnary(signature, unaryLoop<Op, float, float>, Op::least);
}

// From one dtype to bool.
template <class Op, DType dtype, class In>
std::unique_ptr<Plan> preparePredicate(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireDType(signature.inputs[0], {dtype});
  requireDType(signature.outputs[0], {DType::boolean});
  return planUnary(signature, unaryLoop<Op, In, std::uint8_t>, Op::least);
}

struct Cheap {
  static constexpr Index least = kCheap;
  static constexpr bool integers = false;
};
struct CheapOnIntegers : Cheap {
  static constexpr bool integers = true;
};
struct Costly : Cheap {
  static constexpr Index least = kCostly;
};

// int32 wraps: arithmetic goes through unsigned, where that is defined.
struct Negative : CheapOnIntegers {
  static float apply(float x) { return -x; }
  static std::int32_t apply(std::int32_t x) {
    return static_cast<std::int32_t>(0u - static_cast<std::uint32_t>(x));
  }
};
struct Absolute : CheapOnIntegers {
  static float apply(float x) { return absolute(x); }
  static std::int32_t apply(std::int32_t x) { return x < 0 ? Negative::apply(x) : x; }
};
struct Sign : CheapOnIntegers {
  static float apply(float x) { return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x); }
  static std::int32_t apply(std::int32_t x) { return (x > 0) - (x < 0); }
};
struct Square : CheapOnIntegers {
  static float apply(float x) { return x * x; }
  static std::int32_t apply(std::int32_t x) {
    const auto u = static_cast<std::uint32_t>(x);
    return static_cast<std::int32_t>(u * u);
  }
};
struct Relu : CheapOnIntegers {
  template <class T>
  static T apply(T x) {
    return x < T{0} ? T{0} : x;  // NaN passes
  }
};
struct Relu6 : Cheap {
  static float apply(float x) { return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x; }  // NaN passes
};
struct Sqrt : Cheap {
  static float apply(float x) { return sqrt(x); }
};
struct Rsqrt : Cheap {
  static float apply(float x) { return 1.0f / sqrt(x); }
};
struct Reciprocal : Cheap {
  static float apply(float x) { return 1.0f / x; }
};
struct Floor : Cheap {
  static float apply(float x) { return floor(x); }
};
struct Ceil : Cheap {
  static float apply(float x) { return ceil(x); }
};
struct Round : Cheap {
  static float apply(float x) { return roundEven(x); }
};
struct Exp : Costly {
  static float apply(float x) { return exp(x); }
};
struct Expm1 : Costly {
  static float apply(float x) { return expm1(x); }
};
struct Log : Costly {
  static float apply(float x) { return log(x); }
};
struct Log1p : Costly {
  static float apply(float x) { return log1p(x); }
};
struct Tanh : Costly {
  static float apply(float x) { return tanh(x); }
};
struct Sigmoid : Costly {
  static float apply(float x) { return sigmoid(x); }
};
struct Softplus : Costly {
  static float apply(float x) { return softplus(x); }
};
struct Erf : Costly {
  static float apply(float x) { return erf(x); }
};
struct Sin : Costly {
  static float apply(float x) { return sin(x); }
  static float applyFar(float x) { return __builtin_sinf(x); }
};
struct Cos : Costly {
  static float apply(float x) { return cos(x); }
  static float applyFar(float x) { return __builtin_cosf(x); }
};
struct Tan : Costly {
  static float apply(float x) { return tan(x); }
  static float applyFar(float x) { return __builtin_tanf(x); }
};

struct IsNan : Cheap {
  static std::uint8_t apply(float x) { return x != x; }
};
struct IsFinite : Cheap {
  static std::uint8_t apply(float x) { return absolute(x) < kInfinity; }
};
struct LogicalNot : Cheap {
  static std::uint8_t apply(std::uint8_t x) { return x == 0; }
};

// Reducing an angle past kMaxAngle takes hundreds of bits of π, so libm does it: one element at a
// time, in those runs of 256 elements that hold one.
template <class Op>
void angleLoop(const void* x, void* y, Index n) noexcept {
  const float* in = static_cast<const float*>(x);
  float* out = static_cast<float*>(y);
  for (Index start = 0; start < n; start += 256) {
    const Index end = start + 256 < n ? start + 256 : n;
    int far = 0;
#pragma omp simd reduction(| : far)
    for (Index i = start; i < end; i++) far |= absolute(in[i]) > kMaxAngle;
    if (far) {
      for (Index i = start; i < end; i++)
        out[i] = absolute(in[i]) > kMaxAngle ? Op::applyFar(in[i]) : Op::apply(in[i]);
    } else {
      unaryLoop<Op, float, float>(in + start, out + start, end - start);
    }
  }
}

template <class Op>
std::unique_ptr<Plan> prepareAngle(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireLike(signature.inputs[0], signature.outputs[0]);
  requireDType(signature.inputs[0], {DType::float32});
  return planUnary(signature, angleLoop<Op>, Op::least);
}

}  // namespace

void addUnaryKernels(KernelList& list) {
  const Kernel kernels[] = {
      {"negative", prepareUnary<Negative>, runUnary},
      {"absolute", prepareUnary<Absolute>, runUnary},
      {"sign", prepareUnary<Sign>, runUnary},
      {"square", prepareUnary<Square>, runUnary},
      {"sqrt", prepareUnary<Sqrt>, runUnary},
      {"rsqrt", prepareUnary<Rsqrt>, runUnary},
      {"reciprocal", prepareUnary<Reciprocal>, runUnary},
      {"exp", prepareUnary<Exp>, runUnary},
      {"expm1", prepareUnary<Expm1>, runUnary},
      {"log", prepareUnary<Log>, runUnary},
      {"log1p", prepareUnary<Log1p>, runUnary},
      {"sin", prepareAngle<Sin>, runUnary},
      {"cos", prepareAngle<Cos>, runUnary},
      {"tan", prepareAngle<Tan>, runUnary},
      {"tanh", prepareUnary<Tanh>, runUnary},
      {"sigmoid", prepareUnary<Sigmoid>, runUnary},
      {"softplus", prepareUnary<Softplus>, runUnary},
      {"relu", prepareUnary<Relu>, runUnary},
      {"relu6", prepareUnary<Relu6>, runUnary},
      {"erf", prepareUnary<Erf>, runUnary},
      {"floor", prepareUnary<Floor>, runUnary},
      {"ceil", prepareUnary<Ceil>, runUnary},
      {"round", prepareUnary<Round>, runUnary},
      {"isNan", preparePredicate<IsNan, DType::float32, float>, runUnary},
      {"isFinite", preparePredicate<IsFinite, DType::float32, float>, runUnary},
      {"logicalNot", preparePredicate<LogicalNot, DType::boolean, std::uint8_t>, runUnary},
  };
  for (const Kernel& kernel : kernels) list.push_back(kernel);
}

}  // namespace neurone::NEURONE_ISA
