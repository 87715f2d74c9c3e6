// The gradient of 3×3 weights: Gᵀ · Σ over tiles (Bᵀ·x·B ⊙ A·dy·Aᵀ) · G, where the sums are 16
// products of transformed patches and tiles. A block has a part of the tiles and an area of the
// weights whose 16 sums stay in the L2 cache. Phases: products; the parts' sums in their order.
#include "convolution_sum.h"
#include "convolution_winograd.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

using gemm::difference;
using gemm::Mask;
using gemm::sum;
using gemm::Vec;

constexpr Index kArea = 64;               // channels and filters of one area
constexpr Index kMostTiles = 128;         // transformed at a time
constexpr Index kTileFloats = 128 << 10;  // of transformed patches and tiles
constexpr Index kBlocks = 32;

struct WinogradGradPlan : ConvolutionPlan {
  Tiling tiling;
  Index tiles = 0, parts = 1, chunk = 1;
  Index channels = 0, filters = 0;  // of an area
  Index channelAreas = 1, filterAreas = 1;
  Index patchMatrix = 0, tileMatrix = 0, sumMatrix = 0;
};

// An even share of n that is a whole number of vectors.
Index share(Index n, Index most) {
  return roundUp(ceilDiv(n, ceilDiv(n, most)), kLanes == 16 ? 16 : 8);
}

// Gᵀ·m·G for one input channel and `filters` filters.
void transformSums(const float* from, Index matrices, Index filters, float* to, Index tapStride) {
  const Vec half = gemm::spread(0.5f);
  const auto gather = [&](Vec a, Vec b, Vec c, Vec d, Vec * out) __attribute__((always_inline)) {
    const Vec both = gemm::product(half, sum(b, c));
    out[0] = sum(a, both);
    out[1] = gemm::product(half, difference(b, c));
    out[2] = sum(both, d);
  };
  for (Index f = 0; f < filters; f += kLanes) {
    const Mask mask = gemm::firstLanes(least(filters - f, kLanes));
    Vec columns[4][3];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const auto m = [&](int i) __attribute__((always_inline)) {
        return gemm::load(from + (i * 4 + j) * matrices + f);
      };
      gather(m(0), m(1), m(2), m(3), columns[j]);
    }
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++) {
      Vec row[3];
      gather(columns[0][i], columns[1][i], columns[2][i], columns[3][i], row);
#pragma GCC unroll 3
      for (int j = 0; j < 3; j++) gemm::store(to + (i * 3 + j) * tapStride + f, mask, row[j]);
    }
  }
}

void multiplyBlock(const Task& task, const WinogradGradPlan& plan, Index block) {
  const Geometry& g = plan.geometry;
  const Index part = block % plan.parts, area = block / plan.parts;
  const Index channel = area % plan.channelAreas * plan.channels;
  const Index filter = area / plan.channelAreas * plan.filters;
  const Index channels = least(plan.channels, g.channels - channel);
  const Index filters = least(plan.filters, g.filters - filter);
  const Images x{task.in<float>(0), g.axes[1].size, g.axes[2].size, g.channels};
  const Images dy{task.in<float>(1), g.axes[1].output, g.axes[2].output, g.filters};
  auto* const patches = reinterpret_cast<float*>(task.threadScratch);
  float* const gradients = patches + kPlaces * plan.patchMatrix;
  float* const sums = gradients + kPlaces * plan.tileMatrix;

  Multiply m;
  m.rows = channels;
  m.columns = filters;
  m.aStride = plan.channels;
  m.cStride = roundUp(plan.filters, kPanel);
  m.panelStride = plan.chunk * kPanel;
  Index tile = plan.tiles * part / plan.parts;
  const Index end = plan.tiles * (part + 1) / plan.parts;
  TilePlace place(plan.tiling, tile);
  do {
    m.k = least(plan.chunk, end - tile);
    for (Index t = 0; t < m.k; t++, place.next(plan.tiling)) {
      transformPatch(x, plan.tiling, place, channel, channels, patches + t * m.aStride,
                     plan.patchMatrix);
      transformTile(dy, place, filter, filters, gradients + t * kPanel, m.panelStride,
                    plan.tileMatrix);
    }
    for (int i = 0; i < kPlaces; i++) {
      m.a = patches + i * plan.patchMatrix;
      m.panels = gradients + i * plan.tileMatrix;
      m.c = sums + i * plan.sumMatrix;
      multiply<true>(m);
    }
    m.resume = true;
    tile += m.k;
  } while (tile < end);

  const Index tapStride = g.channels * g.filters;
  float* const dw = partOf(task, plan.parts, part, 9 * tapStride);
  for (Index c = 0; c < channels; c++)
    transformSums(sums + c * m.cStride, plan.sumMatrix, filters,
                  dw + (channel + c) * g.filters + filter, tapStride);
}

}  // namespace

std::unique_ptr<ConvolutionPlan> planWinogradGrad(const Geometry& g) {
  auto plan = std::make_unique<WinogradGradPlan>();
  const Axis &rows = g.axes[1], &columns = g.axes[2];
  plan->tiling = {ceilDiv(rows.output, 2), ceilDiv(columns.output, 2), rows.before, columns.before};
  plan->tiles = g.images * g.axes[0].output * plan->tiling.perImage();
  plan->channels = share(g.channels, kArea);
  plan->filters = share(g.filters, kArea);
  plan->channelAreas = ceilDiv(g.channels, plan->channels);
  plan->filterAreas = ceilDiv(g.filters, plan->filters);
  const Index wide = roundUp(plan->filters, kPanel);
  plan->chunk = least(kMostTiles, kTileFloats / (kPlaces * (plan->channels + wide)));
  const Index areas = plan->channelAreas * plan->filterAreas,
              size = g.taps() * g.channels * g.filters;
  plan->parts = chooseParts(ceilDiv(kBlocks, areas), plan->tiles / plan->chunk, size);
  plan->patchMatrix = matrixStride(plan->chunk * plan->channels);
  plan->tileMatrix = matrixStride(plan->chunk * wide);
  plan->sumMatrix = matrixStride(plan->channels * wide);
  planParts(*plan, areas, plan->parts, size);
  const Index floats = kPlaces * (plan->patchMatrix + plan->tileMatrix + plan->sumMatrix);
  plan->threadScratch = static_cast<std::size_t>(floats) * sizeof(float);
  return plan;
}

Status runWinogradGrad(const Task& task) noexcept {
  return runParts<WinogradGradPlan>(task, multiplyBlock);
}

}  // namespace neurone::NEURONE_ISA::convolution
