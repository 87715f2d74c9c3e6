// Loops over whole vectors for tensors that may lie beyond the caches: rows are asked for ahead of
// time, and large outputs go to memory without being read into the caches first.
#pragma once

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "elementwise_nest.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {

using Floats = Vector<float>;
inline constexpr Index kFloats = kLanes<float>;

// Outputs from this size on bypass the caches, unless they are written in place: whoever reads them
// finds nothing of them there anyway. Saves a third of the traffic of a copy.
inline constexpr Index kPastCaches = Index{32} << 20;

inline bool isPastCaches(const ValueInfo& output) { return output.bytes() >= kPastCaches; }

// How far ahead of a loop rows are asked for: as much as arrives during one memory access.
inline constexpr Index kAhead = 2048;

// A hint; the address may lie past the end of the tensor.
[[gnu::always_inline]] inline void fetch(const float* x) { __builtin_prefetch(x, 0, 2); }

[[gnu::always_inline]] inline Floats all(float value) { return Floats{} + value; }

[[gnu::always_inline]] inline Floats rootOf(const Floats& x) {
#if defined(NEURONE_ISA_avx512)
  return _mm512_sqrt_ps(x);
#elif defined(NEURONE_ISA_avx2)
  return _mm256_sqrt_ps(x);
#elif defined(__SSE2__)
  return _mm_sqrt_ps(x);
#else
  Floats roots;
  for (int l = 0; l < kFloats; l++) roots[l] = sqrt(x[l]);
  return roots;
#endif
}

// The first `count` elements, the other lanes `fill`. Without a branch: in between, it would keep
// the compiler from fusing a product with a sum, and a row's ends would round otherwise than its
// middle.
[[gnu::always_inline]] inline Floats loadFirst(const float* x, Index count, float fill) {
#if defined(NEURONE_ISA_avx512)
  const auto mask = static_cast<__mmask16>((1u << count) - 1);
  return _mm512_mask_loadu_ps(all(fill), mask, x);
#elif defined(NEURONE_ISA_avx2)
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lanes);
  return _mm256_blendv_ps(all(fill), _mm256_maskload_ps(x, mask), _mm256_castsi256_ps(mask));
#else
  float lanes[kFloats];
  store(lanes, all(fill));
  __builtin_memcpy(lanes, x, static_cast<std::size_t>(count) * sizeof(float));
  return load(lanes);
#endif
}

// In pieces: AVX-512's stores under a mask take longer on some processors than all of a row.
[[gnu::always_inline]] inline void storeFirst(float* y, Index count, const Floats& values) {
  float lanes[kFloats];
  store(lanes, values);
  Index i = 0;
#pragma GCC unroll 5
  for (Index piece = kFloats; piece > 0; piece /= 2) {
    if ((count & piece) == 0) continue;
    __builtin_memcpy(y + i, lanes + i, static_cast<std::size_t>(piece) * sizeof(float));
    i += piece;
  }
}

// Past the caches; the address is that of a whole vector.
[[gnu::always_inline]] inline void storePast(float* y, const Floats& values) {
#if defined(NEURONE_ISA_avx512)
  _mm512_stream_ps(y, values);
#elif defined(NEURONE_ISA_avx2)
  _mm256_stream_ps(y, values);
#elif defined(__SSE2__)
  _mm_stream_ps(y, values);
#else
  store(y, values);
#endif
}

// After the last `storePast` of a block: other threads see them.
[[gnu::always_inline]] inline void endPast() {
#ifdef __SSE2__
  _mm_sfence();
#endif
}

// The lanes of a vector combined, halves with halves.
template <class Combine>
[[gnu::always_inline]] inline float combineLanes(const Floats& v, Combine combine) {
#ifdef __SSE2__
#if defined(NEURONE_ISA_avx512)
  const __m256 eight = combine(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  const __m128 four = combine(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
#elif defined(NEURONE_ISA_avx2)
  const __m128 four = combine(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
#else
  const __m128 four = v;
#endif
  const __m128 two = combine(four, _mm_movehl_ps(four, four));
  return combine(two, _mm_shuffle_ps(two, two, 1))[0];
#else
  float lanes[kFloats];
  store(lanes, v);
  for (Index width = kFloats / 2; width > 0; width /= 2)
    for (Index i = 0; i < width; i++) lanes[i] = combine(lanes[i], lanes[i + width]);
  return lanes[0];
#endif
}

struct Add {
  template <class V>
  [[gnu::always_inline]] V operator()(const V& a, const V& b) const {
    return a + b;
  }
};
[[gnu::always_inline]] inline float sumOfLanes(const Floats& v) { return combineLanes(v, Add{}); }

// How the functions below give vectors to their body: load(x) is that of the place where it stands.
// At the end of a row, lanes past it are `fill`.
struct WholeVector {
  [[gnu::always_inline]] Floats operator()(const float* x, float = 0) const { return load(x); }
};
struct PartVector {
  Index count;
  [[gnu::always_inline]] Floats operator()(const float* x, float fill = 0) const {
    return loadFirst(x, count, fill);
  }
};

// Calls body(i, load) for n elements, a vector at a time.
template <class Body>
[[gnu::always_inline]] inline void forVectors(Index n, Body body) {
  Index i = 0;
  for (; i + kFloats <= n; i += kFloats) body(i, WholeVector{});
  if (i < n) body(i, PartVector{n - i});
}

// `forVectors` for sums: body(i, load, part) with part = 0…3 in turn as a constant, so that each
// has a register and none waits for another.
template <int part>
struct Part {
  constexpr operator int() const { return part; }
};
template <class Body>
[[gnu::always_inline]] inline void forVectorsInParts(Index n, Body body) {
  Index i = 0;
  for (; i + 4 * kFloats <= n; i += 4 * kFloats) {
    body(i, WholeVector{}, Part<0>{});
    body(i + kFloats, WholeVector{}, Part<1>{});
    body(i + 2 * kFloats, WholeVector{}, Part<2>{});
    body(i + 3 * kFloats, WholeVector{}, Part<3>{});
  }
  for (; i + kFloats <= n; i += kFloats) body(i, WholeVector{}, Part<0>{});
  if (i < n) body(i, PartVector{n - i}, Part<1>{});
}
template <class Combine>
[[gnu::always_inline]] inline Floats combineParts(const Floats (&parts)[4], Combine combine) {
  return combine(combine(parts[0], parts[1]), combine(parts[2], parts[3]));
}

// y[i…] = body(i, load) for n elements, each once; past the caches if `past`. Lines that only begin
// or end in y go through the caches: a line must not be written in both ways (3 GB/s instead of
// 30).
template <class Body>
[[gnu::always_inline]] inline void writeVectors(float* y, Index n, bool past, Body body) {
  Index i = 0;
  if (past && n >= 4 * kFloats) {
    const auto bytes = reinterpret_cast<std::uintptr_t>(y) % kVectorBytes;
    if (bytes != 0) {
      i = kFloats - static_cast<Index>(bytes / sizeof(float));
      storeFirst(y, i, body(0, PartVector{i}));
    }
    for (; i + kFloats <= n; i += kFloats) storePast(y + i, body(i, WholeVector{}));
  }
  for (; i + kFloats <= n; i += kFloats) store(y + i, body(i, WholeVector{}));
  if (i < n) storeFirst(y + i, n - i, body(i, PartVector{n - i}));
}

}  // namespace neurone::NEURONE_ISA
