// Rows of channels through scale, bias and activation.
#include "convolution_epilogue.h"

#include "gemm_activation.h"

namespace neurone::NEURONE_ISA::convolution {

void finish(const Epilogue& e, float* y, Index channels) noexcept {
  const bool whole = isPiecewiseLinear(e.activation);
  Epilogue linear = e;
  if (!whole) linear.activation = Activation::linear;
  for (Index c = 0; c < channels; c += gemm::kLanes) {
    const gemm::Mask mask = gemm::firstLanes(least(channels - c, gemm::kLanes));
    gemm::store(y + c, mask, finishVector(linear, gemm::load(y + c, mask), c, mask));
  }
  if (e.activation == Activation::sigmoid) gemm::activate(gemm::Activation::sigmoid, y, channels);
  if (e.activation == Activation::tanh) gemm::activate(gemm::Activation::tanh, y, channels);
}

}  // namespace neurone::NEURONE_ISA::convolution
