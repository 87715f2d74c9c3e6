// What register tiles of convolutions end with, and a hint that they need.
#pragma once

#include "convolution_epilogue.h"

namespace neurone::NEURONE_ISA::convolution {

// Keeps a vector in a register: GCC would rather load it again for each use, and loads are what
// these loops have to save.
[[gnu::always_inline]] inline void keep(gemm::Vec& v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__SSE__)
  asm("" : "+x"(v));
#else
  (void)v;
#endif
}

// Scale, bias, residual and a piecewise linear activation of N vectors, all of the channels from
// `channel` on, that go to y, `stride` apart.
template <int N>
[[gnu::always_inline]] inline void finishAll(const Epilogue& e, gemm::Vec (&v)[N], Index channel,
                                             gemm::Mask mask, const float* y, Index stride) {
  using namespace gemm;
  if (e.isNothing()) return;
  const Vec bias = e.bias ? load(e.bias + channel, mask) : zeros();
  if (e.scale) {
    const Vec scale = load(e.scale + channel, mask);
#pragma GCC unroll 16
    for (int i = 0; i < N; i++) v[i] = multiplyAdd(v[i], scale, bias);
  } else if (e.bias) {
#pragma GCC unroll 16
    for (int i = 0; i < N; i++) v[i] = sum(v[i], bias);
  }
  if (e.residual) {
    const float* from = e.residualFor(y);
#pragma GCC unroll 16
    for (int i = 0; i < N; i++, from += stride) v[i] = sum(v[i], load(from, mask));
  }
  if (e.activation == Activation::linear) return;
#pragma GCC unroll 16
  for (int i = 0; i < N; i++) v[i] = positive(v[i]);
  if (e.activation == Activation::relu) return;
#pragma GCC unroll 16
  for (int i = 0; i < N; i++) v[i] = atMost(v[i], spread(6.0f));
}

}  // namespace neurone::NEURONE_ISA::convolution
