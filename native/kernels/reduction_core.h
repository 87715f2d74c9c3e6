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

// Columns are reduced in strips whose sums stay in the first cache.
inline constexpr Index kStrip = 1024;
// Rows that are combined in E; their results are combined in R::Total.
inline constexpr Index kPiece = 128;

// sums[c…] is combined with `count` rows as a tree, or becomes their combination if `first`. V is a
// vector of elements or one element.
template <class R, class V, int count>
[[gnu::always_inline]] inline void combineRows(const typename R::Element* x, Index stride,
                                               bool first, typename R::Element* sums) {
  V v[count];
#pragma GCC unroll 8
  for (int row = 0; row < count; row++) __builtin_memcpy(&v[row], x + row * stride, sizeof(V));
#pragma GCC unroll 4
  for (int half = count / 2; half > 0; half /= 2)
#pragma GCC unroll 4
    for (int row = 0; row < half; row++) v[row] = R::combine(v[row], v[row + half]);
  if (!first) {
    V sum;
    __builtin_memcpy(&sum, sums, sizeof(V));
    v[0] = R::combine(sum, v[0]);
  }
  __builtin_memcpy(sums, &v[0], sizeof(V));
}

template <class R, int count>
[[gnu::always_inline]] inline void combineStrip(const typename R::Element* x, Index stride,
                                                Index columns, bool first,
                                                typename R::Element* sums) {
  using E = typename R::Element;
  Index c = 0;
  for (; c + kLanes<E> <= columns; c += kLanes<E>)
    combineRows<R, Vector<E>, count>(x + c, stride, first, sums + c);
  for (; c < columns; c++) combineRows<R, E, count>(x + c, stride, first, sums + c);
}

// totals[c] is combined with column c of `rows` rows. Eight rows at a time are read from left to
// right: walking down narrow strips instead takes twice as long for tensors beyond the caches.
template <class R>
[[gnu::always_inline]] inline void reduceColumns(const typename R::Element* x, Index rows,
                                                 Index stride, Index columns,
                                                 typename R::Total* totals) {
  using T = typename R::Total;
  alignas(64) typename R::Element sums[kStrip];
  for (Index left = 0; left < columns; left += kStrip) {
    const Index width = columns - left < kStrip ? columns - left : kStrip;
    for (Index start = 0; start < rows; start += kPiece) {
      const Index end = start + kPiece < rows ? start + kPiece : rows;
      Index row = start;
      for (; row + 8 <= end; row += 8)
        combineStrip<R, 8>(x + row * stride + left, stride, width, row == start, sums);
      for (; row < end; row++)
        combineStrip<R, 1>(x + row * stride + left, stride, width, row == start, sums);
#pragma omp simd
      for (Index c = 0; c < width; c++)
        totals[left + c] = R::combine(totals[left + c], static_cast<T>(sums[c]));
    }
  }
}

}  // namespace neurone::NEURONE_ISA
