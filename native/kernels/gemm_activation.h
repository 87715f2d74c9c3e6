// Activations that dense applies to rows of C that are still in the L1 cache.
#pragma once

#include "../vector_math.h"
#include "gemm_block.h"

namespace neurone::NEURONE_ISA::gemm {

inline void activate(Activation activation, float* c, std::int64_t stride, std::int64_t rows,
                     std::int64_t columns) noexcept {
  for (std::int64_t i = 0; i < rows; i++, c += stride)
    if (activation == Activation::sigmoid) {
#pragma omp simd
      for (std::int64_t j = 0; j < columns; j++) c[j] = sigmoid(c[j]);
    } else {
#pragma omp simd
      for (std::int64_t j = 0; j < columns; j++) c[j] = tanh(c[j]);
    }
}

}  // namespace neurone::NEURONE_ISA::gemm
