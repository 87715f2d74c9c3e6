// The pooling family: maxima and averages over windows, with their gradients.
#include "pooling.h"

namespace neurone::NEURONE_ISA {
namespace pool {

void readGeometry(PoolPlan& plan, AttrReader& attrs, const ValueInfo& x, const ValueInfo& y) {
  requireDType(x, {DType::float32});
  requireDType(y, {DType::float32});
  const auto spatial = x.shape.size() - 2;
  require(x.shape.size() == 4 || x.shape.size() == 5, "pooling of two or three axes only");
  require(y.shape.size() == x.shape.size(), "a result of another rank");
  plan.images = x.shape.front();
  plan.channels = x.shape.back();
  require(y.shape.front() == plan.images, "a result of another batch size");
  require(y.shape.back() == plan.channels, "a result of other channels");
  const auto window = attrs.list(), strides = attrs.list(), before = attrs.list(),
             after = attrs.list();
  for (const auto* list : {&window, &strides, &before, &after})
    require(list->size() == spatial, "not one number for each spatial axis");
  Index taps = 1;
  for (std::size_t i = 0; i < spatial; i++) {
    require(window[i] > 0 && strides[i] > 0, "a window or stride that is not positive");
    require(before[i] >= 0 && after[i] >= 0, "negative padding");
    require(window[i] <= (Index{1} << 30) / taps, "a window too large");
    taps *= window[i];
    Axis& axis = plan.axes[3 - spatial + i];
    axis = {x.shape[i + 1], y.shape[i + 1], window[i], strides[i], before[i]};
    const Index free = axis.size + before[i] + after[i] - window[i];
    require(axis.out == (free < 0 ? 0 : free / axis.stride + 1), "a result of another size");
  }
}

}  // namespace pool

void addPoolingKernels(KernelList& list) {
  addMaxPoolKernels(list);
  addAveragePoolKernels(list);
}

}  // namespace neurone::NEURONE_ISA
