// Which algorithm computes a convolution: a static table by shape and instruction set.
#include <cstdlib>
#include <cstring>

#include "convolution.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

const Method& chooseForward(const Geometry& g) {
  for (const Method* method : {&depthwise, &pointwise, &direct})
    if (method->fits(g, Direction::forward)) return *method;
  return im2col;
}

const Method& chooseInputGrad(const Geometry& g) {
  for (const Method* method : {&depthwise, &pointwise, &direct})
    if (method->fits(g, Direction::inputGrad)) return *method;
  return im2col;
}

const Method& chooseKernelGrad(const Geometry& g) {
  for (const Method* method : {&depthwise, &pointwise, &direct})
    if (method->fits(g, Direction::kernelGrad)) return *method;
  return im2col;
}

// Read with every plan, not once, so that one process can compare algorithms.
const Method* forced() {
  const char* const wanted = std::getenv("NEURONE_CONV");
  if (!wanted) return nullptr;
  for (const Method* method : {&im2col, &pointwise, &direct, &depthwise})
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
