// maxPool, maxPoolPick and maxPoolGrad. The place of a maximum is not kept but found again, with x
// in hand: it costs less than to write and read it. Blocks of the gradient are slabs of images; a
// window that reaches into two slabs is looked at by both, and each writes what is its own, in the
// same order of windows.
#include "pooling.h"

namespace neurone::NEURONE_ISA {
namespace {

using namespace pool;

#if defined(NEURONE_ISA_avx512)
using Places = __m512i;
using Choice = __mmask16;
inline Vec choose(Choice choice, Vec a, Vec b) { return _mm512_mask_blend_ps(choice, b, a); }
inline Places choose(Choice choice, Places a, Places b) {
  return _mm512_mask_blend_epi32(choice, b, a);
}
inline Places allAt(int place) { return _mm512_set1_epi32(place); }
inline Choice isAt(Places places, int place) {
  return _mm512_cmpeq_epi32_mask(places, allAt(place));
}
inline Choice isNaN(Vec x) { return _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q); }
// Whether x comes after `most` as a maximum: greater, or the first NaN.
inline Choice beats(Vec x, Vec most) {
  const Choice ordered = _mm512_cmp_ps_mask(most, most, _CMP_ORD_Q);
  return _mm512_mask_cmp_ps_mask(ordered, x, most, _CMP_NLE_UQ);
}
inline Vec greater(Vec x, Vec most) {
  // The second operand where either is NaN.
  return choose(isNaN(x), x, _mm512_maskz_max_ps(gemm::kAll, x, most));
}
#elif defined(NEURONE_ISA_avx2)
using Places = __m256i;
using Choice = __m256;
inline Vec choose(Choice choice, Vec a, Vec b) { return _mm256_blendv_ps(b, a, choice); }
inline Places choose(Choice choice, Places a, Places b) {
  return _mm256_castps_si256(choose(choice, _mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
}
inline Places allAt(int place) { return _mm256_set1_epi32(place); }
inline Choice isAt(Places places, int place) {
  return _mm256_castsi256_ps(_mm256_cmpeq_epi32(places, allAt(place)));
}
inline Choice isNaN(Vec x) { return _mm256_cmp_ps(x, x, _CMP_UNORD_Q); }
inline Choice beats(Vec x, Vec most) {
  return _mm256_and_ps(_mm256_cmp_ps(most, most, _CMP_ORD_Q), _mm256_cmp_ps(x, most, _CMP_NLE_UQ));
}
inline Vec greater(Vec x, Vec most) { return choose(isNaN(x), x, _mm256_max_ps(x, most)); }
#else
typedef std::int32_t Places __attribute__((vector_size(16)));
using Choice = Places;
inline Vec choose(Choice choice, Vec a, Vec b) { return choice ? a : b; }
inline Places choose(Choice choice, Places a, Places b) { return choice ? a : b; }
inline Places allAt(int place) { return Places{place, place, place, place}; }
inline Choice isAt(Places places, int place) { return places == allAt(place); }
inline Choice beats(Vec x, Vec most) { return (most == most) & ~(x <= most); }
inline Vec greater(Vec x, Vec most) { return choose((x > most) | (x != x), x, most); }
#endif

struct MaxPlan : PoolPlan {
  int slabAxis = 1;  // the gradient's blocks: images, or slabs of them along this axis
  Split slabs, imageSplit;
};

// x → y.
std::unique_ptr<Plan> prepareMax(const Signature& signature) {
  requireOperands(signature, 1, 1);
  AttrReader attrs(signature);
  auto plan = std::make_unique<MaxPlan>();
  readGeometry(*plan, attrs, signature.inputs[0], signature.outputs[0]);
  const Index rows = plan->outputRows(), elements = signature.inputs[0].size();
  plan->rowSplit = splitEvenly(rows, kCheap * rows / (elements + 1), 1);
  plan->blocks = {plan->rowSplit.count};
  return plan;
}

// t, x → y.
std::unique_ptr<Plan> preparePick(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireLike(signature.inputs[0], signature.inputs[1]);
  Signature plain = signature;
  plain.inputs.erase(plain.inputs.begin());
  return prepareMax(plain);
}

// dy, x → dx.
std::unique_ptr<Plan> prepareMaxGrad(const Signature& signature) {
  requireOperands(signature, 2, 1);
  requireLike(signature.inputs[1], signature.outputs[0]);
  AttrReader attrs(signature);
  auto plan = std::make_unique<MaxPlan>();
  readGeometry(*plan, attrs, signature.inputs[1], signature.inputs[0]);
  plan->slabAxis = plan->axes[0].size > 1 ? 0 : 1;
  const Axis& axis = plan->axes[plan->slabAxis];
  const Index images = plan->images, elements = signature.inputs[1].size();
  const Index wanted = splitEvenly(elements, kCheap, 1, 64).count;
  // Slabs of a few windows: little is looked at twice.
  plan->slabs = splitEvenly(axis.size, 2 * axis.stride + 2 * axis.window, axis.stride,
                            images > 0 ? (wanted + images - 1) / images : 1);
  plan->imageSplit = splitEvenly(images, images * kCheap / (elements + 1), 1);
  if (plan->slabs.count > 1) plan->imageSplit = {1, images};
  plan->blocks = {images > 0 ? plan->imageSplit.count * plan->slabs.count : 0};
  return plan;
}

void maxRow(const PoolPlan& plan, Box box, const float* image, float* y) {
  const Index channels = plan.channels;
  for (Index o = 0; o < plan.axes[2].out; o++, y += channels) {
    box.w = plan.axes[2].taps(o);
    forChunks(
        channels, [&](auto chunk, Index c) __attribute__((always_inline)) {
          constexpr int V = decltype(chunk)::vectors;
          Vec most[V];
          for (int v = 0; v < V; v++) most[v] = gemm::spread(-__builtin_inff());
          forPixels(
              plan, box, [&](Index pixel) __attribute__((always_inline)) {
                const float* x = image + pixel * channels + c;
#pragma GCC unroll 4
                for (int v = 0; v < V; v++) most[v] = greater(chunk.read(x, v), most[v]);
              });
#pragma GCC unroll 4
          for (int v = 0; v < V; v++) chunk.write(y + c, v, most[v]);
        });
  }
}

void pickRow(const MaxPlan& plan, Box box, const float* ts, const float* image, float* y) {
  const Index channels = plan.channels;
  for (Index o = 0; o < plan.axes[2].out; o++, y += channels) {
    box.w = plan.axes[2].taps(o);
    forChunks(
        channels, [&](auto chunk, Index c) __attribute__((always_inline)) {
          constexpr int V = decltype(chunk)::vectors;
          Vec most[V], picked[V];
          const Index first =
              (box.d.begin * plan.axes[1].size + box.h.begin) * plan.axes[2].size + box.w.begin;
          for (int v = 0; v < V; v++) {
            most[v] = picked[v] = gemm::zeros();
            if (box.empty()) continue;
            most[v] = chunk.read(image + first * channels + c, v);
            picked[v] = chunk.read(ts + first * channels + c, v);
          }
          forPixels(
              plan, box, [&](Index pixel) __attribute__((always_inline)) {
                const float* x = image + pixel * channels + c;
                const float* t = ts + pixel * channels + c;
#pragma GCC unroll 4
                for (int v = 0; v < V; v++) {
                  const Vec next = chunk.read(x, v);
                  const Choice better = beats(next, most[v]);
                  most[v] = choose(better, next, most[v]);
                  picked[v] = choose(better, chunk.read(t, v), picked[v]);
                }
              });
#pragma GCC unroll 4
          for (int v = 0; v < V; v++) chunk.write(y + c, v, picked[v]);
        });
  }
}

Status runMax(const Task& task) noexcept {
  const auto& plan = planOf<MaxPlan>(task);
  forBlocks(task, plan.outputRows(), plan.rowSplit, [&](Index begin, Index end) {
    maxRows(plan, task.in<float>(0), task.out<float>(0), begin, end);
  });
  return Status::ok;
}

Status runPick(const Task& task) noexcept {
  const auto& plan = planOf<MaxPlan>(task);
  const Index perRow = plan.axes[2].out * plan.channels;
  const Index perImage = plan.inputPixels() * plan.channels;
  forBlocks(task, plan.outputRows(), plan.rowSplit, [&](Index begin, Index end) {
    forOutputRows(plan, begin, end, [&](Index image, const Box& box, Index row) {
      pickRow(plan, box, task.in<float>(0) + image * perImage, task.in<float>(1) + image * perImage,
              task.out<float>(0) + row * perRow);
    });
  });
  return Status::ok;
}

// Sends dy of one window to the place of its maximum, as far as it lies in `own`. Windows apart
// write every place of theirs; others add to what is there.
template <bool kApart>
void sendWindow(const MaxPlan& plan, const Box& box, const Box& own, const float* image,
                const float* dy, float* dx) {
  const Index channels = plan.channels;
  forChunks(
      channels, [&](auto chunk, Index c) __attribute__((always_inline)) {
        constexpr int V = decltype(chunk)::vectors;
        const Index first =
            (box.d.begin * plan.axes[1].size + box.h.begin) * plan.axes[2].size + box.w.begin;
        Vec most[V];
        Places places[V];
        for (int v = 0; v < V; v++) {
          most[v] = chunk.read(image + first * channels + c, v);
          places[v] = allAt(0);
        }
        int tap = 0;
        forPixels(
            plan, box, [&](Index pixel) __attribute__((always_inline)) {
              const float* x = image + pixel * channels + c;
              const Places here = allAt(tap++);
#pragma GCC unroll 4
              for (int v = 0; v < V; v++) {
                const Vec next = chunk.read(x, v);
                const Choice better = beats(next, most[v]);
                most[v] = choose(better, next, most[v]);
                places[v] = choose(better, here, places[v]);
              }
            });
        Vec sent[V];
        for (int v = 0; v < V; v++) sent[v] = chunk.read(dy + c, v);
        const Index rows = box.h.end - box.h.begin, columns = box.w.end - box.w.begin;
        for (Index d = own.d.begin; d < own.d.end; d++)
          for (Index h = own.h.begin; h < own.h.end; h++) {
            tap = static_cast<int>(((d - box.d.begin) * rows + h - box.h.begin) * columns);
            float* to =
                dx + ((d * plan.axes[1].size + h) * plan.axes[2].size + box.w.begin) * channels;
            for (Index w = 0; w < columns; w++, tap++, to += channels) {
#pragma GCC unroll 4
              for (int v = 0; v < V; v++) {
                const Vec part = choose(isAt(places[v], tap), sent[v], gemm::zeros());
                chunk.write(to + c, v, kApart ? part : gemm::sum(part, chunk.read(to + c, v)));
              }
            }
          }
      });
}

Range overlap(const Range& a, const Range& b) {
  return {a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
}

template <bool kApart>
void sendSlab(const MaxPlan& plan, const Range& slab, const float* image, const float* dy,
              float* dx) {
  const Axis &d = plan.axes[0], &h = plan.axes[1], &w = plan.axes[2];
  const Range ds = plan.slabAxis == 0 ? slab : Range{0, d.size};
  const Range hs = plan.slabAxis == 1 ? slab : Range{0, h.size};
  if (!kApart || !plan.covers()) {
    const Index row = w.size * plan.channels;
    for (Index z = ds.begin; z < ds.end; z++) {
      float* to = dx + (z * h.size + hs.begin) * row;
      for (Index i = 0; i < (hs.end - hs.begin) * row; i++) to[i] = 0;
    }
  }
  const Range outD = d.outputs(ds.begin, ds.end), outH = h.outputs(hs.begin, hs.end);
  for (Index od = outD.begin; od < outD.end; od++)
    for (Index oh = outH.begin; oh < outH.end; oh++) {
      Box box{d.taps(od), h.taps(oh), {}};
      Box own{overlap(box.d, ds), overlap(box.h, hs), {}};
      const float* from = dy + (od * h.out + oh) * w.out * plan.channels;
      for (Index ow = 0; ow < w.out; ow++, from += plan.channels) {
        box.w = own.w = w.taps(ow);
        if (!box.empty()) sendWindow<kApart>(plan, box, own, image, from, dx);
      }
    }
}

Status runMaxGrad(const Task& task) noexcept {
  const auto& plan = planOf<MaxPlan>(task);
  const Axis& axis = plan.axes[plan.slabAxis];
  const Index in = plan.inputPixels() * plan.channels, out = plan.outputPixels() * plan.channels;
  const bool apart = plan.apart();
  for (Index block = task.begin; block < task.end; block++) {
    const Index part = block % plan.slabs.count, group = block / plan.slabs.count;
    const Range slab{plan.slabs.begin(part), plan.slabs.end(part, axis.size)};
    const Index end = plan.imageSplit.end(group, plan.images);
    for (Index image = plan.imageSplit.begin(group); image < end; image++)
      (apart ? sendSlab<true> : sendSlab<false>)(plan, slab, task.in<float>(1) + image * in,
                                                 task.in<float>(0) + image * out,
                                                 task.out<float>(0) + image * in);
  }
  return Status::ok;
}

}  // namespace

void pool::maxRows(const PoolPlan& plan, const float* x, float* y, Index begin,
                   Index end) noexcept {
  const Index perRow = plan.axes[2].out * plan.channels;
  const Index perImage = plan.inputPixels() * plan.channels;
  forOutputRows(plan, begin, end, [&](Index image, const Box& box, Index row) {
    maxRow(plan, box, x + image * perImage, y + row * perRow);
  });
}

void addMaxPoolKernels(KernelList& list) {
  list.push_back({"maxPool", prepareMax, runMax});
  list.push_back({"maxPoolPick", preparePick, runPick});
  list.push_back({"maxPoolGrad", prepareMaxGrad, runMaxGrad});
}

}  // namespace neurone::NEURONE_ISA
