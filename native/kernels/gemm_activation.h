// Activations that dense applies to rows of C that are still in a cache.
#pragma once

#include "../vector_math.h"
#include "gemm_block.h"

namespace neurone::NEURONE_ISA::gemm {

inline void activate(Activation activation, float* c, std::int64_t columns) noexcept {
  switch (activation) {
    case Activation::linear:
      break;
    case Activation::relu:
#pragma omp simd
      for (std::int64_t j = 0; j < columns; j++) c[j] = c[j] <= 0 ? 0 : c[j];
      break;
    case Activation::sigmoid:
#pragma omp simd
      for (std::int64_t j = 0; j < columns; j++) c[j] = sigmoid(c[j]);
      break;
    case Activation::tanh:
#pragma omp simd
      for (std::int64_t j = 0; j < columns; j++) c[j] = tanh(c[j]);
      break;
  }
}

}  // namespace neurone::NEURONE_ISA::gemm
