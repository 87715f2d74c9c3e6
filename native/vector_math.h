// Elementary functions on float32 as straight-line code: called from a `#pragma omp simd` loop they
// become vector code of whatever width the file is compiled for. At most 4 ULP from the true value
// everywhere; NaN passes; infinities, zeros and denormals are right without relying on any mode of
// the processor. Polynomials are minimax fits of our own with coefficients rounded to float32.
#pragma once

#include <cstdint>

namespace neurone::NEURONE_ISA {

#if defined(NEURONE_ISA_avx512)
inline constexpr int kVectorBytes = 64;
#elif defined(NEURONE_ISA_avx2)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

inline constexpr float kInfinity = __builtin_inff();
inline constexpr float kNaN = __builtin_nanf("");

// As many elements as a register holds, for the loops that keep accumulators in registers.
template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
  static constexpr int lanes = kVectorBytes / static_cast<int>(sizeof(T));
};
template <class T>
using Vector = typename VectorOf<T>::type;
template <class T>
inline constexpr int kLanes = VectorOf<T>::lanes;

template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T* from) {
  Vector<T> vector;
  __builtin_memcpy(&vector, from, sizeof vector);
  return vector;
}
template <class T>
[[gnu::always_inline]] inline void store(T* to, const Vector<T>& vector) {
  __builtin_memcpy(to, &vector, sizeof vector);
}

template <class To, class From>
[[gnu::always_inline]] inline To bitCast(From value) {
  return __builtin_bit_cast(To, value);
}

[[gnu::always_inline]] inline float absolute(float x) { return __builtin_fabsf(x); }
[[gnu::always_inline]] inline float copySign(float x, float sign) {
  return __builtin_copysignf(x, sign);
}
[[gnu::always_inline]] inline float sqrt(float x) { return __builtin_sqrtf(x); }

// c[0] + c[1] x + … by Horner's rule.
template <class T>
[[gnu::always_inline]] inline T polynomial(T, T last) {
  return last;
}
template <class T, class... Rest>
[[gnu::always_inline]] inline T polynomial(T x, T first, Rest... rest) {
  return first + x * polynomial(x, rest...);
}

// 2ⁿ for −126 <= n <= 127.
[[gnu::always_inline]] inline float powerOfTwo(std::int32_t n) {
  return bitCast<float>(static_cast<std::uint32_t>(n + 127) << 23);
}

// Half to even. Adding 2²³ leaves no room for a fraction.
[[gnu::always_inline]] inline float roundEven(float x) {
#ifdef __SSE4_1__
  return __builtin_rintf(x);
#else
  const float shifted = (absolute(x) + 8388608.0f) - 8388608.0f;
  return absolute(x) < 8388608.0f ? copySign(shifted, x) : x;
#endif
}

[[gnu::always_inline]] inline float floor(float x) {
#ifdef __SSE4_1__
  return __builtin_floorf(x);
#else
  const float nearest = roundEven(x);
  return copySign(nearest > x ? nearest - 1.0f : nearest, x);
#endif
}

[[gnu::always_inline]] inline float ceil(float x) {
#ifdef __SSE4_1__
  return __builtin_ceilf(x);
#else
  const float nearest = roundEven(x);
  return copySign(nearest < x ? nearest + 1.0f : nearest, x);
#endif
}

// x = n ln 2 + r with |r| <= ln 2 / 2. Adding 1.5·2²³ rounds to an integer and leaves it in the low
// bits; the first part of ln 2 has 9 bits, so that its product with n is exact.
struct ExpArgument {
  float r;
  std::int32_t n;
};
[[gnu::always_inline]] inline ExpArgument reduceExp(float x) {
  const float shifted = x * 1.44269504f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  return {(x - n * 0.693359375f) - n * -2.12194440e-4f,
          bitCast<std::int32_t>(shifted) - 0x4b400000};
}

[[gnu::always_inline]] inline float exp(float x) {
  float bounded = x > 89.0f ? 89.0f : x;
  bounded = bounded < -104.0f ? -104.0f : bounded;
  const ExpArgument a = reduceExp(bounded);
  const float q =
      polynomial(a.r, 0.49999994f, 0.166665211f, 0.0416682661f, 0.00836867746f, 0.00138207339f);
  const float p = 1.0f + (a.r + a.r * a.r * q);
  // In two steps, because 2ⁿ itself may lie outside the normal numbers.
  const std::int32_t half = a.n >> 1;
  return p * powerOfTwo(half) * powerOfTwo(a.n - half);
}

[[gnu::always_inline]] inline float expm1(float x) {
  float bounded = x > 89.0f ? 89.0f : x;
  bounded = bounded < -18.0f ? -18.0f : bounded;
  const ExpArgument a = reduceExp(bounded);
  const float q =
      polynomial(a.r, 0.49999997f, 0.166665465f, 0.0416674353f, 0.00836626161f, 0.00138706574f);
  const float p = a.r + a.r * a.r * q;
  const float half = powerOfTwo(a.n - 1);  // 2ⁿ would overflow before the result does
  const float y = 2.0f * (half * p + (half - 0.5f));
  return absolute(x) < 1e-8f ? x : y;
}

// m·2ᵉ = x with 2/3 <= m < 4/3, for positive normal x.
struct LogArgument {
  float m;
  std::int32_t e;
};
[[gnu::always_inline]] inline LogArgument splitLog(float x) {
  const std::uint32_t bits = bitCast<std::uint32_t>(x);
  const std::int32_t e = static_cast<std::int32_t>(bits - 0x3f2aaaab) >> 23;
  return {bitCast<float>(bits - (static_cast<std::uint32_t>(e) << 23)), e};
}

// log(1 + f) + e ln 2 for |f| <= 1/3.
[[gnu::always_inline]] inline float logSum(float f, float e) {
  const float z = f * f;
  const float p = polynomial(f, 0.333333343f, -0.249998257f, 0.199996859f, -0.16679357f,
                             0.143025443f, -0.1219863f, 0.107716843f, -0.128333554f, 0.119500235f);
  const float tail = f * z * p + (e * -2.12194440e-4f - 0.5f * z);
  return (f + tail) + e * 0.693359375f;
}

[[gnu::always_inline]] inline float log(float x) {
  const bool tiny = x < 1.17549435e-38f;
  const LogArgument a = splitLog(tiny ? x * 8388608.0f : x);
  const float y = logSum(a.m - 1.0f, static_cast<float>(a.e - (tiny ? 23 : 0)));
  const float positive = x < kInfinity ? y : x;
  return x > 0.0f ? positive : (x == 0.0f ? -kInfinity : kNaN);
}

[[gnu::always_inline]] inline float log1p(float x) {
  const float u = 1.0f + x;
  const float lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);  // 1 + x = u + lost
  const LogArgument a = splitLog(u);
  const std::int32_t bounded = a.e < 126 ? a.e : 126;
  const float y = logSum((a.m - 1.0f) + lost * powerOfTwo(-bounded), static_cast<float>(a.e));
  const float finite = absolute(x) < 1e-8f ? x : y;
  const float positive = x < kInfinity ? finite : x;
  return u > 0.0f ? positive : (u == 0.0f ? -kInfinity : kNaN);
}

[[gnu::always_inline]] inline float sigmoid(float x) {
  const float e = exp(-absolute(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

[[gnu::always_inline]] inline float softplus(float x) {
  return log1p(exp(-absolute(x))) + (x > 0.0f ? x : 0.0f);
}

[[gnu::always_inline]] inline float tanh(float x) {
  const float a = absolute(x);
  const float e = expm1(2.0f * (a > 10.0f ? 10.0f : a));
  return copySign(e / (e + 2.0f), x);
}

[[gnu::always_inline]] inline float erf(float x) {
  const float a = absolute(x);
  const float z = x * x;
  const float centre =
      x + x * polynomial(z, 0.128379166f, -0.376126289f, 0.112836242f, -0.02685556f, 0.00519175362f,
                         -0.000803976785f, 7.94321968e-05f);
  // −log erfc
  const float q =
      polynomial(a > 4.0f ? 4.0f : a, -0.000163493416f, 1.12946045f, 0.633458257f, 0.108156294f,
                 -0.0250386149f, 0.00414009113f, -0.000428007479f, 2.05301239e-05f);
  return a < 0.9f ? centre : copySign(1.0f - exp(-q), x);
}

// The inverse of erf: x times a polynomial in w = −log(1 − x²), or in √w for |x| near one.
[[gnu::always_inline]] inline float erfinv(float x) {
  const float w = -log((1.0f - x) * (1.0f + x));
  const float centre = polynomial(
      w - 2.5f, 1.50140941f, 0.24664028f, -0.00417766627f, -0.00125275529f, 0.000218574351f,
      -4.94383676e-06f, -3.52271695e-06f, 4.60057834e-07f, 2.81009633e-08f, -8.24682989e-09f);
  const float tail = polynomial(sqrt(w) - 3.0f, 2.83297706f, 1.00167465f, 0.00943421479f,
                                -0.00762981223f, 0.00577102276f, -0.00364680728f, 0.00127945119f,
                                7.43510827e-05f, -0.000150195454f);
  const float y = x * (w < 5.0f ? centre : tail);
  return absolute(x) == 1.0f ? copySign(kInfinity, x) : y;
}

// sin and cos for |x| <= π/4.
[[gnu::always_inline]] inline float sinNearZero(float x) {
  const float z = x * x;
  return x + x * z * polynomial(z, -0.166666672f, 0.0083333794f, -0.000198530644f, 2.83251029e-06f);
}
[[gnu::always_inline]] inline float cosNearZero(float x) {
  const float z = x * x;
  return 1.0f +
         (z * z * polynomial(z, 0.0416666679f, -0.001388898f, 2.48220076e-05f, -2.8878452e-07f) -
          0.5f * z);
}

// x = quadrant·π/2 + r with |r| <= π/4, for |x| <= kMaxAngle: in double, with π/2 in two parts, the
// first of 33 bits so that its product with the quadrant is exact.
inline constexpr float kMaxAngle = 1048576.0f;
struct Angle {
  float r;
  std::uint32_t quadrant;
};
[[gnu::always_inline]] inline Angle reduceAngle(float x) {
  const double wide = x;
  const double shifted = wide * 0.63661977236758134 + 6755399441055744.0;
  const double n = shifted - 6755399441055744.0;
  const double r = (wide - n * 1.57079632673412561) - n * 6.07710050650619224e-11;
  return {static_cast<float>(r), static_cast<std::uint32_t>(bitCast<std::uint64_t>(shifted))};
}

// sin(r + quadrant·π/2).
[[gnu::always_inline]] inline float sinQuadrant(Angle angle) {
  const float y = angle.quadrant & 1 ? cosNearZero(angle.r) : sinNearZero(angle.r);
  return bitCast<float>(bitCast<std::uint32_t>(y) ^ ((angle.quadrant & 2) << 30));
}

// For |x| <= kMaxAngle; beyond, the loops ask libm.
[[gnu::always_inline]] inline float sin(float x) {
  const float y = sinQuadrant(reduceAngle(x));
  return x == 0.0f ? x : y;
}
[[gnu::always_inline]] inline float cos(float x) {
  const Angle angle = reduceAngle(x);
  return sinQuadrant({angle.r, angle.quadrant + 1});
}
[[gnu::always_inline]] inline float tan(float x) {
  const Angle angle = reduceAngle(x);
  const float z = angle.r * angle.r;
  const float t =
      angle.r + angle.r * z *
                    polynomial(z, 0.333333492f, 0.133326724f, 0.054059431f, 0.0212829504f,
                               0.0108369617f, 8.5125117e-05f, 0.00437959889f);
  const float y = angle.quadrant & 1 ? -1.0f / t : t;
  return x == 0.0f ? x : y;
}

// C's pow. y·log₂|x| and 2 to that power are taken in double, which leaves nothing to round twice.
[[gnu::always_inline]] inline float pow(float x, float y) {
  const double a = absolute(x);
  const std::uint64_t bits = bitCast<std::uint64_t>(a);
  // The high word of a double is that of its exponent; mantissa in [√½, √2).
  const std::int32_t e = static_cast<std::int32_t>((bits - 0x3fe6a09e667f3bcd) >> 32) >> 20;
  const double m =
      bitCast<double>(bits - (static_cast<std::uint64_t>(static_cast<std::uint32_t>(e)) << 52));
  const double s = (m - 1.0) / (m + 1.0);
  const double fraction =
      s * polynomial(s * s, 2.8853900817779272, 0.96179669392431444, 0.57707801725486296,
                     0.41219840072855463, 0.32061647999955956, 0.26144131240259666,
                     0.24295118368914715);
  const double finite = fraction + static_cast<double>(e);
  const double inf = static_cast<double>(kInfinity);
  const double logarithm = a == 0.0 ? -inf : (a < inf ? finite : a);

  double exponent = static_cast<double>(y) * logarithm;
  exponent = exponent > 200.0 ? 200.0 : exponent;
  exponent = exponent < -200.0 ? -200.0 : exponent;
  const double shifted = exponent + 6755399441055744.0;
  const double r = exponent - (shifted - 6755399441055744.0);
  const double p =
      polynomial(r, 0.99999999999976186, 0.69314718054649282, 0.24022650698885006,
                 0.055504109394285239, 0.0096181285422097668, 0.001333345197786647,
                 0.00015403851990349071, 1.5309760120883332e-05, 1.3175845176562806e-06);
  const std::int64_t n = bitCast<std::int64_t>(shifted) - 0x4338000000000000;
  const double scale = bitCast<double>(static_cast<std::uint64_t>(n + 1023) << 52);
  const float magnitude = static_cast<float>(p * scale);

  // Adding 2²³ leaves an integer whose last bit is its parity; floats from 2²⁴ up are even. No &&
  // or
  // ||, and no call under a condition: a branch would keep loops from becoming vector code.
  const float ay = absolute(y);
  const float shiftedY = ay + 8388608.0f;
  const bool large = ay >= 8388608.0f;
  const bool integer = large | (shiftedY - 8388608.0f == ay);
  const std::uint32_t parity = bitCast<std::uint32_t>(large ? ay : shiftedY) & 1;
  const std::uint32_t odd = integer & (ay < 16777216.0f) ? parity : 0;
  const float signedPower =
      bitCast<float>(bitCast<std::uint32_t>(magnitude) | (bitCast<std::uint32_t>(x) & (odd << 31)));
  const bool undefined = (x < 0.0f) & !integer & (absolute(x) < kInfinity);
  const float power = undefined ? kNaN : signedPower;
  const bool one = (x == 1.0f) | (y == 0.0f) | ((x == -1.0f) & (ay == kInfinity));
  return one ? 1.0f : power;
}

}  // namespace neurone::NEURONE_ISA
