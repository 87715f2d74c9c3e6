// Rows that fill vectors, up to as many together as a vector has lanes. Each is added up in a
// vector of its own; then the rows change into lanes, so that what is worked out once per row
// (logarithms, roots, quotients) is done for all at once and no row waits for the lanes of its own
// sum.
#pragma once

#include "narrow_rows.h"
#include "streaming.h"

namespace neurone::NEURONE_ISA {

// Rows of n elements that are taken together, and how far ahead of a row the next ones are asked
// for. Rows that are only read stay in the nearest cache meanwhile. Where they are written too,
// fewer are better: memory has nothing to read while a group is written.
inline constexpr Index kReadElements = 8192;
inline constexpr Index kWrittenElements = 1024;

struct RowGroup {
  Index together = kLanesOfRows;
  Index ahead = kAhead;

  RowGroup(Index n, Index elements) {
    while (together > 1 && together * n > elements) together /= 2;
    if (together * n > ahead) ahead = together * n;
  }
};

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

// combineRows of sum(row) for the rows of a group; quicker for a group of one.
template <class Combine, class Sum>
[[gnu::always_inline]] inline Floats combineEach(const RowGroup& group, Index rows, Combine combine,
                                                 Sum sum) {
  if (group.together == 1) return all(combineLanes(sum(0), combine));
  RowVectors vectors = {};
  for (Index l = 0; l < rows; l++) vectors[l] = sum(l);
  return combineRows(vectors, combine);
}

}  // namespace neurone::NEURONE_ISA
