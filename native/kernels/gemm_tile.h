// Register tiles: the innermost loop of every matrix product. A tile computes R rows by V vectors
// of C and adds the products of one element in the order of k, whatever its size, so that an
// element's bits depend neither on how C is cut into tiles and blocks nor on the rows beside it.
#pragma once

#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::gemm {

struct TileArgs {
  const float* a;
  std::ptrdiff_t aStride;  // between rows when k is contiguous, between k when rows are
  const float* b;          // rows of k, vectors contiguous
  std::ptrdiff_t bStride;
  float* c;
  std::ptrdiff_t cStride;
  const float* bias;  // what an element starts with; null means zero
  std::int64_t k;
  Mask mask;    // lanes of the last vector, in tiles with a tail
  bool resume;  // start from C: an earlier slice of k is in it
  bool relu;
  bool fetchC;  // C is not in the cache: ask for it while the products are summed
  // What is read next, asked for one line for each k; null for nothing.
  const float* ahead = nullptr;
  std::ptrdiff_t aheadStride = 0;
};

using Tile = void (*)(const TileArgs&) noexcept;

// Rows of the tallest tile: with two vectors of columns it fills the registers.
inline constexpr int kMaxRows = kLanes == 16 ? 14 : 6;
inline constexpr int kPanel = 2 * kLanes;  // columns of a packed panel

template <int R, int V, bool kTail, bool kRowsTogether>
void tile(const TileArgs& t) noexcept {
  const auto tail = [](int v) __attribute__((always_inline)) { return kTail && v == V - 1; };
  Vec acc[R][V];
  if (t.resume) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 16
      for (int v = 0; v < V; v++) {
        const float* c = t.c + r * t.cStride + v * kLanes;
        acc[r][v] = tail(v) ? load(c, t.mask) : load(c);
      }
  } else {
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) {
      const float* bias = t.bias + v * kLanes;
      const Vec start = !t.bias ? zeros() : tail(v) ? load(bias, t.mask) : load(bias);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) acc[r][v] = start;
    }
  }
  if (t.fetchC) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 16
      for (int v = 0; v < V; v += 16 / kLanes)
        __builtin_prefetch(t.c + r * t.cStride + v * kLanes, 1);
  }
  const float* a = t.a;
  const float* b = t.b;
  const std::ptrdiff_t aStride = t.aStride, bStride = t.bStride;
  // Without a branch: a hint for what is in the cache costs less.
  const float* ahead = t.ahead ? t.ahead : b;
  const std::ptrdiff_t aheadStride = t.ahead ? t.aheadStride : 0;
  const Mask mask = t.mask;
  for (std::int64_t k = t.k; k > 0; k--) {
    __builtin_prefetch(ahead, 0, 2);
    Vec bv[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) bv[v] = tail(v) ? load(b + v * kLanes, mask) : load(b + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const Vec x = spread(kRowsTogether ? a[r] : a[r * aStride]);
#pragma GCC unroll 16
      for (int v = 0; v < V; v++) acc[r][v] = multiplyAdd(x, bv[v], acc[r][v]);
    }
    a += kRowsTogether ? aStride : 1;
    b += bStride;
    ahead += aheadStride;
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) {
      float* c = t.c + r * t.cStride + v * kLanes;
      const Vec y = t.relu ? positive(acc[r][v]) : acc[r][v];
      if (tail(v))
        store(c, t.mask, y);
      else
        store(c, y);
    }
}

// Tiles by number of rows. The last vector of `tail` tiles is masked; few rows go with many
// vectors, to keep enough sums in flight and to stream long pieces of each row of B.
template <bool kRowsTogether>
struct Tiles {
  Tile oneTail[kMaxRows + 1] = {};
  Tile twoTail[kMaxRows + 1] = {};
  Tile two[kMaxRows + 1] = {};
  Tile four[kMaxRows + 1] = {};
  Tile eight[kMaxRows + 1] = {};

  constexpr Tiles() { fill<kMaxRows>(); }

  // The widest tile for this many rows and columns; says how many columns it covers.
  Tile choose(std::int64_t rows, std::int64_t columns, std::int64_t& covered) const {
    if (columns >= 8 * kLanes && eight[rows]) return covered = 8 * kLanes, eight[rows];
    if (columns >= 4 * kLanes && four[rows]) return covered = 4 * kLanes, four[rows];
    covered = columns < kPanel ? columns : kPanel;
    return columns >= kPanel ? two[rows] : columns > kLanes ? twoTail[rows] : oneTail[rows];
  }

 private:
  template <int R>
  constexpr void fill() {
    oneTail[R] = tile<R, 1, true, kRowsTogether>;
    twoTail[R] = tile<R, 2, true, kRowsTogether>;
    two[R] = tile<R, 2, false, kRowsTogether>;
    if constexpr (R * 4 <= kMaxRows * 2) four[R] = tile<R, 4, false, kRowsTogether>;
    if constexpr (R * 8 <= kMaxRows * 2) eight[R] = tile<R, 8, false, kRowsTogether>;
    if constexpr (R > 1) fill<R - 1>();
  }
};

inline constexpr Tiles<false> kTilesAlongK;
inline constexpr Tiles<true> kTilesAlongRows;

}  // namespace neurone::NEURONE_ISA::gemm
