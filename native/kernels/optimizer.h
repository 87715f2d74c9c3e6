// Updates of n weight tensors at once. The tensors count as one long row that is cut into blocks,
// so that many small ones cost one call and a large one can be shared. An optimizer is a rule for
// one element; the loop over tensors, blocks and elements is here.
#pragma once

#include "elementwise_nest.h"
#include "registry.h"
#include "vector_math.h"

extern "C" double pow(double, double) noexcept;

namespace neurone::NEURONE_ISA {

void addDescentKernels(KernelList&);
void addAdaptiveKernels(KernelList&);
void addAdamKernels(KernelList&);

// Part [begin, end) of one tensor.
struct Segment {
  int tensor;
  bool decays;
  Index begin;
  Index end;
};

struct UpdatePlan : Plan {
  int count = 0;
  std::vector<Segment> segments;
  std::vector<Index> first;  // segment that each block starts with, and the number of segments
};

// The inputs are lists of n tensors each: weights, each kind of slot, gradients; then the rule's
// scalars, the factor of decay, and the number of updates done if the rule counts. The outputs are
// the new weights and slots.
struct Operands {
  int slots;
  int scalars;
  bool counts;
};

std::unique_ptr<Plan> planUpdate(const Signature& signature, const Operands& operands);

// Calls body(segment) for the segments of the task.
template <class Body>
[[gnu::always_inline]] inline void forSegments(const Task& task, Body body) {
  const UpdatePlan& plan = planOf<UpdatePlan>(task);
  const Segment* segments = plan.segments.data();
  const Index* first = plan.first.data();
  for (Index i = first[task.begin]; i < first[task.end]; i++) body(segments[i]);
}

// What a rule is made of: its scalars, and the number of this update, 1 for the first.
struct Scalars {
  const Task& task;
  int first;
  int size;

  float operator[](int i) const { return *task.in<float>(first + i); }
  float decay() const { return (*this)[size]; }
  double t() const { return static_cast<double>(*task.in<std::int32_t>(first + size + 1)) + 1.0; }
};

inline Scalars scalarsOf(const Task& task, const Operands& operands) {
  const int count = planOf<UpdatePlan>(task).count;
  return {task, (2 + operands.slots) * count, operands.scalars};
}

// The arrays of a segment: slots and gradients as they were, and where the new values go.
template <int K>
struct Arrays {
  const float* w = nullptr;
  const float* g = nullptr;
  const float* slots[K > 0 ? K : 1] = {};
  float* newW = nullptr;
  float* newSlots[K > 0 ? K : 1] = {};
};

template <int K>
[[gnu::always_inline]] inline Arrays<K> arraysOf(const Task& task, const Segment& segment) {
  const int count = planOf<UpdatePlan>(task).count;
  const int tensor = segment.tensor;
  Arrays<K> arrays;
  arrays.w = task.in<float>(tensor) + segment.begin;
  arrays.newW = task.out<float>(tensor) + segment.begin;
  for (int k = 0; k < K; k++) {
    arrays.slots[k] = task.in<float>((1 + k) * count + tensor) + segment.begin;
    arrays.newSlots[k] = task.out<float>((1 + k) * count + tensor) + segment.begin;
  }
  arrays.g = task.in<float>((1 + K) * count + tensor) + segment.begin;
  return arrays;
}

// A rule has `operands`, is made of Scalars, and is a function of a weight, its gradient and its
// slots that changes the slots and gives the new weight.
template <class Rule>
std::unique_ptr<Plan> prepareUpdate(const Signature& signature) {
  return planUpdate(signature, Rule::operands);
}

// Elements [begin, n) of a segment, whose arrays have names of their own so that every one is known
// to stay where it is.
template <bool decays, class Rule>
[[gnu::always_inline]] inline void updateElements(const Rule& rule,
                                                  const Arrays<Rule::operands.slots>& arrays,
                                                  float decay, Index begin, Index n) {
  constexpr int K = Rule::operands.slots;
  const float *w = arrays.w, *g = arrays.g;
  const float *a = arrays.slots[0], *b = arrays.slots[K > 1 ? 1 : 0];
  const float* c = arrays.slots[K > 2 ? 2 : 0];
  float *newW = arrays.newW, *newA = arrays.newSlots[0], *newB = arrays.newSlots[K > 1 ? 1 : 0];
  float* newC = arrays.newSlots[K > 2 ? 2 : 0];
#pragma omp simd
  for (Index i = begin; i < n; i++) {
    const float weight = decays ? w[i] - w[i] * decay : w[i];
    if constexpr (K == 0) {
      newW[i] = rule(weight, g[i]);
    } else if constexpr (K == 1) {
      float first = a[i];
      newW[i] = rule(weight, g[i], first);
      newA[i] = first;
    } else if constexpr (K == 2) {
      float first = a[i], second = b[i];
      newW[i] = rule(weight, g[i], first, second);
      newA[i] = first;
      newB[i] = second;
    } else {
      float first = a[i], second = b[i], third = c[i];
      newW[i] = rule(weight, g[i], first, second, third);
      newA[i] = first;
      newB[i] = second;
      newC[i] = third;
    }
  }
}

template <class Rule>
Status runUpdate(const Task& task) noexcept {
  const Scalars scalars = scalarsOf(task, Rule::operands);
  const Rule rule(scalars);
  const float decay = scalars.decay();
  forSegments(task, [&](const Segment& segment) {
    const auto arrays = arraysOf<Rule::operands.slots>(task, segment);
    const Index n = segment.end - segment.begin;
    if (segment.decays)
      updateElements<true>(rule, arrays, decay, 0, n);
    else
      updateElements<false>(rule, arrays, decay, 0, n);
  });
  return Status::ok;
}

template <class Rule>
Kernel updateKernel(const char* name) {
  return {name, prepareUpdate<Rule>, runUpdate<Rule>};
}

}  // namespace neurone::NEURONE_ISA
