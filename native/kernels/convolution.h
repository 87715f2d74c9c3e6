// Convolutions over two or three spatial axes, channels last: what is computed, and what an
// algorithm that computes it looks like. Which one is taken is a static table by shape and
// instruction set (convolution_choice.cc).
#pragma once

#include "../kernel.h"

namespace neurone::NEURONE_ISA::convolution {

using Index = std::int64_t;

enum class Direction { forward, inputGrad, kernelGrad };

enum class Activation : int { linear = 0, relu = 1, sigmoid = 2, tanh = 3, relu6 = 4 };

// One spatial axis. In all directions `size` belongs to x and dx, `output` to y and dy.
struct Axis {
  Index size = 1, kernel = 1, output = 1;
  Index stride = 1, dilation = 1, before = 0, after = 0;
};

// A convolution, whichever of its operands is wanted: x [images, depth, height, width, channels],
// w [depth, height, width, channels / groups, filters], y [images, depth, height, width, filters].
// In two dimensions the depth is one everywhere.
struct Geometry {
  Index images = 0, channels = 0, filters = 0, groups = 1;
  Axis axes[3];
  // What y goes through in the forward direction: activation(y · scale + bias).
  Activation activation = Activation::linear;
  bool scaled = false, biased = false, residual = false;
  bool constantWeights = false;  // whether no step changes them
  bool oneThread = false;        // whether one thread runs all blocks: then they need not be many

  Index channelsPerGroup() const { return channels / groups; }
  Index filtersPerGroup() const { return filters / groups; }
  Index pixels() const { return axes[0].size * axes[1].size * axes[2].size; }  // of one image of x
  Index outputs() const { return axes[0].output * axes[1].output * axes[2].output; }
  Index taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  // Multiply-adds.
  double work() const {
    return static_cast<double>(images) * outputs() * taps() * channelsPerGroup() * filters;
  }
};

struct Method;

struct ConvolutionPlan : Plan {
  const Method* method = nullptr;
  Geometry geometry;
  Direction direction = Direction::forward;
  const char* describe() const override;
};

// An algorithm. `plan` is only asked for what fits; `geometry` and `direction` of the plan, and
// its method, are filled in by the caller. Operands of a task: forward x, w, (scale), (bias) → y;
// inputGrad dy, w → dx; kernelGrad x, dy → dw. In the forward direction all phases but the last
// one only prepare the weights, in the same way for any number of images, rows and columns, and
// nothing else is in the shared scratch.
struct Method {
  const char* name;
  bool (*fits)(const Geometry&, Direction);
  std::unique_ptr<ConvolutionPlan> (*plan)(const Geometry&, Direction);
  Status (*run)(const Task&) noexcept;
};

extern const Method im2col, pointwise, streamed, winograd, direct, depthwise;

// The static table: which algorithm computes a convolution. NEURONE_CONV=<name> in the environment
// forces one wherever it fits.
const Method& choose(const Geometry&, Direction);

// How many of the phases of a plan for the forward direction are kept while the weights are the
// same.
std::size_t phasesToKeep(const Geometry&, std::size_t phases);

std::unique_ptr<ConvolutionPlan> planBy(const Method&, const Geometry&, Direction);

// The geometry of x, w, (scale), (bias) and of the attributes of `conv`, checked; of y that which
// follows.
Geometry forwardGeometry(const Signature&, AttrReader&);

// What y goes through, for the channels that begin at `scale` and `bias`.
struct Epilogue {
  Activation activation = Activation::linear;
  const float* scale = nullptr;     // null: one
  const float* bias = nullptr;      // null: zero
  const float* residual = nullptr;  // added before the activation; null: zero
  const float* y = nullptr;         // where the output begins that `residual` is added to

  bool isNothing() const {
    return activation == Activation::linear && !scale && !bias && !residual;
  }
  Epilogue from(Index channel) const {
    return {activation, scale ? scale + channel : nullptr, bias ? bias + channel : nullptr,
            residual, y};
  }
  // What is added to the output at `at`.
  const float* residualFor(const float* at) const { return residual + (at - y); }
};

// The epilogue of a forward task; nothing in the other directions.
Epilogue epilogueOf(const Task&);

// Takes one row of channels through the epilogue.
void finish(const Epilogue&, float* y, Index channels) noexcept;

inline Index ceilDiv(Index a, Index b) { return (a + b - 1) / b; }
inline Index roundUp(Index n, Index to) { return ceilDiv(n, to) * to; }
inline Index least(Index a, Index b) { return a < b ? a : b; }
inline Index most(Index a, Index b) { return a > b ? a : b; }

// A distance between rows that does not send them all to one set of a cache.
inline Index pitchOf(Index columns) {
  const Index pitch = roundUp(columns, 16);
  return pitch % 256 == 0 ? pitch + 16 : pitch;
}

}  // namespace neurone::NEURONE_ISA::convolution
