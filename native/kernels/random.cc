// Random numbers from a counter: element i depends on the key, the stream and i alone, so blocks of
// elements can be drawn in any order (docs/engineering.md, "Random numbers").
#include "elementwise_nest.h"
#include "random_philox.h"
#include "registry.h"

namespace neurone::NEURONE_ISA {
namespace {

// Words per call of philox(), and per call of what makes numbers of them. Blocks are cut at
// multiples of 64, which is a multiple of the former.
constexpr int kDrawn = 4 * kCounters;
constexpr int kChunk = 256;
static_assert(64 % kDrawn == 0 && kChunk % kDrawn == 0);

struct RandomPlan : ElementsPlan {
  using ElementsPlan::ElementsPlan;
  std::int64_t stream = 0;
};

void requireKey(const ValueInfo& key) {
  require(key.dtype == DType::int32 && key.rank() == 1 && key.shape[0] == 4,
          "a key is four int32 words");
}

std::unique_ptr<RandomPlan> planRandom(const Signature& signature, Index least) {
  AttrReader attrs(signature);
  auto plan = std::make_unique<RandomPlan>(signature.outputs[0].size(), least);
  plan->stream = attrs.integer();
  require(plan->n <= Index{1} << 34, "more elements than counters");
  return plan;
}

template <DType dtype, Index least>
std::unique_ptr<Plan> prepareRandom(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireKey(signature.inputs[0]);
  requireDType(signature.outputs[0], {dtype});
  return planRandom(signature, least);
}

// Calls body(words, first, count) for chunks of elements; there are words for `count` rounded up to
// a multiple of kDrawn.
template <class Body>
[[gnu::always_inline]] inline void forWords(const PhiloxStream& stream, Index begin, Index end,
                                            Body body) {
  alignas(64) std::uint32_t words[kChunk];
  for (Index first = begin; first < end; first += kChunk) {
    const int count = static_cast<int>(end - first < kChunk ? end - first : kChunk);
    for (int i = 0; i < count; i += kDrawn)
      philox(stream, static_cast<std::uint32_t>((first + i) / 4), words + i);
    body(words, first, count);
  }
}

template <class Op>
Status runRandom(const Task& task) noexcept {
  const RandomPlan& plan = planOf<RandomPlan>(task);
  const PhiloxStream stream(task.in<std::int32_t>(0), plan.stream);
  typename Op::Result* out = task.out<typename Op::Result>(0);
  forBlocks(task, plan.n, plan.split, [&](Index begin, Index end) {
    forWords(stream, begin, end, [&](const std::uint32_t* words, Index first, int count) {
      Op::apply(words, out + first, count);
    });
  });
  return Status::ok;
}

struct Bits {
  using Result = std::int32_t;
  static void apply(const std::uint32_t* words, std::int32_t* out, int n) {
#pragma omp simd
    for (int i = 0; i < n; i++) out[i] = static_cast<std::int32_t>(words[i]);
  }
};

struct Uniform {
  using Result = float;
  static void apply(const std::uint32_t* words, float* out, int n) {
#pragma omp simd
    for (int i = 0; i < n; i++) out[i] = uniformOf(words[i]);
  }
};

// Box and Muller, for pairs of words. 4·u₂ is exact, and so is what is left of it after its nearest
// integer.
struct Normal {
  using Result = float;
  static void apply(const std::uint32_t* words, float* out, int n) {
    float first[kChunk / 2];
    float second[kChunk / 2];
    const int pairs = (n + 1) / 2;
#pragma omp simd
    for (int i = 0; i < pairs; i++) {
      const float u1 = uniformOf(words[2 * i]) + 5.9604644775390625e-8f;
      const float turn = 4.0f * uniformOf(words[2 * i + 1]);
      const float shifted = turn + 12582912.0f;
      const float angle = (turn - (shifted - 12582912.0f)) * 1.57079633f;
      const std::uint32_t quadrant = bitCast<std::uint32_t>(shifted);
      const float radius = sqrt(-2.0f * log(u1));
      first[i] = radius * sinQuadrant({angle, quadrant + 1});
      second[i] = radius * sinQuadrant({angle, quadrant});
    }
    for (int i = 0; i < n / 2; i++) {
      out[2 * i] = first[i];
      out[2 * i + 1] = second[i];
    }
    if (n & 1) out[n - 1] = first[n / 2];
  }
};

// 2p − 1 = (Φ(2) − Φ(−2))·((2k + 1)·2⁻²⁴ − 1) for k = word >>> 8; the odd integer is exact.
struct TruncatedNormal {
  using Result = float;
  static void apply(const std::uint32_t* words, float* out, int n) {
#pragma omp simd
    for (int i = 0; i < n; i++) {
      const std::int32_t odd = static_cast<std::int32_t>(words[i] >> 8) * 2 + 1 - 16777216;
      const float centred = static_cast<float>(odd) * 5.9604644775390625e-8f;
      out[i] = 1.41421356f * erfinv(0.954499736f * centred);
    }
  }
};

std::unique_ptr<Plan> prepareDropout(const Signature& signature) {
  requireOperands(signature, 3, 1);
  requireDType(signature.inputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  requireKey(signature.inputs[1]);
  requireScalar(signature.inputs[2], DType::float32);
  return planRandom(signature, kCheap / 2);
}

Status runDropout(const Task& task) noexcept {
  const RandomPlan& plan = planOf<RandomPlan>(task);
  const PhiloxStream stream(task.in<std::int32_t>(1), plan.stream);
  const float rate = *task.in<float>(2);
  const float scale = 1.0f / (1.0f - rate);
  const float* x = task.in<float>(0);
  float* y = task.out<float>(0);
  forBlocks(task, plan.n, plan.split, [&](Index begin, Index end) {
    forWords(stream, begin, end, [&](const std::uint32_t* words, Index first, int count) {
#pragma omp simd
      for (int i = 0; i < count; i++) {
        const float kept = x[first + i] * scale;  // outside the choice, or it would be a branch
        y[first + i] = uniformOf(words[i]) >= rate ? kept : 0.0f;
      }
    });
  });
  return Status::ok;
}

std::unique_ptr<Plan> prepareAdvanceKey(const Signature& signature) {
  requireOperands(signature, 1, 1);
  requireKey(signature.inputs[0]);
  requireKey(signature.outputs[0]);
  return std::make_unique<Plan>();
}

Status runAdvanceKey(const Task& task) noexcept {
  if (task.begin == task.end) return Status::ok;
  const std::int32_t* key = task.in<std::int32_t>(0);
  std::int32_t* next = task.out<std::int32_t>(0);
  const std::uint32_t low = static_cast<std::uint32_t>(key[2]) + 1;
  const std::uint32_t high = static_cast<std::uint32_t>(key[3]) + (low == 0);
  next[0] = key[0];
  next[1] = key[1];
  next[2] = static_cast<std::int32_t>(low);
  next[3] = static_cast<std::int32_t>(high);
  return Status::ok;
}

}  // namespace

void addRandomKernels(KernelList& list) {
  list.push_back({"randomBits", prepareRandom<DType::int32, kCheap / 2>, runRandom<Bits>});
  list.push_back({"randomUniform", prepareRandom<DType::float32, kCheap / 2>, runRandom<Uniform>});
  list.push_back({"randomNormal", prepareRandom<DType::float32, kCostly>, runRandom<Normal>});
  list.push_back({"randomTruncatedNormal", prepareRandom<DType::float32, kCostly>,
                  runRandom<TruncatedNormal>});
  list.push_back({"dropout", prepareDropout, runDropout});
  list.push_back({"advanceKey", prepareAdvanceKey, runAdvanceKey});
}

}  // namespace neurone::NEURONE_ISA
