// Comparisons and logic on two broadcast operands; the results are bool.
#include "elementwise.h"
#include "elementwise_binary.h"

namespace neurone::NEURONE_ISA {
namespace {

struct Equal {
  template <class T>
  static std::uint8_t apply(T a, T b) {
    return a == b;
  }
};
struct NotEqual {
  template <class T>
  static std::uint8_t apply(T a, T b) {
    return a != b;
  }
};
struct Less {
  template <class T>
  static std::uint8_t apply(T a, T b) {
    return a < b;
  }
};
struct LessEqual {
  template <class T>
  static std::uint8_t apply(T a, T b) {
    return a <= b;
  }
};
struct Greater {
  template <class T>
  static std::uint8_t apply(T a, T b) {
    return a > b;
  }
};
struct GreaterEqual {
  template <class T>
  static std::uint8_t apply(T a, T b) {
    return a >= b;
  }
};
struct LogicalAnd {
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) { return (a != 0) & (b != 0); }
};
struct LogicalOr {
  static std::uint8_t apply(std::uint8_t a, std::uint8_t b) { return (a | b) != 0; }
};

template <class Op>
std::unique_ptr<Plan> prepareComparison(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireDType(signature.outputs[0], {DType::boolean});
  auto plan = planBinary(signature, kCheap);
  const DType dtype = signature.inputs[0].dtype;
  plan->loop = dtype == DType::float32 ? chooseBinaryLoop<Op, float, std::uint8_t>(*plan)
               : dtype == DType::int32 ? chooseBinaryLoop<Op, std::int32_t, std::uint8_t>(*plan)
                                       : chooseBinaryLoop<Op, std::uint8_t, std::uint8_t>(*plan);
  return plan;
}

template <class Op>
std::unique_ptr<Plan> prepareLogical(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireDType(signature.inputs[0], {DType::boolean});
  requireDType(signature.outputs[0], {DType::boolean});
  auto plan = planBinary(signature, kCheap);
  plan->loop = chooseBinaryLoop<Op, std::uint8_t, std::uint8_t>(*plan);
  return plan;
}

}  // namespace

void addComparisonKernels(KernelList& list) {
  const Kernel kernels[] = {
      {"equal", prepareComparison<Equal>, runBinary},
      {"notEqual", prepareComparison<NotEqual>, runBinary},
      {"less", prepareComparison<Less>, runBinary},
      {"lessEqual", prepareComparison<LessEqual>, runBinary},
      {"greater", prepareComparison<Greater>, runBinary},
      {"greaterEqual", prepareComparison<GreaterEqual>, runBinary},
      {"logicalAnd", prepareLogical<LogicalAnd>, runBinary},
      {"logicalOr", prepareLogical<LogicalOr>, runBinary},
  };
  for (const Kernel& kernel : kernels) list.push_back(kernel);
}

}  // namespace neurone::NEURONE_ISA
