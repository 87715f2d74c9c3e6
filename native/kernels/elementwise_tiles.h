// Loops over broadcast operands whose last axis is too short to fill the vectors, such as images
// [rows, 3] with a weight per pixel [rows, 1] or per channel [3]: operands are spread out to dense
// tiles of many rows first.
#pragma once

#include "elementwise_nest.h"
#include "movement_copy.h"

namespace neurone::NEURONE_ISA {

// Elements of a tile.
inline constexpr Index kTile = 1024;

template <int K>
inline constexpr std::size_t kTileScratch = static_cast<std::size_t>(K* kTile) * sizeof(float);

template <int K>
bool hasShortRows(const Nest<K>& nest) {
  return nest.inner() < 16 && nest.extent[nest.rank - 2] >= 16;
}

// Rows of n elements that lie `step` apart, or repeat one element each, beside each other.
template <class T>
void spreadRows(const void* from, Index step, bool repeats, void* to, Index rows, Index n) {
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  if (repeats)
    fillRows(y, x, step, rows, n);
  else
    copyRows(y, n, x, step, rows, n);
}

// Calls body(operands, first element of the output, count) for dense stretches of rows
// [begin, end). `size`: bytes of an operand's element, 4 or 1; scratch: kTileScratch<K> bytes.
template <int K, class Body>
[[gnu::always_inline]] inline void forDenseTiles(const Nest<K>& nest, Index begin, Index end,
                                                 const void* const* operands,
                                                 const Index (&size)[K], std::byte* scratch,
                                                 Body body) {
  const int last = nest.rank - 1;
  const Index n = nest.inner();
  const Index most = kTile / n;
  forRows(nest, begin, end, [&](const Index* offset, Index row, Index rows) {
    for (Index done = 0; done < rows; done += most) {
      const Index count = rows - done < most ? rows - done : most;
      const void* dense[K];
      for (int k = 0; k < K; k++) {
        const Index step = nest.stride[k][last - 1];
        const bool repeats = nest.stride[k][last] == 0;
        const void* from =
            static_cast<const char*>(operands[k]) + (offset[k] + done * step) * size[k];
        dense[k] = from;
        if (step == n && !repeats) continue;
        void* tile = scratch + k * kTile * static_cast<Index>(sizeof(float));
        dense[k] = tile;
        if (step == 0 && done > 0) continue;  // the rows are all the same
        if (size[k] == 4)
          spreadRows<std::uint32_t>(from, step, repeats, tile, count, n);
        else
          spreadRows<std::uint8_t>(from, step, repeats, tile, count, n);
      }
      body(dense, (row + done) * n, count * n);
    }
  });
}

}  // namespace neurone::NEURONE_ISA
