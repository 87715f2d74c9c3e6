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
  return winograd.fits(g, direction) && g.images * g.outputs() >= kWinogradOutputs &&
         least(g.channels, g.filters) >= 8;
}

// Where weights are large and rows few, reading the weights is what takes long.
constexpr Index kStreamedRows = 112, kStreamedWeights = 1 << 15;

bool likesStreamed(const Geometry& g, Direction direction) {
  const Index rows = g.images * (direction == Direction::forward ? g.outputs() : g.pixels());
  return streamed.fits(g, direction) && rows <= kStreamedRows &&
         g.taps() * g.channelsPerGroup() * g.filters >= kStreamedWeights;
}

// Read with every plan, not once, so that one process can compare algorithms.
const Method* forced() {
  const char* const wanted = std::getenv("NEURONE_CONV");
  if (!wanted) return nullptr;
  for (const Method* method : {&im2col, &pointwise, &streamed, &winograd, &direct, &depthwise})
    if (std::strcmp(wanted, method->name) == 0) return method;
  return nullptr;
}

}  // namespace

const Method& choose(const Geometry& g, Direction direction) {
  const Method* const wanted = forced();
  if (wanted && wanted->fits(g, direction)) return *wanted;
  if (likesWinograd(g, direction)) return winograd;
  if (g.groups > 1 && depthwise.fits(g, direction)) return depthwise;
  if (likesStreamed(g, direction)) return streamed;
  for (const Method* method : {&pointwise, &direct})
    if (method->fits(g, direction)) return *method;
  return im2col;
}

}  // namespace neurone::NEURONE_ISA::convolution
