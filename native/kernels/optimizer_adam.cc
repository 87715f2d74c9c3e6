// Adam's family: steps scaled by running moments of the gradient, corrected for their start at
// zero.
#include "optimizer.h"

#ifdef NEURONE_ISA_avx512
#include <immintrin.h>
#endif

namespace neurone::NEURONE_ISA {
namespace {

// a + (x − a)·rate
[[gnu::always_inline]] inline float towards(float a, float x, float rate) {
  return a + (x - a) * rate;
}

// Powers are taken in double precision: 1 − βᵗ would lose half of float32's digits.
[[gnu::always_inline]] inline double remainderOf(float beta, double t) {
  return 1.0 - ::pow(static_cast<double>(beta), t);
}

struct AdamFactors {
  float alpha, rate1, rate2, epsilon;

  explicit AdamFactors(const Scalars& s)
      : alpha(static_cast<float>(static_cast<double>(s[0]) *
                                 __builtin_sqrt(remainderOf(s[2], s.t())) /
                                 remainderOf(s[1], s.t()))),
        rate1(s[4]),
        rate2(s[5]),
        epsilon(s[3]) {}
};

struct Adam : AdamFactors {
  static constexpr Operands operands{.slots = 2, .scalars = 6, .counts = true};
  using AdamFactors::AdamFactors;
  float operator()(float w, float g, float& m, float& v) const {
    m = towards(m, g, rate1);
    v = towards(v, g * g, rate2);
    return w - m * alpha / (sqrt(v) + epsilon);
  }
};

// Whole vectors; returns how many elements those were. AVX-512's square root and division take most
// of a small update (25 cycles for 16 elements), so both are estimates with one Newton step each,
// right to 2 ULP.
#ifdef NEURONE_ISA_avx512
template <bool decays>
inline Index adamVectors(const Arrays<2>& arrays, Index n, AdamFactors f, float decayFactor) {
  const float *w = arrays.w, *g = arrays.g, *m = arrays.slots[0], *v = arrays.slots[1];
  float *newW = arrays.newW, *newM = arrays.newSlots[0], *newV = arrays.newSlots[1];
  const __m512 alpha = _mm512_set1_ps(f.alpha), epsilon = _mm512_set1_ps(f.epsilon);
  const __m512 rate1 = _mm512_set1_ps(f.rate1), rate2 = _mm512_set1_ps(f.rate2);
  const __m512 half = _mm512_set1_ps(0.5f), one = _mm512_set1_ps(1.0f);
  const __m512 zero = _mm512_setzero_ps();
  const __m512 least = _mm512_set1_ps(1.17549435e-38f), most = _mm512_set1_ps(1e38f);
  const __m512 decay = _mm512_set1_ps(decayFactor);
  Index i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m512 gi = _mm512_loadu_ps(g + i), mi = _mm512_loadu_ps(m + i);
    const __m512 vi = _mm512_loadu_ps(v + i);
    const __m512 mean = _mm512_fmadd_ps(_mm512_sub_ps(gi, mi), rate1, mi);
    const __m512 square = _mm512_fmadd_ps(_mm512_fmsub_ps(gi, gi, vi), rate2, vi);
    // √x = x·rsqrt(x), except where rsqrt is not a normal number or x is NaN. Zero is left out of
    // the estimate: units that never fire have no other.
    const __mmask16 plain = _mm512_cmp_ps_mask(square, least, _CMP_GE_OQ) &
                            _mm512_cmp_ps_mask(square, most, _CMP_LE_OQ);
    __m512 root;
    if ((plain | _mm512_cmp_ps_mask(square, zero, _CMP_EQ_OQ)) == 0xffff) {
      const __m512 estimate = _mm512_maskz_rsqrt14_ps(plain, square);
      const __m512 product = _mm512_mul_ps(square, estimate);
      const __m512 error = _mm512_fnmadd_ps(product, estimate, one);
      root = _mm512_fmadd_ps(_mm512_mul_ps(product, half), error, product);
    } else {
      root = _mm512_sqrt_ps(square);
    }
    const __m512 divisor = _mm512_add_ps(root, epsilon);
    const __mmask16 invertible = _mm512_cmp_ps_mask(divisor, least, _CMP_GE_OQ) &
                                 _mm512_cmp_ps_mask(divisor, most, _CMP_LE_OQ);
    const __m512 step = _mm512_mul_ps(mean, alpha);
    __m512 quotient;
    if (invertible == 0xffff) {
      __m512 inverse = _mm512_rcp14_ps(divisor);
      inverse = _mm512_fmadd_ps(_mm512_fnmadd_ps(divisor, inverse, one), inverse, inverse);
      quotient = _mm512_mul_ps(step, inverse);
    } else {
      quotient = _mm512_div_ps(step, divisor);
    }
    const __m512 wi = _mm512_loadu_ps(w + i);
    const __m512 weight = decays ? _mm512_fnmadd_ps(wi, decay, wi) : wi;
    _mm512_storeu_ps(newM + i, mean);
    _mm512_storeu_ps(newV + i, square);
    _mm512_storeu_ps(newW + i, _mm512_sub_ps(weight, quotient));
  }
  return i;
}
#else
template <bool decays>
inline Index adamVectors(const Arrays<2>&, Index, AdamFactors, float) {
  return 0;
}
#endif

template <bool decays>
inline void updateAdam(const Adam& rule, const Arrays<2>& arrays, Index n, float decay) {
  const Index done = adamVectors<decays>(arrays, n, rule, decay);
  updateElements<decays>(rule, arrays, decay, done, n);
}

Status runAdam(const Task& task) noexcept {
  const Scalars scalars = scalarsOf(task, Adam::operands);
  const Adam rule(scalars);
  const float decay = scalars.decay();
  forSegments(task, [&](const Segment& segment) {
    const Arrays<2> arrays = arraysOf<2>(task, segment);
    const Index n = segment.end - segment.begin;
    if (segment.decays)
      updateAdam<true>(rule, arrays, n, decay);
    else
      updateAdam<false>(rule, arrays, n, decay);
  });
  return Status::ok;
}

struct Amsgrad : AdamFactors {
  static constexpr Operands operands{.slots = 3, .scalars = 6, .counts = true};
  using AdamFactors::AdamFactors;
  float operator()(float w, float g, float& m, float& v, float& largest) const {
    m = towards(m, g, rate1);
    v = towards(v, g * g, rate2);
    largest = largest < v || v != v ? v : largest;
    return w - m * alpha / (sqrt(largest) + epsilon);
  }
};

struct Adamax {
  static constexpr Operands operands{.slots = 2, .scalars = 5, .counts = true};
  float learningRate, beta2, epsilon, rate1, corrected;

  explicit Adamax(const Scalars& s)
      : learningRate(s[0]),
        beta2(s[2]),
        epsilon(s[3]),
        rate1(s[4]),
        corrected(static_cast<float>(remainderOf(s[1], s.t()))) {}
  float operator()(float w, float g, float& m, float& u) const {
    m = towards(m, g, rate1);
    const float faded = beta2 * u, size = absolute(g);
    u = faded < size || size != size ? size : faded;
    return w - learningRate * m / (corrected * (u + epsilon));
  }
};

struct Nadam {
  static constexpr Operands operands{.slots = 2, .scalars = 5, .counts = true};
  float learningRate, rate1, rate2, epsilon, ofMean, ofGradient, corrected;

  explicit Nadam(const Scalars& s)
      : learningRate(s[0]),
        rate1(1.0f - s[1]),
        rate2(1.0f - s[2]),
        epsilon(s[3]),
        corrected(static_cast<float>(remainderOf(s[2], s.t()))) {
    const double now = weightAt(s[1], s.t()), after = weightAt(s[1], s.t() + 1.0);
    const double product = static_cast<double>(s[4]);
    ofMean = static_cast<float>(after / (1.0 - product * after));
    ofGradient = static_cast<float>((1.0 - now) / (1.0 - product));
  }
  static double weightAt(float beta, double t) {
    return static_cast<double>(beta) * (1.0 - 0.5 * ::pow(0.96, t));
  }
  float operator()(float w, float g, float& m, float& v) const {
    m = towards(m, g, rate1);
    v = towards(v, g * g, rate2);
    const float mean = ofMean * m + ofGradient * g;
    return w - mean * learningRate / (sqrt(v / corrected) + epsilon);
  }
};

struct ScheduleFree {
  static constexpr Operands operands{.slots = 2, .scalars = 4, .counts = true};
  float learningRate, beta1, rest1, rate2, epsilon, corrected, share, kept;

  explicit ScheduleFree(const Scalars& s)
      : learningRate(s[0]),
        beta1(s[1]),
        rest1(1.0f - s[1]),
        rate2(1.0f - s[2]),
        epsilon(s[3]),
        corrected(static_cast<float>(remainderOf(s[2], s.t()))),
        share(static_cast<float>(1.0 / s.t())),
        kept(1.0f - share) {}
  float operator()(float y, float g, float& z, float& v) const {
    v = towards(v, g * g, rate2);
    z = z - learningRate * g / (sqrt(v / corrected) + epsilon);
    const float outer = rest1 * z;
    const float mean = kept * ((y - outer) / beta1) + share * z;
    return outer + beta1 * mean;
  }
};

}  // namespace

void addAdamKernels(KernelList& list) {
  list.push_back({"adam", prepareUpdate<Adam>, runAdam});
  list.push_back(updateKernel<Amsgrad>("amsgrad"));
  list.push_back(updateKernel<Adamax>("adamax"));
  list.push_back(updateKernel<Nadam>("nadam"));
  list.push_back(updateKernel<ScheduleFree>("scheduleFree"));
}

}  // namespace neurone::NEURONE_ISA
