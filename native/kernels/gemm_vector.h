// The vector of the instruction set a kernel file is compiled for, and a transpose of a square of
// vectors: all that the matrix product kernels need to be written once.
#pragma once

#if defined(NEURONE_ISA_avx512) || defined(NEURONE_ISA_avx2)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

namespace neurone::NEURONE_ISA::gemm {

#if defined(NEURONE_ISA_avx512)

using Vec = __m512;
using Mask = __mmask16;
inline constexpr int kLanes = 16;
// GCC 12 warns of uninitialised values in its own unmasked intrinsics; this mask costs nothing.
inline constexpr Mask kAll = 0xffff;

inline Mask firstLanes(std::int64_t n) { return static_cast<Mask>((1u << n) - 1u); }
inline Vec zeros() { return _mm512_setzero_ps(); }
inline Vec load(const float* p) { return _mm512_loadu_ps(p); }
inline Vec load(const float* p, Mask m) { return _mm512_maskz_loadu_ps(m, p); }
inline void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
inline void store(float* p, Mask m, Vec v) { _mm512_mask_storeu_ps(p, m, v); }
inline Vec spread(float x) { return _mm512_set1_ps(x); }
inline Vec multiplyAdd(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec sum(Vec a, Vec b) { return _mm512_add_ps(a, b); }
// max returns its second operand when either is NaN, so NaN passes. (GCC 12 warns of the plain
// form.)
inline Vec positive(Vec v) { return _mm512_maskz_max_ps(kAll, _mm512_setzero_ps(), v); }
inline Vec atMost(Vec v, Vec limit) { return _mm512_maskz_min_ps(kAll, limit, v); }
inline Vec difference(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
inline Vec product(Vec a, Vec b) { return _mm512_mul_ps(a, b); }

// v[i][j] becomes v[j][i].
inline void transpose(Vec (&v)[16]) {
  Vec t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_maskz_unpacklo_ps(kAll, v[2 * i], v[2 * i + 1]);
    t[2 * i + 1] = _mm512_maskz_unpackhi_ps(kAll, v[2 * i], v[2 * i + 1]);
  }
  const auto low = [](Vec a, Vec b) __attribute__((always_inline)) {
    return _mm512_castpd_ps(
        _mm512_maskz_unpacklo_pd(0xff, _mm512_castps_pd(a), _mm512_castps_pd(b)));
  };
  const auto high = [](Vec a, Vec b) __attribute__((always_inline)) {
    return _mm512_castpd_ps(
        _mm512_maskz_unpackhi_pd(0xff, _mm512_castps_pd(a), _mm512_castps_pd(b)));
  };
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    v[4 * i] = low(t[4 * i], t[4 * i + 2]);
    v[4 * i + 1] = high(t[4 * i], t[4 * i + 2]);
    v[4 * i + 2] = low(t[4 * i + 1], t[4 * i + 3]);
    v[4 * i + 3] = high(t[4 * i + 1], t[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_maskz_shuffle_f32x4(kAll, v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_maskz_shuffle_f32x4(kAll, v[i], v[i + 4], 0xdd);
    t[i + 8] = _mm512_maskz_shuffle_f32x4(kAll, v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_maskz_shuffle_f32x4(kAll, v[i + 8], v[i + 12], 0xdd);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    v[i] = _mm512_maskz_shuffle_f32x4(kAll, t[i], t[i + 8], 0x88);
    v[i + 8] = _mm512_maskz_shuffle_f32x4(kAll, t[i], t[i + 8], 0xdd);
  }
}

#elif defined(NEURONE_ISA_avx2)

using Vec = __m256;
using Mask = __m256i;
inline constexpr int kLanes = 8;

inline Mask firstLanes(std::int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vec zeros() { return _mm256_setzero_ps(); }
inline Vec load(const float* p) { return _mm256_loadu_ps(p); }
inline Vec load(const float* p, Mask m) { return _mm256_maskload_ps(p, m); }
inline void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
inline void store(float* p, Mask m, Vec v) { _mm256_maskstore_ps(p, m, v); }
inline Vec spread(float x) { return _mm256_set1_ps(x); }
inline Vec multiplyAdd(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec sum(Vec a, Vec b) { return _mm256_add_ps(a, b); }
inline Vec positive(Vec v) { return _mm256_max_ps(_mm256_setzero_ps(), v); }
inline Vec atMost(Vec v, Vec limit) { return _mm256_min_ps(limit, v); }
inline Vec difference(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
inline Vec product(Vec a, Vec b) { return _mm256_mul_ps(a, b); }

inline void transpose(Vec (&v)[8]) {
  Vec t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    v[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    v[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    v[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    v[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[i] = _mm256_permute2f128_ps(v[i], v[i + 4], 0x20);
    t[i + 4] = _mm256_permute2f128_ps(v[i], v[i + 4], 0x31);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) v[i] = t[i];
}

#else

// GCC's and clang's own vectors: SSE2 on x86-64, NEON on ARM.
typedef float Vec __attribute__((vector_size(16)));
typedef float LooseVec __attribute__((vector_size(16), aligned(4), may_alias));
using Mask = std::int64_t;
inline constexpr int kLanes = 4;

inline Mask firstLanes(std::int64_t n) { return n; }
inline Vec zeros() { return Vec{}; }
inline Vec load(const float* p) { return *reinterpret_cast<const LooseVec*>(p); }
inline Vec load(const float* p, Mask m) {
  return Vec{m > 0 ? p[0] : 0, m > 1 ? p[1] : 0, m > 2 ? p[2] : 0, m > 3 ? p[3] : 0};
}
inline void store(float* p, Vec v) { *reinterpret_cast<LooseVec*>(p) = v; }
inline void store(float* p, Mask m, Vec v) {
  for (Mask i = 0; i < m; i++) p[i] = v[i];
}
inline Vec spread(float x) { return Vec{x, x, x, x}; }
inline Vec multiplyAdd(Vec a, Vec b, Vec c) { return a * b + c; }
inline Vec sum(Vec a, Vec b) { return a + b; }
inline Vec positive(Vec v) {
  return Vec{v[0] <= 0 ? 0 : v[0], v[1] <= 0 ? 0 : v[1], v[2] <= 0 ? 0 : v[2],
             v[3] <= 0 ? 0 : v[3]};
}
inline Vec atMost(Vec v, Vec limit) {
  Vec out = v;
  for (int i = 0; i < kLanes; i++) out[i] = v[i] > limit[i] ? limit[i] : v[i];
  return out;
}
inline Vec difference(Vec a, Vec b) { return a - b; }
inline Vec product(Vec a, Vec b) { return a * b; }

inline void transpose(Vec (&v)[4]) {
  const Vec t[4] = {v[0], v[1], v[2], v[3]};
  for (int i = 0; i < 4; i++) v[i] = Vec{t[0][i], t[1][i], t[2][i], t[3][i]};
}

#endif

}  // namespace neurone::NEURONE_ISA::gemm
