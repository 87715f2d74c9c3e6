// Copies of operands in the order in which the register tiles read them.
#pragma once

#include "gemm_vector.h"

namespace neurone::NEURONE_ISA::gemm {

// Transposes rows × columns of `from` into `to`.
inline void packTransposed(const float* from, std::ptrdiff_t fromStride, std::int64_t rows,
                           std::int64_t columns, float* to, std::ptrdiff_t toStride) {
  for (std::int64_t i = 0; i < rows; i += kLanes)
    for (std::int64_t j = 0; j < columns; j += kLanes) {
      const float* source = from + i * fromStride + j;
      float* target = to + j * toStride + i;
      Vec v[kLanes];
      if (rows - i >= kLanes && columns - j >= kLanes) {
#pragma GCC unroll 16
        for (int r = 0; r < kLanes; r++) v[r] = load(source + r * fromStride);
        transpose(v);
#pragma GCC unroll 16
        for (int r = 0; r < kLanes; r++) store(target + r * toStride, v[r]);
      } else {
        const std::int64_t wide = columns - j < kLanes ? columns - j : kLanes;
        const std::int64_t tall = rows - i < kLanes ? rows - i : kLanes;
        const Mask mask = firstLanes(wide), filled = firstLanes(tall);
#pragma GCC unroll 16
        for (int r = 0; r < kLanes; r++)
          v[r] = r < tall ? load(source + r * fromStride, mask) : zeros();
        transpose(v);
#pragma GCC unroll 16
        for (int r = 0; r < kLanes; r++)
          if (r < wide) store(target + r * toStride, filled, v[r]);
      }
    }
}

// Copies rows × columns of `from` into `to`; the last vector of each row may be written whole.
inline void packRows(const float* from, std::ptrdiff_t fromStride, std::int64_t rows,
                     std::int64_t columns, float* to, std::ptrdiff_t toStride) {
  const std::int64_t whole = columns / kLanes * kLanes;
  const Mask mask = firstLanes(columns - whole);
  for (std::int64_t i = 0; i < rows; i++) {
    const float* source = from + i * fromStride;
    float* target = to + i * toStride;
    for (std::int64_t j = 0; j < whole; j += kLanes) store(target + j, load(source + j));
    if (whole < columns) store(target + whole, load(source + whole, mask));
  }
}

}  // namespace neurone::NEURONE_ISA::gemm
