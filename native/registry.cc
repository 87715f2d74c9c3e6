#include "registry.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace neurone {

#define NEURONE_KERNEL_FAMILIES(ISA)         \
  namespace ISA {                            \
  void addElementwiseKernels(KernelList&);   \
  void addReductionKernels(KernelList&);     \
  void addMovementKernels(KernelList&);      \
  void addRandomKernels(KernelList&);        \
  void addSoftmaxKernels(KernelList&);       \
  void addNormalizationKernels(KernelList&); \
  void addOptimizerKernels(KernelList&);     \
  void addGemmKernels(KernelList&);          \
  void addPoolingKernels(KernelList&);       \
  void addConvolutionKernels(KernelList&);   \
  inline void addAll(KernelList& list) {     \
    addElementwiseKernels(list);             \
    addReductionKernels(list);               \
    addMovementKernels(list);                \
    addRandomKernels(list);                  \
    addSoftmaxKernels(list);                 \
    addNormalizationKernels(list);           \
    addOptimizerKernels(list);               \
    addGemmKernels(list);                    \
    addPoolingKernels(list);                 \
    addConvolutionKernels(list);             \
  }                                          \
  }

NEURONE_KERNEL_FAMILIES(baseline)
#ifdef NEURONE_X86
NEURONE_KERNEL_FAMILIES(avx2)
NEURONE_KERNEL_FAMILIES(avx512)
#endif

Isa detectIsa() {
#ifdef NEURONE_X86
  static const Isa isa = [] {
    const char* wanted = std::getenv("NEURONE_ISA");
    if (wanted && std::strcmp(wanted, "baseline") == 0) return Isa::baseline;
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl");
    if (avx512 && !(wanted && std::strcmp(wanted, "avx2") == 0)) return Isa::avx512;
    return avx2 ? Isa::avx2 : Isa::baseline;
  }();
  return isa;
#else
  return Isa::baseline;
#endif
}

const char* isaName(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    default:
      return "baseline";
  }
}

const KernelList& allKernels() {
  // Never destroyed: the engine thread may still run kernels while statics are torn down.
  static const KernelList* const list = [] {
    auto* kernels = new KernelList;
#ifdef NEURONE_X86
    if (detectIsa() == Isa::avx512) {
      avx512::addAll(*kernels);
      return kernels;
    }
    if (detectIsa() == Isa::avx2) {
      avx2::addAll(*kernels);
      return kernels;
    }
#endif
    baseline::addAll(*kernels);
    return kernels;
  }();
  return *list;
}

const Kernel* findKernel(std::string_view name) {
  for (const Kernel& kernel : allKernels())
    if (name == kernel.name) return &kernel;
  return nullptr;
}

std::int64_t AttrReader::integer() {
  if (next_ >= attrs_.size()) throw std::invalid_argument("attributes end too early");
  return attrs_[next_++];
}

std::vector<std::int64_t> AttrReader::list() {
  const std::int64_t length = integer();
  if (length < 0 || static_cast<std::size_t>(length) > attrs_.size() - next_)
    throw std::invalid_argument("an attribute list is longer than the attributes");
  std::vector<std::int64_t> out(attrs_.begin() + next_, attrs_.begin() + next_ + length);
  next_ += length;
  return out;
}

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

}  // namespace neurone
