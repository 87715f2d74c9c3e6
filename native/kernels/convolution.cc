// `conv`, `convInputGrad` and `convKernelGrad`: checks the operands, chooses an algorithm, runs it.
#include "convolution.h"

#include "../registry.h"
#include "convolution_epilogue.h"
#include "convolution_pool.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

constexpr const char* kOperands = "conv takes x, w, (scale), (bias), (residual)";

// Of more output positions the weights are prepared in no time, and memory is what would be lost.
constexpr Index kRowsToPrepareFor = 4096;

constexpr Index kMost = Index{1} << 31;  // of any stride, dilation or padding

// The attributes that all directions share, after `size` where there is one.
void readAxes(AttrReader& attrs, int axes, Geometry& g) {
  const auto list = [&](Index Axis::*member, Index fewest) {
    const std::vector<std::int64_t> values = attrs.list();
    require(static_cast<int>(values.size()) == axes, "a list has another length than the axes");
    for (int i = 0; i < axes; i++) {
      require(values[i] >= fewest && values[i] <= kMost, "a stride, dilation or padding is wrong");
      g.axes[3 - axes + i].*member = values[i];
    }
  };
  list(&Axis::stride, 1);
  list(&Axis::dilation, 1);
  list(&Axis::before, 0);
  list(&Axis::after, 0);
  g.groups = attrs.integer();
}

// Takes sizes from x and w and checks that they belong together.
void fit(const ValueInfo& x, const ValueInfo& w, Geometry& g) {
  const int axes = x.rank() - 2;
  require(w.rank() == axes + 2, "the ranks do not fit");
  g.images = x.shape[0];
  g.channels = x.shape[axes + 1];
  g.filters = w.shape[axes + 1];
  require(g.groups >= 1 && g.channels % g.groups == 0 && g.filters % g.groups == 0,
          "the groups do not divide the channels");
  require(w.shape[axes] == g.channelsPerGroup(), "the channels do not fit");
  for (int i = 0; i < axes; i++) {
    Axis& a = g.axes[3 - axes + i];
    a.size = x.shape[i + 1];
    a.kernel = w.shape[i];
    require(a.kernel >= 1 && a.kernel <= kMost, "a kernel has no elements");
    const Index room = a.size + a.before + a.after - ((a.kernel - 1) * a.dilation + 1);
    a.output = room < 0 ? 0 : room / a.stride + 1;
  }
}

// Checks the third operand.
void fitOutput(const ValueInfo& y, int axes, const Geometry& g) {
  require(y.rank() == axes + 2, "the ranks do not fit");
  require(y.shape[0] == g.images, "the numbers of images do not fit");
  require(y.shape[axes + 1] == g.filters, "the channels do not fit");
  for (int i = 0; i < axes; i++)
    require(y.shape[i + 1] == g.axes[3 - axes + i].output, "the spatial sizes do not fit");
}

void requireFloats(const Signature& s) {
  for (const auto* list : {&s.inputs, &s.outputs})
    for (const ValueInfo& v : *list) require(v.dtype == DType::float32, "works on float32");
}

int axesOf(const ValueInfo& v) {
  require(v.rank() == 4 || v.rank() == 5, "takes two or three spatial axes");
  return v.rank() - 2;
}

std::unique_ptr<Plan> planOf(const Geometry& g, Direction direction) {
  return planBy(choose(g, direction), g, direction);
}

std::unique_ptr<Plan> prepareForward(const Signature& s) {
  require(s.outputs.size() == 1, kOperands);
  AttrReader attrs(s);
  const Geometry g = forwardGeometry(s, attrs);
  fitOutput(s.outputs[0], s.inputs[0].rank() - 2, g);
  require(!g.residual || s.inputs.back().shape == s.outputs[0].shape,
          "conv: what is added is not of the output's shape");
  return planOf(g, Direction::forward);
}

// A `size` attribute that must repeat what the output's shape says.
void requireSize(AttrReader& attrs, const ValueInfo& output, int first, int axes) {
  const std::vector<std::int64_t> size = attrs.list();
  require(static_cast<int>(size.size()) == axes, "the size has another length than the axes");
  for (int i = 0; i < axes; i++)
    require(output.rank() == axes + 2 && size[i] == output.shape[first + i],
            "the size is not that of the output");
}

std::unique_ptr<Plan> prepareInputGrad(const Signature& s) {
  require(s.inputs.size() == 2 && s.outputs.size() == 1, "convInputGrad takes dy and w");
  requireFloats(s);
  const int axes = axesOf(s.inputs[0]);
  AttrReader attrs(s);
  Geometry g;
  requireSize(attrs, s.outputs[0], 1, axes);
  readAxes(attrs, axes, g);
  fit(s.outputs[0], s.inputs[1], g);
  fitOutput(s.inputs[0], axes, g);
  return planOf(g, Direction::inputGrad);
}

std::unique_ptr<Plan> prepareKernelGrad(const Signature& s) {
  require(s.inputs.size() == 2 && s.outputs.size() == 1, "convKernelGrad takes x and dy");
  requireFloats(s);
  const int axes = axesOf(s.inputs[0]);
  AttrReader attrs(s);
  Geometry g;
  requireSize(attrs, s.outputs[0], 0, axes);
  readAxes(attrs, axes, g);
  fit(s.inputs[0], s.outputs[0], g);
  fitOutput(s.inputs[1], axes, g);
  return planOf(g, Direction::kernelGrad);
}

Status run(const Task& task) noexcept {
  return static_cast<const ConvolutionPlan&>(task.plan).method->run(task);
}

}  // namespace

const char* ConvolutionPlan::describe() const { return method->name; }

std::size_t phasesToKeep(const Geometry& g, std::size_t phases) {
  const bool pays = g.images * g.outputs() <= kRowsToPrepareFor;
  return g.constantWeights && pays ? phases - 1 : 0;
}

std::unique_ptr<ConvolutionPlan> planBy(const Method& method, const Geometry& g,
                                        Direction direction) {
  std::unique_ptr<ConvolutionPlan> plan = method.plan(g, direction);
  plan->method = &method;
  plan->geometry = g;
  plan->direction = direction;
  if (direction == Direction::forward) plan->preparing = phasesToKeep(g, plan->blocks.size());
  return plan;
}

Geometry forwardGeometry(const Signature& s, AttrReader& attrs) {
  require(s.inputs.size() >= 2, kOperands);
  requireFloats(s);
  const int axes = axesOf(s.inputs[0]);
  Geometry g;
  readAxes(attrs, axes, g);
  const std::int64_t activation = attrs.integer();
  require(activation >= 0 && activation <= 4, "conv: no such activation");
  g.activation = static_cast<Activation>(activation);
  g.scaled = attrs.boolean();
  g.residual = attrs.boolean();
  const std::size_t others = 2u + g.scaled + g.residual;
  g.biased = s.inputs.size() > others;
  require(s.inputs.size() == others + g.biased, kOperands);
  fit(s.inputs[0], s.inputs[1], g);
  g.constantWeights = s.isConstant(1);
  for (std::size_t i = 2; i < s.inputs.size() - g.residual; i++)
    require(s.inputs[i].rank() == 1 && s.inputs[i].shape[0] == g.filters,
            "conv: scale or bias does not fit");
  return g;
}

Epilogue epilogueOf(const Task& task) {
  const Geometry& g = static_cast<const ConvolutionPlan&>(task.plan).geometry;
  Epilogue epilogue;
  epilogue.activation = g.activation;
  if (g.scaled) epilogue.scale = task.in<float>(2);
  if (g.biased) epilogue.bias = task.in<float>(2 + g.scaled);
  if (g.residual) epilogue.residual = task.in<float>(2 + g.scaled + g.biased);
  epilogue.y = task.out<float>(0);
  return epilogue;
}

}  // namespace neurone::NEURONE_ISA::convolution

namespace neurone::NEURONE_ISA {

void addConvolutionKernels(KernelList& list) {
  list.push_back({"conv", convolution::prepareForward, convolution::run});
  list.push_back({"convInputGrad", convolution::prepareInputGrad, convolution::run});
  list.push_back({"convKernelGrad", convolution::prepareKernelGrad, convolution::run});
  convolution::addPooled(list);
}

}  // namespace neurone::NEURONE_ISA
