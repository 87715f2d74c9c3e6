// concat and pad: rows of the output made of stretches of the inputs or of a constant.
#include "movement.h"
#include "movement_copy.h"

namespace neurone::NEURONE_ISA {
namespace {

// Longer rows of an output are cut.
constexpr Index kLongestRow = 4096;

// The output is [rows, width]; input i fills columns [start[i], start[i + 1]) of every row.
struct ConcatPlan : Plan {
  Index rows = 0;
  Index elementSize = 0;
  std::vector<Index> start{0};
  bool byRows = false;
  Split split;  // of the output's rows or elements

  Index width() const { return start[start.size() - 1]; }
};

std::unique_ptr<Plan> prepareConcat(const Signature& signature) {
  require(!signature.inputs.empty(), "nothing to join");
  requireOperands(signature, signature.inputs.size(), 1);
  AttrReader attrs(signature);
  const Index axis = attrs.integer();
  const ValueInfo& y = signature.outputs[0];
  require(axis >= 0 && axis < y.rank(), "an axis out of range");
  const auto at = static_cast<std::size_t>(axis);
  auto plan = std::make_unique<ConcatPlan>();
  const Index inner = sizeOf(y.shape, at + 1, y.shape.size());
  Index length = 0;
  for (const ValueInfo& x : signature.inputs) {
    require(x.dtype == y.dtype, "dtypes differ");
    require(x.rank() == y.rank(), "ranks differ");
    for (std::size_t i = 0; i < x.shape.size(); i++)
      require(i == at || x.shape[i] == y.shape[i], "shapes that do not fit together");
    length += x.shape[at];
    require(length <= y.shape[at], "an output too short for its parts");
    plan->start.push_back(length * inner);
  }
  require(length == y.shape[at], "an output longer than its parts");
  plan->rows = sizeOf(y.shape, 0, at);
  plan->elementSize = static_cast<Index>(byteSize(y.dtype));
  plan->byRows = plan->width() <= kLongestRow;
  plan->split = plan->byRows
                    ? splitEvenly(plan->rows, kCheap / (plan->width() > 1 ? plan->width() : 1), 1)
                    : splitEvenly(y.size(), kCheap, 64);
  plan->blocks = {plan->split.count};
  return plan;
}

// One input after another, for some rows at a time.
template <class T>
void concatRows(const ConcatPlan& plan, const Task& task, Index begin, Index end) {
  const Index width = plan.width();
  for (std::size_t input = 0; input + 1 < plan.start.size(); input++) {
    const Index length = plan.start[input + 1] - plan.start[input];
    copyRows(task.out<T>(0) + begin * width + plan.start[input], width,
             task.in<T>(static_cast<int>(input)) + begin * length, length, end - begin, length);
  }
}

// Long rows, from any element to any other.
template <class T>
void concatElements(const ConcatPlan& plan, const Task& task, Index begin, Index end) {
  const Index width = plan.width();
  const std::size_t inputs = plan.start.size() - 1;
  Index row = begin / width;
  Index column = begin % width;
  std::size_t input = 0;
  while (plan.start[input + 1] <= column) input++;
  T* out = task.out<T>(0);
  for (Index at = begin; at < end;) {
    const Index from = plan.start[input];
    const Index length = plan.start[input + 1] - from;
    const Index left = from + length - column;
    const Index n = left < end - at ? left : end - at;
    copyElements(out + at, task.in<T>(static_cast<int>(input)) + row * length + column - from, n);
    at += n;
    column += n;
    while (input < inputs && plan.start[input + 1] <= column) input++;
    if (input == inputs) {
      input = 0;
      column = 0;
      row++;
      while (at < end && plan.start[input + 1] <= column) input++;
    }
  }
}

Status runConcat(const Task& task) noexcept {
  const ConcatPlan& plan = planOf<ConcatPlan>(task);
  const Index n = plan.byRows ? plan.rows : plan.rows * plan.width();
  const bool words = plan.elementSize == 4;
  forBlocks(task, n, plan.split, [&](Index begin, Index end) {
    if (begin >= end) return;
    if (plan.byRows)
      (words ? concatRows<std::uint32_t> : concatRows<std::uint8_t>)(plan, task, begin, end);
    else if (words)
      concatElements<std::uint32_t>(plan, task, begin, end);
    else
      concatElements<std::uint8_t>(plan, task, begin, end);
  });
  return Status::ok;
}

// Axes that get no padding are joined with the one before, so that rows are long.
struct PadPlan : Plan {
  int rank = 0;
  Index inSize[kMaxRank + 1] = {};
  Index outSize[kMaxRank + 1] = {};
  Index before[kMaxRank + 1] = {};
  Index inStride[kMaxRank + 1] = {};
  Index rows = 0;
  Split split;  // of the output's rows
  Index elementSize = 0;
};

std::unique_ptr<Plan> preparePad(const Signature& signature) {
  requireOperands(signature, 2, 1);
  AttrReader attrs(signature);
  const Shape before = attrs.list();
  const Shape after = attrs.list();
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.dtype == y.dtype, "dtypes differ");
  requireScalar(signature.inputs[1], x.dtype);
  const std::size_t rank = x.shape.size();
  require(before.size() == rank && after.size() == rank && y.shape.size() == rank,
          "padding needs one width per axis");
  auto plan = std::make_unique<PadPlan>();
  plan->inSize[0] = plan->outSize[0] = 1;
  for (std::size_t i = 0; i < rank; i++) {
    require(before[i] >= 0 && before[i] <= kMaxSize && after[i] >= 0 && after[i] <= kMaxSize,
            "an impossible width of padding");
    require(y.shape[i] == before[i] + x.shape[i] + after[i], "an output of another shape");
    const bool padded = before[i] > 0 || after[i] > 0;
    if (padded) plan->rank++;
    const int at = plan->rank;
    plan->inSize[at] = (padded ? 1 : plan->inSize[at]) * x.shape[i];
    plan->outSize[at] = (padded ? 1 : plan->outSize[at]) * y.shape[i];
    plan->before[at] = (padded ? 0 : plan->before[at] * x.shape[i]) + (padded ? before[i] : 0);
  }
  plan->rank++;
  Index stride = 1;
  for (int i = plan->rank; i-- > 0;) {
    plan->inStride[i] = stride;
    stride *= plan->inSize[i];
  }
  const Index columns = plan->outSize[plan->rank - 1];
  plan->rows = y.size() == 0 ? 0 : y.size() / columns;
  plan->split = splitEvenly(plan->rows, kCheap / (columns > 1 ? columns : 1), 1);
  plan->elementSize = static_cast<Index>(byteSize(y.dtype));
  plan->blocks = {plan->split.count};
  return plan;
}

template <class T>
void padRows(const PadPlan& plan, const Task& task, Index begin, Index end) {
  const int last = plan.rank - 1;
  const Index columns = plan.outSize[last];
  const T value = *task.in<T>(1);
  for (Index row = begin; row < end; row++) {
    T* out = task.out<T>(0) + row * columns;
    Index rest = row;
    Index offset = 0;
    bool inside = true;
    for (int i = last - 1; i >= 0; i--) {
      const Index position = rest % plan.outSize[i] - plan.before[i];
      rest /= plan.outSize[i];
      inside = inside && position >= 0 && position < plan.inSize[i];
      offset += position * plan.inStride[i];
    }
    if (!inside) {
      fillElements(out, value, columns);
      continue;
    }
    const Index left = plan.before[last];
    const Index middle = plan.inSize[last];
    fillElements(out, value, left);
    copyElements(out + left, task.in<T>(0) + offset, middle);
    fillElements(out + left + middle, value, columns - left - middle);
  }
}

Status runPad(const Task& task) noexcept {
  const PadPlan& plan = planOf<PadPlan>(task);
  forBlocks(task, plan.rows, plan.split, [&](Index begin, Index end) {
    if (plan.elementSize == 4)
      padRows<std::uint32_t>(plan, task, begin, end);
    else
      padRows<std::uint8_t>(plan, task, begin, end);
  });
  return Status::ok;
}

}  // namespace

void addJoinKernels(KernelList& list) {
  list.push_back({"concat", prepareConcat, runConcat});
  list.push_back({"pad", preparePad, runPad});
}

}  // namespace neurone::NEURONE_ISA
