// Products of rows with rows: A·Bᵀ where A has few rows, and matrix times vector.
#include "gemm_activation.h"
#include "gemm_block.h"

namespace neurone::NEURONE_ISA::gemm {
namespace {

// The sum of the first N vectors, in pairs.
template <int N>
[[gnu::always_inline]] inline Vec addUp(Vec (&v)[kLanes]) {
  if constexpr (N == 1) {
    return v[0];
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < N / 2; i++) v[i] = sum(v[i], v[i + N / 2]);
    return addUp<N / 2>(v);
  }
}

// Sums of a·row for kLanes rows of B that begin at `b`; past `count` they repeat the last.
Vec dotRows(const float* a, const float* b, std::int64_t k, std::int64_t count) {
  const float* rows[kLanes];
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; r++) rows[r] = b + (r < count ? r : count - 1) * k;
  Vec acc[kLanes];
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; r++) acc[r] = zeros();
  const std::int64_t whole = k / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    const Vec x = load(a + i);
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; r++) acc[r] = multiplyAdd(x, load(rows[r] + i), acc[r]);
  }
  if (whole < k) {
    const Mask rest = firstLanes(k - whole);
    const Vec x = load(a + whole, rest);
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; r++) acc[r] = multiplyAdd(x, load(rows[r] + whole, rest), acc[r]);
  }
  transpose(acc);
  return addUp<kLanes>(acc);
}

}  // namespace

void multiplyRows(const Product& p, const Operands& o, const Area& area) noexcept {
  for (std::int64_t i = area.row; i < area.row + area.rows; i++) {
    float* const c = o.c + i * p.n + area.column;
    for (std::int64_t j = 0; j < area.columns; j += kLanes) {
      const std::int64_t count = area.columns - j < kLanes ? area.columns - j : kLanes;
      const std::int64_t column = area.column + j;
      const Mask mask = firstLanes(count);
      Vec y = dotRows(o.a + i * p.k, o.b + column * p.k, p.k, count);
      if (o.bias) y = sum(y, p.scalarBias ? spread(*o.bias) : load(o.bias + column, mask));
      store(c + j, mask, y);
    }
    activate(p.activation, c, area.columns);
  }
}

}  // namespace neurone::NEURONE_ISA::gemm
