// averagePool and averagePoolGrad: means over what of a window is not padding. The gradient of an
// element is gathered from the windows that it is in, so that blocks of rows write apart.
#include "pooling.h"

namespace neurone::NEURONE_ISA {
namespace {

using namespace pool;

// Rows of the result per block, by what is read or written for each.
Split splitRows(Index rows, Index elements) {
  return splitEvenly(rows, rows > 0 ? kCheap * rows / (elements + 1) : 1, 1);
}

// x → y.
std::unique_ptr<Plan> prepareAverage(const Signature& signature) {
  requireOperands(signature, 1, 1);
  AttrReader attrs(signature);
  auto plan = std::make_unique<PoolPlan>();
  readGeometry(*plan, attrs, signature.inputs[0], signature.outputs[0]);
  plan->rowSplit = splitRows(plan->outputRows(), signature.inputs[0].size());
  plan->blocks = {plan->rowSplit.count};
  return plan;
}

// dy → dx.
std::unique_ptr<Plan> prepareAverageGrad(const Signature& signature) {
  requireOperands(signature, 1, 1);
  AttrReader attrs(signature);
  auto plan = std::make_unique<PoolPlan>();
  const Shape& shape = signature.outputs[0].shape;
  const Shape size = attrs.list();
  require(shape.size() == size.size() + 2, "not one size for each spatial axis");
  for (std::size_t i = 0; i < size.size(); i++)
    require(size[i] == shape[i + 1], "a result of another size");
  readGeometry(*plan, attrs, signature.outputs[0], signature.inputs[0]);
  plan->rowSplit = splitRows(plan->inputRows(), signature.outputs[0].size());
  plan->blocks = {plan->rowSplit.count};
  return plan;
}

void averageRow(const PoolPlan& plan, Box box, const float* image, float* y) {
  const Index channels = plan.channels;
  for (Index o = 0; o < plan.axes[2].out; o++, y += channels) {
    box.w = plan.axes[2].taps(o);
    const Vec share = gemm::spread(1.0f / static_cast<float>(box.count()));
    forChunks(
        channels, [&](auto chunk, Index c) __attribute__((always_inline)) {
          constexpr int V = decltype(chunk)::vectors;
          Vec total[V];
          for (int v = 0; v < V; v++) total[v] = gemm::zeros();
          forPixels(
              plan, box, [&](Index pixel) __attribute__((always_inline)) {
                const float* x = image + pixel * channels + c;
#pragma GCC unroll 4
                for (int v = 0; v < V; v++) total[v] = gemm::sum(total[v], chunk.read(x, v));
              });
#pragma GCC unroll 4
          for (int v = 0; v < V; v++) chunk.write(y + c, v, total[v] * share);
        });
  }
}

Status runAverage(const Task& task) noexcept {
  const auto& plan = planOf<PoolPlan>(task);
  forBlocks(task, plan.outputRows(), plan.rowSplit, [&](Index begin, Index end) {
    averageRows(plan, task.in<float>(0), task.out<float>(0), begin, end);
  });
  return Status::ok;
}

// One row of dx, from the outputs `seen` along the other axes.
void spreadRow(const PoolPlan& plan, const Box& seen, const float* image, float* dx) {
  const Axis &d = plan.axes[0], &h = plan.axes[1], &w = plan.axes[2];
  const Index channels = plan.channels;
  for (Index place = 0; place < w.size; place++, dx += channels) {
    const Range across = w.outputs(place, place + 1);
    forChunks(
        channels, [&](auto chunk, Index c) __attribute__((always_inline)) {
          constexpr int V = decltype(chunk)::vectors;
          Vec total[V];
          for (int v = 0; v < V; v++) total[v] = gemm::zeros();
          for (Index od = seen.d.begin; od < seen.d.end; od++)
            for (Index oh = seen.h.begin; oh < seen.h.end; oh++)
              for (Index ow = across.begin; ow < across.end; ow++) {
                const Box box{d.taps(od), h.taps(oh), w.taps(ow)};
                const Vec share = gemm::spread(1.0f / static_cast<float>(box.count()));
                const float* dy = image + ((od * h.out + oh) * w.out + ow) * channels + c;
#pragma GCC unroll 4
                for (int v = 0; v < V; v++)
                  total[v] = gemm::multiplyAdd(chunk.read(dy, v), share, total[v]);
              }
#pragma GCC unroll 4
          for (int v = 0; v < V; v++) chunk.write(dx + c, v, total[v]);
        });
  }
}

Status runAverageGrad(const Task& task) noexcept {
  const auto& plan = planOf<PoolPlan>(task);
  const Axis &d = plan.axes[0], &h = plan.axes[1];
  const Index perRow = plan.axes[2].size * plan.channels;
  const Index perImage = plan.outputPixels() * plan.channels;
  forBlocks(task, plan.inputRows(), plan.rowSplit, [&](Index begin, Index end) {
    for (Index row = begin; row < end; row++) {
      const Index plane = row / h.size, atD = plane % d.size, atH = row % h.size;
      const Box seen{d.outputs(atD, atD + 1), h.outputs(atH, atH + 1), {}};
      spreadRow(plan, seen, task.in<float>(0) + plane / d.size * perImage,
                task.out<float>(0) + row * perRow);
    }
  });
  return Status::ok;
}

}  // namespace

void pool::averageRows(const PoolPlan& plan, const float* x, float* y, Index begin,
                       Index end) noexcept {
  const Index perRow = plan.axes[2].out * plan.channels;
  const Index perImage = plan.inputPixels() * plan.channels;
  forOutputRows(plan, begin, end, [&](Index image, const Box& box, Index row) {
    averageRow(plan, box, x + image * perImage, y + row * perRow);
  });
}

void addAveragePoolKernels(KernelList& list) {
  list.push_back({"averagePool", prepareAverage, runAverage});
  list.push_back({"averagePoolGrad", prepareAverageGrad, runAverageGrad});
}

}  // namespace neurone::NEURONE_ISA
