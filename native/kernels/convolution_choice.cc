// Which algorithm computes a convolution: a static table by shape and instruction set.
#include <cstdlib>
#include <cstring>

#include "convolution.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

// Winograd's 16 transformed copies of the weights are worth it from so many outputs on; below, the
// weights are what is waited for.
constexpr Index kWinogradOutputs = 196;

// From fewer on where those copies take 64 kB to 1 MB: one image, forwards, on one thread with
// AVX-512 / AVX2, in µs against the best of the others: 7×7×32×64 15.8 of 17.8 / 22.8 of 23.9,
// 8×8×64×64 29.8 of 48.1 / 32.0 of 47.7, 7×7×128×128 119 of 152 / 150 of 166; but 8×8×16×16 4.8 of
// 3.2 / 5.6 of 3.9. Constant weights are transformed once: 7×7×512×512 0.99 ms of 1.19 on two
// threads.
constexpr Index kCachedOutputs = 49;
constexpr Index kLeastCached = 32 * 32, kMostCached = 128 * 128;  // channels by filters

bool likesWinograd(const Geometry& g, Direction direction) {
  if (!winograd.fits(g, direction) || least(g.channels, g.filters) < 8) return false;
  const Index weights = g.channels * g.filters;
  const bool cached = direction == Direction::forward && weights >= kLeastCached &&
                      (weights <= kMostCached || g.constantWeights);
  return g.images * g.outputs() >= (cached ? kCachedOutputs : kWinogradOutputs);
}

// Where weights are large and rows few, reading the weights is what takes long.
constexpr Index kStreamedRows = 112, kStreamedWeights = 1 << 15;

bool likesStreamed(const Geometry& g, Direction direction) {
  const Index rows = g.images * (direction == Direction::forward ? g.outputs() : g.pixels());
  return streamed.fits(g, direction) && !g.constantWeights && rows <= kStreamedRows &&
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
