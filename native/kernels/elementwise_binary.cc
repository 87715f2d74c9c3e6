// Arithmetic on two broadcast operands, and the gradients that are products of two operands.
#include "elementwise_binary.h"

#include "elementwise.h"
#include "elementwise_tiles.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {

std::unique_ptr<BinaryPlan> planBinary(const Signature& signature, Index least) {
  const ValueInfo& a = signature.inputs[0];
  const ValueInfo& b = signature.inputs[1];
  const ValueInfo& out = signature.outputs[0];
  require(a.dtype == b.dtype, "dtypes differ");
  auto plan = std::make_unique<BinaryPlan>();
  const Shape strides[2] = {broadcastStrides(a.shape, out.shape),
                            broadcastStrides(b.shape, out.shape)};
  for (std::size_t i = 0; i < out.shape.size(); i++)
    require(out.shape[i] <= 1 || strides[0][i] != 0 || strides[1][i] != 0,
            "an output larger than its operands");
  plan->nest = makeNest(out.shape, strides);
  plan->shortRows = hasShortRows(plan->nest);
  if (plan->shortRows) plan->threadScratch = kTileScratch<2>;
  plan->tiles = tile(plan->nest.rows(), plan->nest.inner(), least);
  plan->inputSize = static_cast<Index>(byteSize(a.dtype));
  plan->outputSize = static_cast<Index>(byteSize(out.dtype));
  plan->blocks = {plan->tiles.count()};
  return plan;
}

Status runBinary(const Task& task) noexcept {
  const BinaryPlan& plan = planOf<BinaryPlan>(task);
  const Nest<2>& nest = plan.nest;
  const int middle = nest.rank - 2;
  const Tiles& tiles = plan.tiles;
  for (Index block = task.begin; block < task.end; block++) {
    const Index rowBlock = block / tiles.columnSplit.count;
    const Index columnBlock = block % tiles.columnSplit.count;
    const Index column = tiles.columnSplit.begin(columnBlock);
    const Index n = tiles.columnSplit.end(columnBlock, tiles.columns) - column;
    const Index begin = tiles.rowSplit.begin(rowBlock);
    const Index end = tiles.rowSplit.end(rowBlock, tiles.rows);
    if (plan.shortRows) {
      forDenseTiles<2>(nest, begin, end, task.inputs, {plan.inputSize, plan.inputSize},
                       task.threadScratch, [&](const void* const* dense, Index at, Index count) {
                         plan.loop(dense[0], dense[1], task.out<char>(0) + at * plan.outputSize,
                                   {1, count, 0, 0, 0});
                       });
      continue;
    }
    forRows(nest, begin, end, [&](const Index* offset, Index row, Index rows) {
      const Index a = offset[0] + column * nest.stride[0][middle + 1];
      const Index b = offset[1] + column * nest.stride[1][middle + 1];
      const Index out = row * tiles.columns + column;
      plan.loop(task.in<char>(0) + a * plan.inputSize, task.in<char>(1) + b * plan.inputSize,
                task.out<char>(0) + out * plan.outputSize,
                {rows, n, nest.stride[0][middle], nest.stride[1][middle], tiles.columns});
    });
  }
  return Status::ok;
}

namespace {

struct Arithmetic {
  static constexpr Index least = kCheap;
  static constexpr bool integers = true;
};

std::int32_t wrap(std::uint32_t x) { return static_cast<std::int32_t>(x); }
std::uint32_t bitsOf(std::int32_t x) { return static_cast<std::uint32_t>(x); }

struct Add : Arithmetic {
  static float apply(float a, float b) { return a + b; }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return wrap(bitsOf(a) + bitsOf(b)); }
};
struct Subtract : Arithmetic {
  static float apply(float a, float b) { return a - b; }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return wrap(bitsOf(a) - bitsOf(b)); }
};
struct Multiply : Arithmetic {
  static float apply(float a, float b) { return a * b; }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return wrap(bitsOf(a) * bitsOf(b)); }
};
struct Divide : Arithmetic {
  static constexpr bool integers = false;
  static float apply(float a, float b) { return a / b; }
};
struct Maximum : Arithmetic {
  static float apply(float a, float b) { return (a > b) | (a != a) ? a : b; }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return a > b ? a : b; }
};
struct Minimum : Arithmetic {
  static float apply(float a, float b) { return (a < b) | (a != a) ? a : b; }
  static std::int32_t apply(std::int32_t a, std::int32_t b) { return a < b ? a : b; }
};
struct Mod : Arithmetic {
  static constexpr Index least = kCostly / 2;
  static float apply(float a, float b) {
    const float r = __builtin_fmodf(a, b);
    return r != 0.0f && (r < 0.0f) != (b < 0.0f) ? r + b : r;
  }
  static std::int32_t apply(std::int32_t a, std::int32_t b) {
    if (b == 0 || b == -1) return 0;  // both would trap
    const std::int32_t r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
};
struct Power : Arithmetic {
  static constexpr Index least = kCostly;
  static float apply(float a, float b) { return pow(a, b); }
  // A negative exponent truncates the fraction: only 1 and −1 leave anything.
  static std::int32_t apply(std::int32_t a, std::int32_t b) {
    if (b < 0) return a == 1 ? 1 : (a == -1 ? (b & 1 ? -1 : 1) : 0);
    std::uint32_t base = bitsOf(a);
    std::uint32_t result = 1;
    for (std::uint32_t exponent = bitsOf(b); exponent != 0; exponent >>= 1) {
      if (exponent & 1) result *= base;
      base *= base;
    }
    return wrap(result);
  }
};

struct SquareOf {
  static float apply(float a, float) { return a * a; }
};
struct SquareRootOf {
  // C's pow(−0, ½) is +0 and pow(−∞, ½) is +∞.
  static float apply(float a, float) { return a == -kInfinity ? kInfinity : sqrt(a) + 0.0f; }
};

// Scalar exponents are mostly 2 and 1/2.
template <int stepA, int stepB>
void powerByOne(const void* a, const void* b, void* out, const RowRange& range) noexcept {
  for (Index row = 0; row < range.rows; row++) {
    const float* x = static_cast<const float*>(a) + row * range.strideA;
    const float* y = static_cast<const float*>(b) + row * range.strideB;
    float* z = static_cast<float*>(out) + row * range.strideOut;
    const RowRange one{1, range.n, 0, 0, 0};
    const BinaryLoop loop = *y == 2.0f   ? binaryLoop<SquareOf, float, float, 1, 0>
                            : *y == 0.5f ? binaryLoop<SquareRootOf, float, float, 1, 0>
                                         : binaryLoop<Power, float, float, 1, 0>;
    loop(x, y, z, one);
  }
}

template <class Op>
std::unique_ptr<Plan> prepareArithmetic(const Signature& signature) {
  requireOperands(signature, 2, 1);
  require(signature.outputs[0].dtype == signature.inputs[0].dtype, "dtypes differ");
  auto plan = planBinary(signature, Op::least);
  if constexpr (Op::integers) {
    if (signature.inputs[0].dtype == DType::int32) {
      plan->loop = chooseBinaryLoop<Op, std::int32_t, std::int32_t>(*plan);
      return plan;
    }
  }
  requireDType(signature.inputs[0], {DType::float32});
  plan->loop = chooseBinaryLoop<Op, float, float>(*plan);
  return plan;
}

std::unique_ptr<Plan> preparePower(const Signature& signature) {
  auto plan = prepareArithmetic<Power>(signature);
  auto& binary = static_cast<BinaryPlan&>(*plan);
  if (binary.loop == static_cast<BinaryLoop>(binaryLoop<Power, float, float, 1, 0>))
    binary.loop = powerByOne<1, 0>;
  return plan;
}

struct ReluGrad {
  static float apply(float dy, float y) { return y > 0.0f ? dy : 0.0f; }
};
struct Relu6Grad {
  static float apply(float dy, float y) { return (y > 0.0f) & (y < 6.0f) ? dy : 0.0f; }
};
struct SigmoidGrad {
  static float apply(float dy, float y) { return dy * y * (1.0f - y); }
};
struct TanhGrad {
  // Not 1 − y·y, which cancels where y is near 1.
  static float apply(float dy, float y) { return dy * ((1.0f - y) * (1.0f + y)); }
};

template <class Op>
std::unique_ptr<Plan> prepareGradient(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireDType(signature.outputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  requireLike(signature.inputs[1], signature.outputs[0]);
  auto plan = planBinary(signature, kCheap);
  plan->loop = binaryLoop<Op, float, float, 1, 1>;
  return plan;
}

}  // namespace

void addBinaryKernels(KernelList& list) {
  const Kernel kernels[] = {
      {"add", prepareArithmetic<Add>, runBinary},
      {"subtract", prepareArithmetic<Subtract>, runBinary},
      {"multiply", prepareArithmetic<Multiply>, runBinary},
      {"divide", prepareArithmetic<Divide>, runBinary},
      {"power", preparePower, runBinary},
      {"maximum", prepareArithmetic<Maximum>, runBinary},
      {"minimum", prepareArithmetic<Minimum>, runBinary},
      {"mod", prepareArithmetic<Mod>, runBinary},
      {"reluGrad", prepareGradient<ReluGrad>, runBinary},
      {"relu6Grad", prepareGradient<Relu6Grad>, runBinary},
      {"sigmoidGrad", prepareGradient<SigmoidGrad>, runBinary},
      {"tanhGrad", prepareGradient<TanhGrad>, runBinary},
  };
  for (const Kernel& kernel : kernels) list.push_back(kernel);
}

}  // namespace neurone::NEURONE_ISA
