// What a convolution's output goes through, one vector of channels at a time.
#pragma once

#include "convolution.h"
#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::convolution {

// Whether finishVector covers the activation; the others need finish().
inline bool isPiecewiseLinear(Activation activation) {
  return activation == Activation::linear || activation == Activation::relu ||
         activation == Activation::relu6;
}

// Scale, bias, residual and a piecewise linear activation for the channels of one vector that goes
// to y.
[[gnu::always_inline]] inline gemm::Vec finishVector(const Epilogue& e, gemm::Vec v, Index channel,
                                                     gemm::Mask mask, const float* y) {
  using gemm::load, gemm::multiplyAdd, gemm::positive, gemm::spread;
  const gemm::Vec bias = e.bias ? load(e.bias + channel, mask) : gemm::zeros();
  if (e.scale)
    v = multiplyAdd(v, load(e.scale + channel, mask), bias);
  else if (e.bias)
    v = gemm::sum(v, bias);
  if (e.residual) v = gemm::sum(v, load(e.residualFor(y), mask));
  if (e.activation == Activation::linear) return v;
  v = positive(v);
  return e.activation == Activation::relu6 ? gemm::atMost(v, spread(6.0f)) : v;
}

// Takes columns of rows through the epilogue.
void finishRows(const Epilogue&, float* y, Index stride, Index rows, Index columns) noexcept;

}  // namespace neurone::NEURONE_ISA::convolution
