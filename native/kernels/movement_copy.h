// Copying n elements of one size, and reading through strides into dense memory.
#pragma once

#include "elementwise_nest.h"

namespace neurone::NEURONE_ISA {

// Short copies are loops: a call of memcpy costs more than they do.
template <class T>
[[gnu::always_inline]] inline void copyElements(T* to, const T* from, Index n) {
  if (n * static_cast<Index>(sizeof(T)) > 256) {
    __builtin_memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
    return;
  }
#pragma omp simd
  for (Index i = 0; i < n; i++) to[i] = from[i];
}

template <class T>
[[gnu::always_inline]] inline void fillElements(T* to, T value, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; i++) to[i] = value;
}

struct StridedPlan : Plan {
  Nest<1> nest;
  Index start = 0;  // element of x that the first element of y comes from
  Tiles tiles;
  Status (*run)(const StridedPlan&, const Task&) noexcept = nullptr;
};

// Fills in everything of a plan that reads `strides` of x into the dense shape of y.
void planStrided(StridedPlan& plan, const ValueInfo& y, const Shape& strides);

Status runStrided(const Task& task) noexcept;

}  // namespace neurone::NEURONE_ISA
