// Which algorithm computes a convolution: a static table by shape and instruction set.
#include <cstdlib>
#include <cstring>

#include "convolution.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

// Winograd's 16 transformed copies of the weights are worth it from so many outputs on; below, the
// weights are what is waited for.
constexpr Index kWinogradOutputs = 196;

bool likesWinograd(const Geometry& g, Direction direction) {
  return winograd.fits(g, direction) && g.images * g.outputs() >= kWinogradOutputs;
}

const Method& chooseForward(const Geometry& g) {
  if (likesWinograd(g, Direction::forward)) return winograd;
  return pointwise.fits(g, Direction::forward) ? pointwise : im2col;
}

const Method& chooseInputGrad(const Geometry& g) {
  if (likesWinograd(g, Direction::inputGrad)) return winograd;
  return pointwise.fits(g, Direction::inputGrad) ? pointwise : im2col;
}

const Method& chooseKernelGrad(const Geometry& g) {
  if (likesWinograd(g, Direction::kernelGrad)) return winograd;
  return pointwise.fits(g, Direction::kernelGrad) ? pointwise : im2col;
}

// Read with every plan, not once, so that one process can compare algorithms.
const Method* forced() {
  const char* const wanted = std::getenv("NEURONE_CONV");
  if (!wanted) return nullptr;
  for (const Method* method : {&im2col, &pointwise, &winograd})
    if (std::strcmp(wanted, method->name) == 0) return method;
  return nullptr;
}

}  // namespace

const Method& choose(const Geometry& g, Direction direction) {
  const Method* const wanted = forced();
  if (wanted && wanted->fits(g, direction)) return *wanted;
  switch (direction) {
    case Direction::forward:
      return chooseForward(g);
    case Direction::inputGrad:
      return chooseInputGrad(g);
    default:
      return chooseKernelGrad(g);
  }
}

}  // namespace neurone::NEURONE_ISA::convolution
