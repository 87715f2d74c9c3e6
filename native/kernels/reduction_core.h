// Reducing runs of contiguous elements, and rows of columns, with several vector accumulators each.
// A reducer gives the element, the type in which partial results are combined, and the operation.
#pragma once

#include "elementwise_nest.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {

template <class E, class T>
struct Sum {
  using Element = E;
  using Total = T;
  static constexpr E identity = 0;
  template <class V>
  [[gnu::always_inline]] static V combine(V a, V b) {
    return a + b;
  }
};
template <class E>
struct Product {
  using Element = E;
  using Total = E;
  static constexpr E identity = 1;
  template <class V>
  [[gnu::always_inline]] static V combine(V a, V b) {
    return a * b;
  }
};
// a != a keeps a NaN on the left; on the right, the comparison is false and keeps it.
template <class E, E lowest>
struct Maximum {
  using Element = E;
  using Total = E;
  static constexpr E identity = lowest;
  template <class V>
  [[gnu::always_inline]] static V combine(V a, V b) {
    return (a > b) | (a != a) ? a : b;
  }
};
template <class E, E highest>
struct Minimum {
  using Element = E;
  using Total = E;
  static constexpr E identity = highest;
  template <class V>
  [[gnu::always_inline]] static V combine(V a, V b) {
    return (a < b) | (a != a) ? a : b;
  }
};
struct AnySet {
  using Element = std::uint8_t;
  using Total = std::uint8_t;
  static constexpr std::uint8_t identity = 0;
  template <class V>
  [[gnu::always_inline]] static V combine(V a, V b) {
    return a | b;
  }
};

using SumFloat = Sum<float, double>;
using MaximumFloat = Maximum<float, -kInfinity>;
using MinimumFloat = Minimum<float, kInfinity>;

// All elements of one vector, in a fixed tree.
template <class R>
[[gnu::always_inline]] inline typename R::Element reduceLanes(
    const Vector<typename R::Element>& vector) {
  using E = typename R::Element;
  E lane[kLanes<E>];
  store(lane, vector);
  for (int width = kLanes<E> / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lane[i] = R::combine(lane[i], lane[i + width]);
  return lane[0];
}

// n contiguous elements. Pieces of 4096 are combined in R::Total, which bounds the rounding error
// of long sums.
template <class R>
[[gnu::always_inline]] inline typename R::Total reduceRun(const typename R::Element* x, Index n) {
  using E = typename R::Element;
  using T = typename R::Total;
  constexpr Index lanes = kLanes<E>;
  T total = R::identity;
  while (n >= 4 * lanes) {
    const Index piece = n < 4096 ? n - n % (4 * lanes) : 4096;
    Vector<E> a = load(x), b = load(x + lanes), c = load(x + 2 * lanes), d = load(x + 3 * lanes);
    for (Index i = 4 * lanes; i < piece; i += 4 * lanes) {
      a = R::combine(a, load(x + i));
      b = R::combine(b, load(x + i + lanes));
      c = R::combine(c, load(x + i + 2 * lanes));
      d = R::combine(d, load(x + i + 3 * lanes));
    }
    const Vector<E> piecewise = R::combine(R::combine(a, b), R::combine(c, d));
    total = R::combine(total, static_cast<T>(reduceLanes<R>(piecewise)));
    x += piece;
    n -= piece;
  }
  if (n >= lanes) {
    Vector<E> a = load(x);
    Index i = lanes;
    for (; i + lanes <= n; i += lanes) a = R::combine(a, load(x + i));
    total = R::combine(total, static_cast<T>(reduceLanes<R>(a)));
    x += i;
    n -= i;
  }
  E rest = R::identity;
  for (Index i = 0; i < n; i++) rest = R::combine(rest, x[i]);
  return R::combine(total, static_cast<T>(rest));
}

template <class R, int vectors>
[[gnu::always_inline]] inline void reduceColumnTile(const typename R::Element* x, Index rows,
                                                    Index stride, typename R::Total* totals) {
  using E = typename R::Element;
  using T = typename R::Total;
  constexpr int lanes = kLanes<E>;
  for (Index start = 0; start < rows; start += 128) {
    const Index end = start + 128 < rows ? start + 128 : rows;
    Vector<E> sums[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) sums[v] = load(x + start * stride + v * lanes);
    for (Index row = start + 1; row < end; row++) {
#pragma GCC unroll 8
      for (int v = 0; v < vectors; v++)
        sums[v] = R::combine(sums[v], load(x + row * stride + v * lanes));
    }
    E flat[vectors * lanes];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) store(flat + v * lanes, sums[v]);
#pragma omp simd
    for (int i = 0; i < vectors * lanes; i++)
      totals[i] = R::combine(totals[i], static_cast<T>(flat[i]));
  }
}

// totals[c] is combined with column c of `rows` rows; pieces of 128 rows are combined in R::Total.
template <class R>
[[gnu::always_inline]] inline void reduceColumns(const typename R::Element* x, Index rows,
                                                 Index stride, Index columns,
                                                 typename R::Total* totals) {
  using E = typename R::Element;
  using T = typename R::Total;
  constexpr Index lanes = kLanes<E>;
  Index c = 0;
  for (; c + 8 * lanes <= columns; c += 8 * lanes)
    reduceColumnTile<R, 8>(x + c, rows, stride, totals + c);
  for (; c + lanes <= columns; c += lanes) reduceColumnTile<R, 1>(x + c, rows, stride, totals + c);
  for (; c < columns; c++) {
    for (Index start = 0; start < rows; start += 128) {
      const Index end = start + 128 < rows ? start + 128 : rows;
      E sum = x[start * stride + c];
      for (Index row = start + 1; row < end; row++) sum = R::combine(sum, x[row * stride + c]);
      totals[c] = R::combine(totals[c], static_cast<T>(sum));
    }
  }
}

}  // namespace neurone::NEURONE_ISA
