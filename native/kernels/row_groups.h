// Rows that fill vectors, up to as many together as a vector has lanes. Each is added up in a
// vector of its own; then the rows change into lanes, so that what is worked out once per row
// (logarithms, roots, quotients) is done for all at once and no row waits for the lanes of its own
// sum.
#pragma once

#include "narrow_rows.h"
#include "streaming.h"

namespace neurone::NEURONE_ISA {

// Elements of the rows that are taken together, unless one row has more: they are read several
// times and stay in the nearest cache.
inline constexpr Index kGroupElements = 8192;

// A power of two, for rows of n elements.
inline Index rowsOfGroup(Index n) {
  Index rows = kLanesOfRows;
  while (rows > 1 && rows * n > kGroupElements) rows /= 2;
  return rows;
}

// What `rows` vectors combine to, each its own lane. The other lanes mean nothing.
using RowVectors = Floats[kLanesOfRows];

template <class Combine>
[[gnu::always_inline]] inline Floats combineRows(const RowVectors& rows, Combine combine) {
  Floats quarters[kLanesOfRows / 4];
  for (Index g = 0; g < kLanesOfRows / 4; g++) {
    const FourVectors t =
        turned({{rows[4 * g], rows[4 * g + 1], rows[4 * g + 2], rows[4 * g + 3]}});
    quarters[g] = combine(combine(t.v[0], t.v[1]), combine(t.v[2], t.v[3]));
  }
  // Lane 4q + j of quarters[g] belongs to row 4g + j.
#if defined(NEURONE_ISA_avx512)
  const auto halves = [&](const Floats& a, const Floats& b) {
    return combine(Floats(_mm512_shuffle_f32x4(a, b, 0x44)),
                   Floats(_mm512_shuffle_f32x4(a, b, 0xee)));
  };
  const Floats a = halves(quarters[0], quarters[1]), b = halves(quarters[2], quarters[3]);
  return combine(Floats(_mm512_shuffle_f32x4(a, b, 0x88)),
                 Floats(_mm512_shuffle_f32x4(a, b, 0xdd)));
#elif defined(NEURONE_ISA_avx2)
  return combine(Floats(_mm256_permute2f128_ps(quarters[0], quarters[1], 0x20)),
                 Floats(_mm256_permute2f128_ps(quarters[0], quarters[1], 0x31)));
#else
  return quarters[0];
#endif
}

// combineRows of sum(row) for the rows of a group.
template <class Combine, class Sum>
[[gnu::always_inline]] inline Floats combineEach(Index rows, Combine combine, Sum sum) {
  RowVectors vectors = {};
  for (Index l = 0; l < rows; l++) vectors[l] = sum(l);
  return combineRows(vectors, combine);
}

}  // namespace neurone::NEURONE_ISA
