// Updates of n weight tensors at once. The tensors count as one long row that is cut into blocks, so
// that many small ones cost one call and a large one can be shared.
#include "elementwise_nest.h"
#include "registry.h"
#include "vector_math.h"

extern "C" double pow(double, double) noexcept;

namespace neurone::NEURONE_ISA {
namespace {

// Part [begin, end) of one tensor.
struct Segment {
  int tensor;
  Index begin;
  Index end;
};

struct UpdatePlan : Plan {
  int count = 0;
  bool nesterov = false;
  std::vector<Segment> segments;
  std::vector<Index> first;  // segment that each block starts with, and the number of segments
};

// The inputs are `lists` lists of n tensors each, then float scalars, and at last a step where the
// kernel counts; the outputs are as long as the first `outputLists` lists.
struct Operands {
  int lists;
  int outputLists;
  int scalars;
  bool step;
};

std::unique_ptr<UpdatePlan> planUpdate(const Signature& signature, const Operands& operands) {
  AttrReader attrs(signature);
  const Index count = attrs.integer();
  require(count >= 1 && count <= 1000000, "an impossible number of tensors");
  const auto n = static_cast<std::size_t>(count);
  const std::size_t tensors = n * static_cast<std::size_t>(operands.lists);
  const auto scalars = static_cast<std::size_t>(operands.scalars);
  requireOperands(signature, tensors + scalars + operands.step,
                  n * static_cast<std::size_t>(operands.outputLists));
  for (std::size_t i = 0; i < n; i++) {
    const ValueInfo& w = signature.inputs[i];
    requireDType(w, {DType::float32});
    for (int list = 1; list < operands.lists; list++)
      requireLike(signature.inputs[static_cast<std::size_t>(list) * n + i], w);
    for (int list = 0; list < operands.outputLists; list++)
      requireLike(signature.outputs[static_cast<std::size_t>(list) * n + i], w);
  }
  for (std::size_t i = 0; i < scalars; i++)
    requireScalar(signature.inputs[tensors + i], DType::float32);
  if (operands.step) requireScalar(signature.inputs[tensors + scalars], DType::int32);

  auto plan = std::make_unique<UpdatePlan>();
  plan->count = static_cast<int>(count);
  Index total = 0;
  for (std::size_t i = 0; i < n; i++) {
    total += signature.inputs[i].size();
    require(total <= kMaxSize, "operands too large");
  }
  const Split split = splitEvenly(total, kCheap, 64);
  Index room = split.length;
  plan->first.push_back(0);
  for (int tensor = 0; tensor < plan->count; tensor++) {
    const Index size = signature.inputs[static_cast<std::size_t>(tensor)].size();
    for (Index begin = 0; begin < size;) {
      if (room == 0) {
        plan->first.push_back(static_cast<Index>(plan->segments.size()));
        room = split.length;
      }
      const Index length = size - begin < room ? size - begin : room;
      plan->segments.push_back({tensor, begin, begin + length});
      begin += length;
      room -= length;
    }
  }
  plan->blocks = {static_cast<Index>(plan->first.size())};
  plan->first.push_back(static_cast<Index>(plan->segments.size()));
  return plan;
}

// Calls body(tensor, first element, number of elements) for the segments of the task.
template <class Body>
[[gnu::always_inline]] inline void forSegments(const Task& task, Body body) {
  const UpdatePlan& plan = planOf<UpdatePlan>(task);
  const Segment* segments = plan.segments.data();
  const Index* first = plan.first.data();
  for (Index i = first[task.begin]; i < first[task.end]; i++)
    body(segments[i].tensor, segments[i].begin, segments[i].end - segments[i].begin);
}

std::unique_ptr<Plan> prepareAdam(const Signature& signature) {
  return planUpdate(signature, {.lists = 4, .outputLists = 3, .scalars = 4, .step = true});
}

Status runAdam(const Task& task) noexcept {
  const int count = planOf<UpdatePlan>(task).count;
  const int scalars = 4 * count;
  const double learningRate = *task.in<float>(scalars);
  const double beta1 = *task.in<float>(scalars + 1);
  const double beta2 = *task.in<float>(scalars + 2);
  const float epsilon = *task.in<float>(scalars + 3);
  const double t = static_cast<double>(*task.in<std::int32_t>(scalars + 4)) + 1.0;
  const auto alpha = static_cast<float>(learningRate * __builtin_sqrt(1.0 - ::pow(beta2, t)) /
                                        (1.0 - ::pow(beta1, t)));
  const auto rate1 = static_cast<float>(1.0 - beta1);
  const auto rate2 = static_cast<float>(1.0 - beta2);
  forSegments(task, [&](int tensor, Index begin, Index n) {
    const float* w = task.in<float>(tensor) + begin;
    const float* m = task.in<float>(count + tensor) + begin;
    const float* v = task.in<float>(2 * count + tensor) + begin;
    const float* g = task.in<float>(3 * count + tensor) + begin;
    float* newW = task.out<float>(tensor) + begin;
    float* newM = task.out<float>(count + tensor) + begin;
    float* newV = task.out<float>(2 * count + tensor) + begin;
#pragma omp simd
    for (Index i = 0; i < n; i++) {
      const float mean = m[i] + (g[i] - m[i]) * rate1;
      const float square = v[i] + (g[i] * g[i] - v[i]) * rate2;
      newM[i] = mean;
      newV[i] = square;
      newW[i] = w[i] - mean * alpha / (sqrt(square) + epsilon);
    }
  });
  return Status::ok;
}

std::unique_ptr<Plan> prepareSgd(const Signature& signature) {
  return planUpdate(signature, {.lists = 2, .outputLists = 1, .scalars = 1, .step = false});
}

Status runSgd(const Task& task) noexcept {
  const int count = planOf<UpdatePlan>(task).count;
  const float learningRate = *task.in<float>(2 * count);
  forSegments(task, [&](int tensor, Index begin, Index n) {
    const float* w = task.in<float>(tensor) + begin;
    const float* g = task.in<float>(count + tensor) + begin;
    float* newW = task.out<float>(tensor) + begin;
#pragma omp simd
    for (Index i = 0; i < n; i++) newW[i] = w[i] - learningRate * g[i];
  });
  return Status::ok;
}

std::unique_ptr<Plan> prepareMomentum(const Signature& signature) {
  auto plan = planUpdate(signature, {.lists = 3, .outputLists = 2, .scalars = 2, .step = false});
  AttrReader attrs(signature);
  attrs.integer();
  plan->nesterov = attrs.boolean();
  return plan;
}

Status runMomentum(const Task& task) noexcept {
  const UpdatePlan& plan = planOf<UpdatePlan>(task);
  const int count = plan.count;
  const float learningRate = *task.in<float>(3 * count);
  const float momentum = *task.in<float>(3 * count + 1);
  const bool nesterov = plan.nesterov;
  forSegments(task, [&](int tensor, Index begin, Index n) {
    const float* w = task.in<float>(tensor) + begin;
    const float* m = task.in<float>(count + tensor) + begin;
    const float* g = task.in<float>(2 * count + tensor) + begin;
    float* newW = task.out<float>(tensor) + begin;
    float* newM = task.out<float>(count + tensor) + begin;
#pragma omp simd
    for (Index i = 0; i < n; i++) {
      const float change = learningRate * g[i];
      const float velocity = momentum * m[i] - change;
      newM[i] = velocity;
      newW[i] = w[i] + (nesterov ? momentum * velocity - change : velocity);
    }
  });
  return Status::ok;
}

}  // namespace

void addOptimizerKernels(KernelList& list) {
  list.push_back({"adam", prepareAdam, runAdam});
  list.push_back({"sgd", prepareSgd, runSgd});
  list.push_back({"momentum", prepareMomentum, runMomentum});
}

}  // namespace neurone::NEURONE_ISA
