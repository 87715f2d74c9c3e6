// eˣ·2⁴⁰ of whole vectors for x <= 0: what softmax divides by a sum of its like, so that the factor
// cancels. With it no power is denormal, and one addition to the exponent is all that 2ⁿ costs.
// At most 4 ULP from the true value; NaN passes.
#pragma once

#include "streaming.h"

namespace neurone::NEURONE_ISA {

using Ints = Vector<std::int32_t>;

inline constexpr float kExpScale = 1099511627776.0f;
// Smaller arguments count as this one: a 2⁻¹⁶⁶th, which vanishes from every quotient.
inline constexpr float kLeastArgument = -115.0f;

#ifdef NEURONE_ISA_avx512

// x·log₂e = n + f with n a multiple of 1/32 (log₂e in two parts), |f| <= 1/64: eˣ = 2ⁿ·2ᶠ. Two
// vectors hold the 32 fractions' powers, times 2⁴⁰ and less what the fraction's number adds when
// all of n is shifted into the exponent. 2ᶠ needs three terms then. 1.8 ULP at most.
[[gnu::always_inline]] inline Floats scaledExp(const Floats& x) {
  const __m512i low =
      _mm512_setr_epi32(0x53800000, 0x537ecd87, 0x537daac3, 0x537c980f, 0x537b95c2, 0x537aa43a,
                        0x5379c3d3, 0x5378f4f0, 0x537837f0, 0x53778d3a, 0x5376f532, 0x53767043,
                        0x5375fed7, 0x5375a15b, 0x5375583f, 0x537523f6);
  const __m512i high =
      _mm512_setr_epi32(0x537504f3, 0x5374fbaf, 0x537508a4, 0x53752c4d, 0x5375672a, 0x5375b9be,
                        0x5376248c, 0x5376a81e, 0x537744fd, 0x5377fbb8, 0x5378ccdf, 0x5379b907,
                        0x537ac0c7, 0x537be4ba, 0x537d257d, 0x537e83b3);
  const __m512 bounded = _mm512_max_ps(all(kLeastArgument), x);  // the second one if one is NaN
  // Adding 1.5·2¹⁸ rounds to a multiple of 1/32 and leaves its number in the low bits.
  const __m512 shifted = _mm512_fmadd_ps(bounded, all(1.44269502f), all(393216.0f));
  const __m512 n = _mm512_sub_ps(shifted, all(393216.0f));
  __m512 f = _mm512_fmsub_ps(bounded, all(1.44269502f), n);
  f = _mm512_fmadd_ps(bounded, all(1.92596299e-8f), f);
  const __m512i number = _mm512_castps_si512(shifted);
  const __m512 power = _mm512_castsi512_ps(_mm512_add_epi32(
      _mm512_permutex2var_epi32(low, number, high), _mm512_slli_epi32(number, 18)));
  const __m512 slope = _mm512_fmadd_ps(f, all(0.2402265f), all(0.6931573f));
  return _mm512_fmadd_ps(_mm512_mul_ps(power, f), slope, power);
}

#else

[[gnu::always_inline]] inline Floats scaledExp(const Floats& x) {
  const Floats bounded = x < kLeastArgument ? all(kLeastArgument) : x;
  // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
  const Floats shifted = bounded * 1.44269504f + 12582912.0f;
  const Floats n = shifted - 12582912.0f;
  const Floats r = (bounded - n * 0.693359375f) - n * -2.12194440e-4f;
  const Floats q = polynomial<Floats>(r, all(0.49999994f), all(0.166665211f), all(0.0416682661f),
                                      all(0.00836867746f), all(0.00138207339f));
  const Floats p = 1.0f + (r + r * r * q);
  return p * bitCast<Floats>((bitCast<Ints>(shifted) + (127 + 40)) << 23);
}

#endif

}  // namespace neurone::NEURONE_ISA
