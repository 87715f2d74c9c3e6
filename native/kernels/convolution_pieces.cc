// Slices, and pieces of what is copied once for several products.
#include "convolution_pieces.h"

#include <algorithm>

namespace neurone::NEURONE_ISA::convolution {
namespace {

// The number of what a tap meets among all that a line does.
Index indexIn(const Line& all, std::int64_t offset) {
  return std::lower_bound(all.offsets.begin(), all.offsets.end(), offset) - all.offsets.begin();
}

}  // namespace

std::vector<Piece> slicesOf(const Slices& slices) {
  std::vector<Piece> pieces;
  for (Index i = 0; i < slices.count(); i++) pieces.push_back({slices.at(i), 0});
  return pieces;
}

Line unionOf(const std::vector<Line>& lines) {
  if (lines.empty()) return {};
  Line all = lines.front();
  for (const Line& line : lines) {
    if (line.count != all.count) return {};
    all.offsets.insert(all.offsets.end(), line.offsets.begin(), line.offsets.end());
  }
  std::sort(all.offsets.begin(), all.offsets.end());
  all.offsets.erase(std::unique(all.offsets.begin(), all.offsets.end()), all.offsets.end());
  return all;
}

std::vector<Piece> piecesOf(const Lattice& part, const Lattice& all, Index channels) {
  const Line &a0 = *part.axes[0], &a1 = *part.axes[1], &a2 = *part.axes[2];
  std::vector<Piece> pieces;
  for (Index tap = 0; tap < part.taps(); tap++) {
    const Index i0 = indexIn(*all.axes[0], a0.offsets[tap / (a2.taps() * a1.taps())]);
    const Index i1 = indexIn(*all.axes[1], a1.offsets[tap / a2.taps() % a1.taps()]);
    const Index i2 = indexIn(*all.axes[2], a2.offsets[tap % a2.taps()]);
    const Index column = ((i0 * all.axes[1]->taps() + i1) * all.axes[2]->taps() + i2) * channels;
    Piece* const last = pieces.empty() ? nullptr : &pieces.back();
    if (last && last->column + last->slice.columns() == column)
      last->slice.taps++;
    else
      pieces.push_back({{tap, 1, 0, channels}, column});
  }
  return pieces;
}

}  // namespace neurone::NEURONE_ISA::convolution
