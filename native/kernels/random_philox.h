// Philox 4×32-10, several counters at a time. Each 64-bit lane carries one counter's word in its
// low half; what the high half holds never matters, because products read the low halves alone.
#pragma once

#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "vector_math.h"

namespace neurone::NEURONE_ISA {

using Words = Vector<std::uint64_t>;
inline constexpr int kCounters = kLanes<std::uint64_t>;

// Products of the low halves.
[[gnu::always_inline]] inline Words multiplyLow(Words a, Words b) {
#if defined(NEURONE_ISA_avx512)
  // All lanes by mask: gcc 12 warns of the undefined operand inside _mm512_mul_epu32.
  return reinterpret_cast<Words>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(NEURONE_ISA_avx2)
  return reinterpret_cast<Words>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__x86_64__)
  return reinterpret_cast<Words>(
      _mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xffffffff) * (b & 0xffffffff);
#endif
}

// What does not change within one call.
struct PhiloxStream {
  std::uint32_t key[2];
  std::uint32_t counter[3];  // stream, step low, step high

  PhiloxStream(const std::int32_t* words, std::int64_t stream)
      : key{static_cast<std::uint32_t>(words[0]), static_cast<std::uint32_t>(words[1])},
        counter{static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(words[2]),
                static_cast<std::uint32_t>(words[3])} {}
};

// The four words of each of counters block, block + 1, …, in the order in which elements take them.
[[gnu::always_inline]] inline void philox(const PhiloxStream& stream, std::uint32_t block,
                                          std::uint32_t* out) {
  Words c0;
  for (int lane = 0; lane < kCounters; lane++) c0[lane] = block + static_cast<std::uint32_t>(lane);
  Words c1 = Words{} + stream.counter[0];
  Words c2 = Words{} + stream.counter[1];
  Words c3 = Words{} + stream.counter[2];
  std::uint32_t k0 = stream.key[0];
  std::uint32_t k1 = stream.key[1];
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    const Words p0 = multiplyLow(c0, Words{} + 0xd2511f53u);
    const Words p1 = multiplyLow(c2, Words{} + 0xcd9e8d57u);
    c0 = (p1 >> 32) ^ c1 ^ (Words{} + k0);
    c2 = (p0 >> 32) ^ c3 ^ (Words{} + k1);
    c1 = p1;
    c3 = p0;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  const Words low = (c0 & 0xffffffff) | (c1 << 32);
  const Words high = (c2 & 0xffffffff) | (c3 << 32);
  std::uint64_t lows[kCounters];
  std::uint64_t highs[kCounters];
  std::uint64_t joined[2 * kCounters];
  store(lows, low);
  store(highs, high);
#pragma omp simd
  for (int lane = 0; lane < kCounters; lane++) {
    joined[2 * lane] = lows[lane];
    joined[2 * lane + 1] = highs[lane];
  }
  __builtin_memcpy(out, joined, sizeof joined);
}

// The uniform number in [0, 1) of a word.
[[gnu::always_inline]] inline float uniformOf(std::uint32_t word) {
  return static_cast<float>(static_cast<std::int32_t>(word >> 8)) * 5.9604644775390625e-8f;
}

}  // namespace neurone::NEURONE_ISA
