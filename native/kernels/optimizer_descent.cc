// Updates that step along the gradient, its running mean, or the sign of that.
#include "optimizer.h"

namespace neurone::NEURONE_ISA {
namespace {

struct Sgd {
  static constexpr Operands operands{.slots = 0, .scalars = 1, .counts = false};
  float learningRate;

  explicit Sgd(const Scalars& s) : learningRate(s[0]) {}
  float operator()(float w, float g) const { return w - learningRate * g; }
};

template <bool nesterov>
struct Momentum {
  static constexpr Operands operands{.slots = 1, .scalars = 2, .counts = false};
  float learningRate, momentum;

  explicit Momentum(const Scalars& s) : learningRate(s[0]), momentum(s[1]) {}
  float operator()(float w, float g, float& m) const {
    const float change = learningRate * g;
    m = momentum * m - change;
    return w + (nesterov ? momentum * m - change : m);
  }
};

// NaN and zero are their own signs.
[[gnu::always_inline]] inline float signOf(float x) {
  return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x);
}

struct Lion {
  static constexpr Operands operands{.slots = 1, .scalars = 3, .counts = false};
  float learningRate, beta1, beta2;

  explicit Lion(const Scalars& s) : learningRate(s[0]), beta1(s[1]), beta2(s[2]) {}
  float operator()(float w, float g, float& m) const {
    const float direction = m * beta1 + g * (1.0f - beta1);
    m = m * beta2 + g * (1.0f - beta2);
    return w - learningRate * signOf(direction);
  }
};

}  // namespace

void addDescentKernels(KernelList& list) {
  list.push_back(updateKernel<Sgd>("sgd"));
  list.push_back(updateKernel<Momentum<false>>("momentum"));
  list.push_back(updateKernel<Momentum<true>>("nesterov"));
  list.push_back(updateKernel<Lion>("lion"));
}

}  // namespace neurone::NEURONE_ISA
