// Rows too short to fill the vectors: as many rows as a vector has lanes are turned, so that each
// row has a lane of its own and loops over elements are loops of whole vectors.
#pragma once

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "elementwise_nest.h"
#include "streaming.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {

inline constexpr Index kLanesOfRows = kLanes<float>;
// Longer rows are faster by themselves (AVX-512).
inline constexpr Index kLongestNarrowRow = 32;

inline bool isNarrow(Index n) { return n > 0 && n <= kLongestNarrowRow; }

// Elements of kLanesOfRows rows, those of one column beside each other.
using RowTile = float[kLongestNarrowRow * kLanesOfRows];

// Four columns of kLanesOfRows rows. A vector holds a quarter of a row in each quarter of it: rows
// l, l + 4, l + 8 … for `gathered[l]`. Turning the 4×4 blocks in the quarters makes columns of
// them, and rows of columns: the vectors of the one are the quarters' lanes of the other.
using Quarter = float __attribute__((vector_size(16)));

struct FourVectors {
  Vector<float> v[4];
};

// Lane 4q + i of vector j becomes lane 4q + j of vector i.
[[gnu::always_inline]] inline FourVectors turned(const FourVectors& a) {
#if defined(NEURONE_ISA_avx512)
  const __m512 p = _mm512_unpacklo_ps(a.v[0], a.v[1]), q = _mm512_unpackhi_ps(a.v[0], a.v[1]);
  const __m512 r = _mm512_unpacklo_ps(a.v[2], a.v[3]), s = _mm512_unpackhi_ps(a.v[2], a.v[3]);
  return {{_mm512_shuffle_ps(p, r, 0x44), _mm512_shuffle_ps(p, r, 0xee),
           _mm512_shuffle_ps(q, s, 0x44), _mm512_shuffle_ps(q, s, 0xee)}};
#elif defined(NEURONE_ISA_avx2)
  const __m256 p = _mm256_unpacklo_ps(a.v[0], a.v[1]), q = _mm256_unpackhi_ps(a.v[0], a.v[1]);
  const __m256 r = _mm256_unpacklo_ps(a.v[2], a.v[3]), s = _mm256_unpackhi_ps(a.v[2], a.v[3]);
  return {{_mm256_shuffle_ps(p, r, 0x44), _mm256_shuffle_ps(p, r, 0xee),
           _mm256_shuffle_ps(q, s, 0x44), _mm256_shuffle_ps(q, s, 0xee)}};
#else
  FourVectors b;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) b.v[i][j] = a.v[j][i];
  return b;
#endif
}

[[gnu::always_inline]] inline Vector<float> loadQuarters(const float* x, Index stride) {
#if defined(NEURONE_ISA_avx512)
  __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(x));
  v = _mm512_mask_broadcast_f32x4(v, 0x00f0, _mm_loadu_ps(x + stride));
  v = _mm512_mask_broadcast_f32x4(v, 0x0f00, _mm_loadu_ps(x + 2 * stride));
  return _mm512_mask_broadcast_f32x4(v, 0xf000, _mm_loadu_ps(x + 3 * stride));
#elif defined(NEURONE_ISA_avx2)
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x)), _mm_loadu_ps(x + stride), 1);
#else
  (void)stride;
  return load(x);
#endif
}

[[gnu::always_inline]] inline void storeQuarters(float* y, Index stride, const Vector<float>& v) {
#if defined(NEURONE_ISA_avx512)
  _mm_storeu_ps(y, _mm512_castps512_ps128(v));
  _mm_storeu_ps(y + stride, _mm512_extractf32x4_ps(v, 1));
  _mm_storeu_ps(y + 2 * stride, _mm512_extractf32x4_ps(v, 2));
  _mm_storeu_ps(y + 3 * stride, _mm512_extractf32x4_ps(v, 3));
#elif defined(NEURONE_ISA_avx2)
  _mm_storeu_ps(y, _mm256_castps256_ps128(v));
  _mm_storeu_ps(y + stride, _mm256_extractf128_ps(v, 1));
#else
  (void)stride;
  store(y, v);
#endif
}

// Calls body(first column) for groups of four columns; the last one may overlap the one before. The
// call stands in one place, which is what makes the compiler put the body there.
template <class Body>
[[gnu::always_inline]] inline void forFourColumns(Index n, Body body) {
  for (Index c = 0; c < n; c += 4) body(c < n - 4 ? c : n - 4);
}

// How many elements ahead of a tile its successors are asked for.
inline constexpr Index kAheadOfTile = 1024;

// Lanes without a row are zeros.
inline void loadTile(const float* x, Index n, Index rows, float* tile) {
  for (Index i = 0; i < n * kLanesOfRows; i += 16) __builtin_prefetch(x + kAheadOfTile + i);
  if (rows == kLanesOfRows && n >= 4) {
    forFourColumns(n, [&](Index c) {
      FourVectors quarters;
      for (Index l = 0; l < 4; l++) quarters.v[l] = loadQuarters(x + l * n + c, 4 * n);
      const FourVectors columns = turned(quarters);
      for (Index i = 0; i < 4; i++) store(tile + (c + i) * kLanesOfRows, columns.v[i]);
    });
    return;
  }
  if (rows < kLanesOfRows)
    for (Index i = 0; i < n * kLanesOfRows; i++) tile[i] = 0;
  for (Index lane = 0; lane < rows; lane++)
    for (Index c = 0; c < n; c++) tile[c * kLanesOfRows + lane] = x[lane * n + c];
}

inline void storeTile(const float* tile, Index n, Index rows, float* y) {
  if (rows == kLanesOfRows && n >= 4) {
    forFourColumns(n, [&](Index c) {
      FourVectors columns;
      for (Index i = 0; i < 4; i++) columns.v[i] = load(tile + (c + i) * kLanesOfRows);
      const FourVectors quarters = turned(columns);
      for (Index l = 0; l < 4; l++) storeQuarters(y + l * n + c, 4 * n, quarters.v[l]);
    });
    return;
  }
  for (Index lane = 0; lane < rows; lane++)
    for (Index c = 0; c < n; c++) y[lane * n + c] = tile[c * kLanesOfRows + lane];
}

// Calls body(row, rows, y of the first one) for rows [begin, end), as many at a time as there are
// lanes; stops at a failure. What goes past the caches is put together in pieces of several tiles
// first, because whole lines have to leave at once.
template <class Body>
[[gnu::always_inline]] inline Status forTiles(Index begin, Index end, Index n, float* y, bool past,
                                              Body body) {
  constexpr Index together = 4 * kLanesOfRows;
  alignas(kVectorBytes) float piece[together * kLongestNarrowRow];
  for (Index first = begin; first < end; first += together) {
    const Index last = first + together < end ? first + together : end;
    float* rows = past ? piece : y + first * n;
    for (Index row = first; row < last; row += kLanesOfRows) {
      const Index count = kLanesOfRows < last - row ? kLanesOfRows : last - row;
      const Status status = body(row, count, rows + (row - first) * n);
      if (status != Status::ok) return status;
    }
    if (past)
      writeVectors(y + first * n, (last - first) * n, true,
                   [&](Index i, auto load) { return load(piece + i); });
  }
  if (past) endPast();
  return Status::ok;
}

}  // namespace neurone::NEURONE_ISA
