// Updates that divide the gradient by the root of what its squares came to.
#include "optimizer.h"

namespace neurone::NEURONE_ISA {
namespace {

// RMSprop in its four forms, whose slots differ.
struct Rmsprop {
  static constexpr int scalars = 5;
  float learningRate, rho, rest, momentum, epsilon;

  explicit Rmsprop(const Scalars& s)
      : learningRate(s[0]), rho(s[1]), rest(s[2]), momentum(s[3]), epsilon(s[4]) {}
  float average(float a, float x) const { return rho * a + rest * x; }
  float step(float g, float spread) const { return learningRate * g / sqrt(spread + epsilon); }
};

struct RmspropPlain : Rmsprop {
  static constexpr Operands operands{.slots = 1, .scalars = scalars, .counts = false};
  using Rmsprop::Rmsprop;
  float operator()(float w, float g, float& v) const {
    v = average(v, g * g);
    return w - step(g, v);
  }
};

struct RmspropMomentum : Rmsprop {
  static constexpr Operands operands{.slots = 2, .scalars = scalars, .counts = false};
  using Rmsprop::Rmsprop;
  float operator()(float w, float g, float& v, float& m) const {
    v = average(v, g * g);
    m = momentum * m + step(g, v);
    return w - m;
  }
};

struct RmspropCentered : Rmsprop {
  static constexpr Operands operands{.slots = 2, .scalars = scalars, .counts = false};
  using Rmsprop::Rmsprop;
  float operator()(float w, float g, float& v, float& a) const {
    v = average(v, g * g);
    a = average(a, g);
    return w - step(g, v - a * a);
  }
};

struct RmspropCenteredMomentum : Rmsprop {
  static constexpr Operands operands{.slots = 3, .scalars = scalars, .counts = false};
  using Rmsprop::Rmsprop;
  float operator()(float w, float g, float& v, float& m, float& a) const {
    v = average(v, g * g);
    a = average(a, g);
    m = momentum * m + step(g, v - a * a);
    return w - m;
  }
};

struct Adagrad {
  static constexpr Operands operands{.slots = 1, .scalars = 2, .counts = false};
  float learningRate, epsilon;

  explicit Adagrad(const Scalars& s) : learningRate(s[0]), epsilon(s[1]) {}
  float operator()(float w, float g, float& a) const {
    a = a + g * g;
    return w - learningRate * g / sqrt(a + epsilon);
  }
};

struct Adadelta {
  static constexpr Operands operands{.slots = 2, .scalars = 4, .counts = false};
  float learningRate, rho, rest, epsilon;

  explicit Adadelta(const Scalars& s) : learningRate(s[0]), rho(s[1]), rest(s[2]), epsilon(s[3]) {}
  float operator()(float w, float g, float& a, float& d) const {
    a = rho * a + rest * (g * g);
    const float delta = -(sqrt(d + epsilon) * g / sqrt(a + epsilon));
    d = rho * d + rest * (delta * delta);
    return w + learningRate * delta;
  }
};

// With the usual power ½ the root is taken instead: the same value at a tenth of the time.
template <bool root>
struct Ftrl {
  static constexpr Operands operands{.slots = 2, .scalars = 6, .counts = false};
  float learningRate, power, l1, ridge, shrinkage;

  explicit Ftrl(const Scalars& s)
      : learningRate(s[0]),
        power(s[1]),
        l1(s[2]),
        ridge(2.0f * (s[3] + s[5] / (2.0f * s[0]))),
        shrinkage(2.0f * s[4]) {}
  float raised(float a) const { return root ? sqrt(a) : pow(a, power); }
  float operator()(float w, float g, float& a, float& z) const {
    const float before = raised(a);
    a = a + g * g;
    const float now = raised(a);
    z = z + ((g + shrinkage * w) - (now - before) / learningRate * w);
    const float below = z < l1 ? z : l1;
    const float clipped = below > -l1 ? below : -l1;
    return (clipped - z) / (now / learningRate + ridge);
  }
};

Status runFtrl(const Task& task) noexcept {
  const float power = scalarsOf(task, Ftrl<true>::operands)[1];
  return power == 0.5f ? runUpdate<Ftrl<true>>(task) : runUpdate<Ftrl<false>>(task);
}

}  // namespace

void addAdaptiveKernels(KernelList& list) {
  list.push_back(updateKernel<RmspropPlain>("rmsprop"));
  list.push_back(updateKernel<RmspropMomentum>("rmspropMomentum"));
  list.push_back(updateKernel<RmspropCentered>("rmspropCentered"));
  list.push_back(updateKernel<RmspropCenteredMomentum>("rmspropCenteredMomentum"));
  list.push_back(updateKernel<Adagrad>("adagrad"));
  list.push_back(updateKernel<Adadelta>("adadelta"));
  list.push_back({"ftrl", prepareUpdate<Ftrl<true>>, runFtrl});
}

}  // namespace neurone::NEURONE_ISA
