// Rows of channels through scale, bias, residual and activation.
#include "convolution_epilogue.h"

#include "gemm_activation.h"

namespace neurone::NEURONE_ISA::convolution {

void finish(const Epilogue& e, float* y, Index channels) noexcept {
  finishRows(e, y, channels, 1, channels);
}

void finishRows(const Epilogue& e, float* y, Index stride, Index rows, Index columns) noexcept {
  const bool whole = isPiecewiseLinear(e.activation);
  Epilogue linear = e;
  if (!whole) linear.activation = Activation::linear;
  for (Index c = 0; c < columns; c += gemm::kLanes) {
    const gemm::Mask mask = gemm::firstLanes(least(columns - c, gemm::kLanes));
    for (Index r = 0; r < rows; r++) {
      float* const to = y + r * stride + c;
      gemm::store(to, mask, finishVector(linear, gemm::load(to, mask), c, mask, to));
    }
  }
  if (whole) return;
  const auto activation =
      e.activation == Activation::tanh ? gemm::Activation::tanh : gemm::Activation::sigmoid;
  for (Index r = 0; r < rows; r++) gemm::activate(activation, y + r * stride, columns);
}

}  // namespace neurone::NEURONE_ISA::convolution
