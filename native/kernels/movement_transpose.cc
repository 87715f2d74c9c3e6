// Permutes axes. Axes that stay together collapse; if the last one stays last, rows are copied,
// else the two axes that are last on either side are transposed in small squares.
#include "movement.h"
#include "movement_strided.h"
#include "narrow_rows.h"

namespace neurone::NEURONE_ISA {
namespace {

constexpr Index kSide = 128;
// Floats that are read from a row before the next rows are: with strides of a power of two, rows
// drive each other out of the cache.
constexpr Index kLine = 16;

// y[i·toStep + j] = x[j·fromStep + i] for i < across, j < down. Stretches of y are written whole:
// four of them at a time, or, if they are shorter than a vector, four elements of each.
template <class T>
void turn(const T* x, Index fromStep, T* y, Index toStep, Index across, Index down) {
  if constexpr (sizeof(T) == sizeof(float)) {
    FourVectors four;
    if (across >= 4 && down >= kLanesOfRows) {
      for (Index i = 0; i < across; i += kLine) {
        const Index left = i + 4 <= across ? i : across - 4;
        for (Index j = 0; j < down; j += kLanesOfRows) {
          const Index top = j + kLanesOfRows <= down ? j : down - kLanesOfRows;
          forFourColumns(across - left < kLine ? across - left : kLine, [&](Index c) {
            const float* from = x + top * fromStep + left + c;
            for (Index l = 0; l < 4; l++)
              four.v[l] = loadQuarters(from + l * fromStep, 4 * fromStep);
            four = turned(four);
            float* to = y + (left + c) * toStep + top;
            for (Index l = 0; l < 4; l++) store(to + l * toStep, four.v[l]);
          });
        }
      }
      return;
    }
    if (across >= kLanesOfRows && down >= 4) {
      for (Index i = 0; i < across; i += kLanesOfRows) {
        const Index column = i + kLanesOfRows <= across ? i : across - kLanesOfRows;
        forFourColumns(down, [&](Index j) {
          for (Index l = 0; l < 4; l++) four.v[l] = load(x + (j + l) * fromStep + column);
          four = turned(four);
          float* to = y + column * toStep + j;
          for (Index l = 0; l < 4; l++) storeQuarters(to + l * toStep, 4 * toStep, four.v[l]);
        });
      }
      return;
    }
  }
  for (Index i = 0; i < across; i++)
    for (Index j = 0; j < down; j++) y[i * toStep + j] = x[j * fromStep + i];
}

template <class T>
Status turnSquares(const StridedPlan& plan, const Task& task) noexcept {
  const Nest<1>& nest = plan.nest;
  const int last = nest.rank - 1;
  const Index perMatrix = plan.acrossSplit.count * plan.downSplit.count;
  const Index squares = plan.matrices * perMatrix;
  Index outStride[kMaxRank + 2];
  outStride[last] = 1;
  for (int axis = last; axis > 0; axis--) outStride[axis - 1] = outStride[axis] * nest.extent[axis];
  forBlocks(task, squares, plan.squaresPerBlock, [&](Index begin, Index end) {
    for (Index square = begin; square < end; square++) {
      const Index left =
          plan.acrossSplit.begin(square / plan.downSplit.count % plan.acrossSplit.count);
      const Index top = plan.downSplit.begin(square % plan.downSplit.count);
      Index matrix = square / perMatrix;
      Index from = left + top * nest.stride[0][last];
      Index to = left * outStride[plan.across] + top;
      for (int axis = last - 1; axis >= 0; axis--) {
        if (axis == plan.across) continue;
        const Index position = matrix % nest.extent[axis];
        matrix /= nest.extent[axis];
        from += position * nest.stride[0][axis];
        to += position * outStride[axis];
      }
      const Index across = nest.extent[plan.across] - left;
      const Index down = nest.extent[last] - top;
      turn(task.in<T>(0) + from, nest.stride[0][last], task.out<T>(0) + to, outStride[plan.across],
           across < plan.acrossSplit.length ? across : plan.acrossSplit.length,
           down < plan.downSplit.length ? down : plan.downSplit.length);
    }
  });
  return Status::ok;
}

// Where x is dense along another axis than y: squares of about kSide² elements.
void planSquares(StridedPlan& plan, const ValueInfo& y) {
  const Nest<1>& nest = plan.nest;
  const int last = nest.rank - 1;
  // One element has no axis along which x is dense.
  if (y.size() <= 1 || nest.stride[0][last] == 1) return;
  while (nest.stride[0][plan.across] != 1) plan.across++;
  const Index across = nest.extent[plan.across];
  const Index down = nest.extent[last];
  if (across < 4 || down < 4) return;  // walked as it is
  const Index side = across < kSide ? across : kSide;
  plan.downSplit = splitEvenly(down, kSide * kSide / side, kSide, kMaxSize);
  const Index height = plan.downSplit.length < down ? plan.downSplit.length : down;
  plan.acrossSplit = splitEvenly(across, kSide * kSide / height, kSide, kMaxSize);
  plan.matrices = y.size() / (across * down);
  const Index squares = plan.matrices * plan.acrossSplit.count * plan.downSplit.count;
  plan.squaresPerBlock = splitEvenly(squares, kCheap / (kSide * kSide), 1);
  plan.blocks = {plan.squaresPerBlock.count};
  plan.run = byteSize(y.dtype) == 4 ? turnSquares<float> : turnSquares<std::uint8_t>;
}

std::unique_ptr<Plan> prepareTranspose(const Signature& signature) {
  requireOperands(signature, 1, 1);
  AttrReader attrs(signature);
  const Shape permutation = attrs.list();
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.dtype == y.dtype, "dtypes differ");
  const std::size_t rank = x.shape.size();
  require(permutation.size() == rank && y.shape.size() == rank, "ranks differ");
  const Shape dense = denseStrides(x.shape);
  Shape strides(rank);
  std::vector<bool> seen(rank);
  for (std::size_t i = 0; i < rank; i++) {
    require(permutation[i] >= 0 && permutation[i] < static_cast<Index>(rank),
            "a permutation out of range");
    const auto from = static_cast<std::size_t>(permutation[i]);
    require(!seen[from], "a permutation with an axis twice");
    seen[from] = true;
    require(y.shape[i] == x.shape[from], "shapes that do not fit the permutation");
    strides[i] = dense[from];
  }
  auto plan = std::make_unique<StridedPlan>();
  planStrided(*plan, y, strides);
  planSquares(*plan, y);
  return plan;
}

}  // namespace

void addTransposeKernels(KernelList& list) {
  list.push_back({"transpose", prepareTranspose, runStrided});
}

}  // namespace neurone::NEURONE_ISA
