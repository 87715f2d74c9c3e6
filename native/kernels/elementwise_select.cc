// `where`: picks from two operands by a third, all broadcast. Elements are moved by size alone.
#include "elementwise.h"
#include "elementwise_nest.h"
#include "elementwise_tiles.h"

namespace neurone::NEURONE_ISA {
namespace {

// Rows of n elements; stride: between rows, of the condition, a and b.
struct SelectRange {
  Index rows;
  Index n;
  Index stride[3];
  Index strideOut;
};

using SelectLoop = void (*)(const std::uint8_t* condition, const void* a, const void* b, void* out,
                            const SelectRange&) noexcept;

struct SelectPlan : Plan {
  Nest<3> nest;
  Tiles tiles;
  bool shortRows = false;  // `loop` takes tiles, in which all operands are dense
  SelectLoop loop = nullptr;
  Index elementSize = 0;
};

template <class T, int stepCondition, int stepA, int stepB>
void selectLoop(const std::uint8_t* condition, const void* a, const void* b, void* out,
                const SelectRange& range) noexcept {
  for (Index row = 0; row < range.rows; row++) {
    const std::uint8_t* c = condition + row * range.stride[0];
    const T* x = static_cast<const T*>(a) + row * range.stride[1];
    const T* y = static_cast<const T*>(b) + row * range.stride[2];
    T* z = static_cast<T*>(out) + row * range.strideOut;
    const Index n = range.n;
    const std::uint8_t c0 = c[0];
    const T x0 = x[0];
    const T y0 = y[0];
#pragma omp simd
    for (Index i = 0; i < n; i++) {
      const T ifTrue = stepA ? x[i] : x0;
      const T ifFalse = stepB ? y[i] : y0;
      z[i] = (stepCondition ? c[i] : c0) != 0 ? ifTrue : ifFalse;
    }
  }
}

template <class T>
SelectLoop chooseSelectLoop(const SelectPlan& plan) {
  const Nest<3>& nest = plan.nest;
  static constexpr SelectLoop loops[8] = {selectLoop<T, 0, 0, 0>, selectLoop<T, 0, 0, 1>,
                                          selectLoop<T, 0, 1, 0>, selectLoop<T, 0, 1, 1>,
                                          selectLoop<T, 1, 0, 0>, selectLoop<T, 1, 0, 1>,
                                          selectLoop<T, 1, 1, 0>, selectLoop<T, 1, 1, 1>};
  if (plan.shortRows) return loops[7];
  const int inner = nest.rank - 1;
  return loops[nest.stride[0][inner] * 4 + nest.stride[1][inner] * 2 + nest.stride[2][inner]];
}

std::unique_ptr<Plan> prepareWhere(const Signature& signature) {
  requireOperands(signature, 3, 1);
  const ValueInfo& out = signature.outputs[0];
  requireDType(signature.inputs[0], {DType::boolean});
  require(signature.inputs[1].dtype == out.dtype && signature.inputs[2].dtype == out.dtype,
          "dtypes differ");
  const Shape strides[3] = {broadcastStrides(signature.inputs[0].shape, out.shape),
                            broadcastStrides(signature.inputs[1].shape, out.shape),
                            broadcastStrides(signature.inputs[2].shape, out.shape)};
  for (std::size_t i = 0; i < out.shape.size(); i++)
    require(out.shape[i] <= 1 || strides[0][i] != 0 || strides[1][i] != 0 || strides[2][i] != 0,
            "an output larger than its operands");
  auto plan = std::make_unique<SelectPlan>();
  plan->nest = makeNest(out.shape, strides);
  plan->shortRows = hasShortRows(plan->nest);
  if (plan->shortRows) plan->threadScratch = kTileScratch<3>;
  plan->tiles = tile(plan->nest.rows(), plan->nest.inner(), kCheap);
  plan->elementSize = static_cast<Index>(byteSize(out.dtype));
  plan->loop = plan->elementSize == 4 ? chooseSelectLoop<std::uint32_t>(*plan)
                                      : chooseSelectLoop<std::uint8_t>(*plan);
  plan->blocks = {plan->tiles.count()};
  return plan;
}

Status runWhere(const Task& task) noexcept {
  const SelectPlan& plan = planOf<SelectPlan>(task);
  const Nest<3>& nest = plan.nest;
  const int middle = nest.rank - 2;
  const Tiles& tiles = plan.tiles;
  const Index size = plan.elementSize;
  for (Index block = task.begin; block < task.end; block++) {
    const Index rowBlock = block / tiles.columnSplit.count;
    const Index columnBlock = block % tiles.columnSplit.count;
    const Index column = tiles.columnSplit.begin(columnBlock);
    const Index n = tiles.columnSplit.end(columnBlock, tiles.columns) - column;
    const Index begin = tiles.rowSplit.begin(rowBlock);
    const Index end = tiles.rowSplit.end(rowBlock, tiles.rows);
    if (plan.shortRows) {
      forDenseTiles<3>(nest, begin, end, task.inputs, {1, size, size}, task.threadScratch,
                       [&](const void* const* dense, Index at, Index count) {
                         plan.loop(static_cast<const std::uint8_t*>(dense[0]), dense[1], dense[2],
                                   task.out<char>(0) + at * size, {1, count, {0, 0, 0}, 0});
                       });
      continue;
    }
    forRows(nest, begin, end, [&](const Index* offset, Index row, Index rows) {
      const Index c = offset[0] + column * nest.stride[0][middle + 1];
      const Index a = offset[1] + column * nest.stride[1][middle + 1];
      const Index b = offset[2] + column * nest.stride[2][middle + 1];
      const SelectRange range{
          rows,
          n,
          {nest.stride[0][middle], nest.stride[1][middle], nest.stride[2][middle]},
          tiles.columns};
      plan.loop(task.in<std::uint8_t>(0) + c, task.in<char>(1) + a * size,
                task.in<char>(2) + b * size,
                task.out<char>(0) + (row * tiles.columns + column) * size, range);
    });
  }
  return Status::ok;
}

}  // namespace

void addSelectKernels(KernelList& list) { list.push_back({"where", prepareWhere, runWhere}); }

}  // namespace neurone::NEURONE_ISA
