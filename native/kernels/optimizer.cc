// Updates of n weight tensors at once. The tensors count as one long row that is cut into blocks,
// so that many small ones cost one call and a large one can be shared.
#include "elementwise_nest.h"
#include "registry.h"
#include "vector_math.h"

#ifdef NEURONE_ISA_avx512
#include <immintrin.h>
#endif

extern "C" double pow(double, double) noexcept;

namespace neurone::NEURONE_ISA {
namespace {

// Part [begin, end) of one tensor.
struct Segment {
  int tensor;
  Index begin;
  Index end;
};

struct UpdatePlan : Plan {
  int count = 0;
  bool nesterov = false;
  std::vector<Segment> segments;
  std::vector<Index> first;  // segment that each block starts with, and the number of segments
};

// The inputs are `lists` lists of n tensors each, then float scalars, and at last a step where the
// kernel counts; the outputs are as long as the first `outputLists` lists.
struct Operands {
  int lists;
  int outputLists;
  int scalars;
  bool step;
};

std::unique_ptr<UpdatePlan> planUpdate(const Signature& signature, const Operands& operands) {
  AttrReader attrs(signature);
  const Index count = attrs.integer();
  require(count >= 1 && count <= 1000000, "an impossible number of tensors");
  const auto n = static_cast<std::size_t>(count);
  const std::size_t tensors = n * static_cast<std::size_t>(operands.lists);
  const auto scalars = static_cast<std::size_t>(operands.scalars);
  requireOperands(signature, tensors + scalars + operands.step,
                  n * static_cast<std::size_t>(operands.outputLists));
  for (std::size_t i = 0; i < n; i++) {
    const ValueInfo& w = signature.inputs[i];
    requireDType(w, {DType::float32});
    for (int list = 1; list < operands.lists; list++)
      requireLike(signature.inputs[static_cast<std::size_t>(list) * n + i], w);
    for (int list = 0; list < operands.outputLists; list++)
      requireLike(signature.outputs[static_cast<std::size_t>(list) * n + i], w);
  }
  for (std::size_t i = 0; i < scalars; i++)
    requireScalar(signature.inputs[tensors + i], DType::float32);
  if (operands.step) requireScalar(signature.inputs[tensors + scalars], DType::int32);

  auto plan = std::make_unique<UpdatePlan>();
  plan->count = static_cast<int>(count);
  Index total = 0;
  for (std::size_t i = 0; i < n; i++) {
    total += signature.inputs[i].size();
    require(total <= kMaxSize, "operands too large");
  }
  const Split split = splitEvenly(total, kCheap, 64);
  Index room = split.length;
  plan->first.push_back(0);
  for (int tensor = 0; tensor < plan->count; tensor++) {
    const Index size = signature.inputs[static_cast<std::size_t>(tensor)].size();
    for (Index begin = 0; begin < size;) {
      if (room == 0) {
        plan->first.push_back(static_cast<Index>(plan->segments.size()));
        room = split.length;
      }
      const Index length = size - begin < room ? size - begin : room;
      plan->segments.push_back({tensor, begin, begin + length});
      begin += length;
      room -= length;
    }
  }
  plan->blocks = {static_cast<Index>(plan->first.size())};
  plan->first.push_back(static_cast<Index>(plan->segments.size()));
  return plan;
}

// Calls body(tensor, first element, number of elements) for the segments of the task.
template <class Body>
[[gnu::always_inline]] inline void forSegments(const Task& task, Body body) {
  const UpdatePlan& plan = planOf<UpdatePlan>(task);
  const Segment* segments = plan.segments.data();
  const Index* first = plan.first.data();
  for (Index i = first[task.begin]; i < first[task.end]; i++)
    body(segments[i].tensor, segments[i].begin, segments[i].end - segments[i].begin);
}

std::unique_ptr<Plan> prepareAdam(const Signature& signature) {
  return planUpdate(signature, {.lists = 4, .outputLists = 3, .scalars = 6, .step = true});
}

struct AdamFactors {
  float alpha;
  float rate1;
  float rate2;
  float epsilon;
};

// Whole vectors; returns how many elements those were. AVX-512's square root and division take most
// of a small update (25 cycles for 16 elements), so both are estimates with one Newton step each,
// right to 2 ULP.
#ifdef NEURONE_ISA_avx512
inline Index adamVectors(const float* w, const float* m, const float* v, const float* g,
                         float* newW, float* newM, float* newV, Index n, AdamFactors f) {
  const __m512 alpha = _mm512_set1_ps(f.alpha), epsilon = _mm512_set1_ps(f.epsilon);
  const __m512 rate1 = _mm512_set1_ps(f.rate1), rate2 = _mm512_set1_ps(f.rate2);
  const __m512 half = _mm512_set1_ps(0.5f), one = _mm512_set1_ps(1.0f);
  const __m512 least = _mm512_set1_ps(1.17549435e-38f), most = _mm512_set1_ps(1e38f);
  Index i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m512 gi = _mm512_loadu_ps(g + i), mi = _mm512_loadu_ps(m + i);
    const __m512 vi = _mm512_loadu_ps(v + i);
    const __m512 mean = _mm512_fmadd_ps(_mm512_sub_ps(gi, mi), rate1, mi);
    const __m512 square = _mm512_fmadd_ps(_mm512_fmsub_ps(gi, gi, vi), rate2, vi);
    // √x = x·rsqrt(x), except where rsqrt is not a normal number or x is NaN.
    const __mmask16 plain = _mm512_cmp_ps_mask(square, least, _CMP_GE_OQ) &
                            _mm512_cmp_ps_mask(square, most, _CMP_LE_OQ);
    __m512 root;
    if (plain == 0xffff) {
      const __m512 estimate = _mm512_rsqrt14_ps(square);
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
    _mm512_storeu_ps(newM + i, mean);
    _mm512_storeu_ps(newV + i, square);
    _mm512_storeu_ps(newW + i, _mm512_sub_ps(_mm512_loadu_ps(w + i), quotient));
  }
  return i;
}
#else
inline Index adamVectors(const float*, const float*, const float*, const float*, float*, float*,
                         float*, Index, AdamFactors) {
  return 0;
}
#endif

Status runAdam(const Task& task) noexcept {
  const int count = planOf<UpdatePlan>(task).count;
  const int scalars = 4 * count;
  const double learningRate = *task.in<float>(scalars);
  const double beta1 = *task.in<float>(scalars + 1);
  const double beta2 = *task.in<float>(scalars + 2);
  const float epsilon = *task.in<float>(scalars + 3);
  const double t = static_cast<double>(*task.in<std::int32_t>(scalars + 6)) + 1.0;
  const auto alpha = static_cast<float>(learningRate * __builtin_sqrt(1.0 - ::pow(beta2, t)) /
                                        (1.0 - ::pow(beta1, t)));
  const float rate1 = *task.in<float>(scalars + 4);
  const float rate2 = *task.in<float>(scalars + 5);
  forSegments(task, [&](int tensor, Index begin, Index n) {
    const float* w = task.in<float>(tensor) + begin;
    const float* m = task.in<float>(count + tensor) + begin;
    const float* v = task.in<float>(2 * count + tensor) + begin;
    const float* g = task.in<float>(3 * count + tensor) + begin;
    float* newW = task.out<float>(tensor) + begin;
    float* newM = task.out<float>(count + tensor) + begin;
    float* newV = task.out<float>(2 * count + tensor) + begin;
    const Index i = adamVectors(w, m, v, g, newW, newM, newV, n, {alpha, rate1, rate2, epsilon});
#pragma omp simd
    for (Index j = i; j < n; j++) {
      const float mean = m[j] + (g[j] - m[j]) * rate1;
      const float square = v[j] + (g[j] * g[j] - v[j]) * rate2;
      newM[j] = mean;
      newV[j] = square;
      newW[j] = w[j] - mean * alpha / (sqrt(square) + epsilon);
    }
  });
  return Status::ok;
}

std::unique_ptr<Plan> prepareSgd(const Signature& signature) {
  return planUpdate(signature, {.lists = 2, .outputLists = 1, .scalars = 1, .step = false});
}

Status runSgd(const Task& task) noexcept {
  const int count = planOf<UpdatePlan>(task).count;
  const float learningRate = *task.in<float>(2 * count);
  forSegments(task, [&](int tensor, Index begin, Index n) {
    const float* w = task.in<float>(tensor) + begin;
    const float* g = task.in<float>(count + tensor) + begin;
    float* newW = task.out<float>(tensor) + begin;
#pragma omp simd
    for (Index i = 0; i < n; i++) newW[i] = w[i] - learningRate * g[i];
  });
  return Status::ok;
}

std::unique_ptr<Plan> prepareMomentum(const Signature& signature) {
  auto plan = planUpdate(signature, {.lists = 3, .outputLists = 2, .scalars = 2, .step = false});
  AttrReader attrs(signature);
  attrs.integer();
  plan->nesterov = attrs.boolean();
  return plan;
}

Status runMomentum(const Task& task) noexcept {
  const UpdatePlan& plan = planOf<UpdatePlan>(task);
  const int count = plan.count;
  const float learningRate = *task.in<float>(3 * count);
  const float momentum = *task.in<float>(3 * count + 1);
  const bool nesterov = plan.nesterov;
  forSegments(task, [&](int tensor, Index begin, Index n) {
    const float* w = task.in<float>(tensor) + begin;
    const float* m = task.in<float>(count + tensor) + begin;
    const float* g = task.in<float>(2 * count + tensor) + begin;
    float* newW = task.out<float>(tensor) + begin;
    float* newM = task.out<float>(count + tensor) + begin;
#pragma omp simd
    for (Index i = 0; i < n; i++) {
      const float change = learningRate * g[i];
      const float velocity = momentum * m[i] - change;
      newM[i] = velocity;
      newW[i] = w[i] + (nesterov ? momentum * velocity - change : velocity);
    }
  });
  return Status::ok;
}

}  // namespace

void addOptimizerKernels(KernelList& list) {
  list.push_back({"adam", prepareAdam, runAdam});
  list.push_back({"sgd", prepareSgd, runSgd});
  list.push_back({"momentum", prepareMomentum, runMomentum});
}

}  // namespace neurone::NEURONE_ISA
