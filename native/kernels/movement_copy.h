// Copying and filling rows of elements of one size.
#pragma once

#include "elementwise_nest.h"

namespace neurone::NEURONE_ISA {

// Short copies are loops: a call of memcpy costs more than they do.
template <class T>
[[gnu::always_inline]] inline void copyElements(T* to, const T* from, Index n) {
  if (n * static_cast<Index>(sizeof(T)) > 256) {
    __builtin_memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
    return;
  }
#pragma omp simd
  for (Index i = 0; i < n; i++) to[i] = from[i];
}

template <class T>
[[gnu::always_inline]] inline void fillElements(T* to, T value, Index n) {
#pragma omp simd
  for (Index i = 0; i < n; i++) to[i] = value;
}

// Rows of P to 2·P bytes are two pieces of P bytes, which overlap if need be: no loop, no branch,
// and nothing beyond the row.
template <class T, int P>
struct Piece {
  typedef T Vector __attribute__((vector_size(P)));

  [[gnu::always_inline]] static void copy(char* to, const char* from, Index bytes) {
    Vector first, last;
    __builtin_memcpy(&first, from, P);
    __builtin_memcpy(&last, from + bytes - P, P);
    __builtin_memcpy(to, &first, P);
    __builtin_memcpy(to + bytes - P, &last, P);
  }
  [[gnu::always_inline]] static void fill(char* to, T value, Index bytes) {
    const Vector all = Vector{} + value;
    __builtin_memcpy(to, &all, P);
    __builtin_memcpy(to + bytes - P, &all, P);
  }
};

inline constexpr Index kLongestOfPieces = 128;

// Calls body(piece) with the pieces that rows of `bytes` bytes, 1 to 128, are made of.
template <class T, class Body>
[[gnu::always_inline]] inline void withPieces(Index bytes, Body body) {
  if (bytes >= 64) return body(Piece<T, 64>{});
  if (bytes >= 32) return body(Piece<T, 32>{});
  if (bytes >= 16) return body(Piece<T, 16>{});
  if (bytes >= 8) return body(Piece<T, 8>{});
  if constexpr (sizeof(T) == 4) return body(Piece<T, 4>{});
  if constexpr (sizeof(T) == 1) {
    if (bytes >= 4) return body(Piece<T, 4>{});
    if (bytes >= 2) return body(Piece<T, 2>{});
    body(Piece<T, 1>{});
  }
}

// Rows of n elements; distances between rows in elements.
template <class T>
inline void copyRows(T* to, Index toStep, const T* from, Index fromStep, Index rows, Index n) {
  const Index bytes = n * static_cast<Index>(sizeof(T));
  if (bytes == 0) return;
  if (bytes > kLongestOfPieces) {
    for (Index i = 0; i < rows; i++) copyElements(to + i * toStep, from + i * fromStep, n);
    return;
  }
  withPieces<T>(bytes, [&](auto piece) {
    for (Index i = 0; i < rows; i++)
      piece.copy(reinterpret_cast<char*>(to + i * toStep),
                 reinterpret_cast<const char*>(from + i * fromStep), bytes);
  });
}

// Dense rows of n elements, at most 128 bytes, each of them several times.
template <class T>
inline void repeatRows(T* to, const T* from, Index fromStep, Index rows, Index repeats, Index n) {
  const Index bytes = n * static_cast<Index>(sizeof(T));
  withPieces<T>(bytes, [&](auto piece) {
    for (Index i = 0; i < rows; i++)
      for (Index k = 0; k < repeats; k++, to += n)
        piece.copy(reinterpret_cast<char*>(to), reinterpret_cast<const char*>(from + i * fromStep),
                   bytes);
  });
}

// Dense rows of n elements, at most 128 bytes, each of one value.
template <class T>
inline void fillRows(T* to, const T* from, Index fromStep, Index rows, Index n) {
  const Index bytes = n * static_cast<Index>(sizeof(T));
  withPieces<T>(bytes, [&](auto piece) {
    for (Index i = 0; i < rows; i++)
      piece.fill(reinterpret_cast<char*>(to + i * n), from[i * fromStep], bytes);
  });
}

}  // namespace neurone::NEURONE_ISA
