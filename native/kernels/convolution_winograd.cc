// 3×3 convolutions with stride one, and their input's gradient, which is such a convolution of dy
// with the weights turned round. Phases: weights transformed into panels; then blocks of tiles:
// patches transformed, 16 products, outputs transformed back, all within the L2 cache.
#include "convolution_winograd.h"

#include "convolution_epilogue.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

using gemm::difference;
using gemm::Mask;
using gemm::sum;
using gemm::Vec;

constexpr Index kDepth = 384;              // channels multiplied before a product is resumed
constexpr Index kBlockFloats = 160 << 10;  // of transformed patches and outputs
constexpr Index kMostTiles = 8 * kMaxRows;
constexpr Index kBlocks = 16;

struct WinogradPlan : ConvolutionPlan {
  Tiling tiling;
  Index images = 0, tiles = 0, blockTiles = 1;
  Index in = 0, out = 0, columns = 0;  // channels; outputs of one round of products
  Index height = 0, width = 0;         // of the source
  Index targetHeight = 0, targetWidth = 0;
  Index pitch = 0, patchMatrix = 0, outputMatrix = 0, weightMatrix = 0;
};

bool is3x3(const Axis& a) { return a.kernel == 3 && a.stride == 1 && a.dilation == 1; }

// G·g·Gᵀ of kPanel outputs and `channels` inputs, from 9 matrices of kPanel columns.
void transformWeights(const float* taps, Index tapStride, Index channels, float* to,
                      Index matrices) {
  const Vec half = gemm::spread(0.5f);
  const auto spreadThree = [&](Vec a, Vec b, Vec c, Vec * out, int step)
      __attribute__((always_inline)) {
    const Vec outer = gemm::product(half, sum(a, c)), middle = gemm::product(half, b);
    out[0] = a, out[step] = sum(outer, middle);
    out[2 * step] = difference(outer, middle), out[3 * step] = c;
  };
  for (Index c = 0; c < channels; c++)
    for (Index v = 0; v < kPanel; v += kLanes) {
      const float* const from = taps + c * kPanel + v;
      Vec rows[3][4], g[16];
#pragma GCC unroll 3
      for (int i = 0; i < 3; i++)
        spreadThree(gemm::load(from + 3 * i * tapStride),
                    gemm::load(from + (3 * i + 1) * tapStride),
                    gemm::load(from + (3 * i + 2) * tapStride), rows[i], 1);
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) spreadThree(rows[0][j], rows[1][j], rows[2][j], g + j, 4);
#pragma GCC unroll 16
      for (int i = 0; i < kPlaces; i++) gemm::store(to + i * matrices + c * kPanel + v, g[i]);
    }
}

constexpr Index kPackChannels = 32;

// One panel of outputs for kPackChannels inputs.
void packWeights(const Task& task, const WinogradPlan& plan, Index block) {
  const Index panels = ceilDiv(plan.out, kPanel), panel = block % panels;
  const Index channel = block / panels * kPackChannels, column = panel * kPanel;
  const Index channels = least(kPackChannels, plan.in - channel);
  const Index columns = least(kPanel, plan.out - column);
  const Index filters = plan.geometry.filters, perTap = plan.geometry.channels * filters;
  auto* const taps = reinterpret_cast<float*>(task.threadScratch);
  constexpr Index tapStride = kPackChannels * kPanel;
  for (Index i = 0; i < 9 * tapStride && columns < kPanel; i++) taps[i] = 0;
  for (Index tap = 0; tap < 9; tap++) {
    const float* const w = task.in<float>(1);
    if (plan.direction == Direction::forward)
      gemm::packRows(w + tap * perTap + channel * filters + column, filters, channels, columns,
                     taps + tap * tapStride, kPanel);
    else
      gemm::packTransposed(w + (8 - tap) * perTap + column * filters + channel, filters, columns,
                           channels, taps + tap * tapStride, kPanel);
  }
  float* const to =
      reinterpret_cast<float*>(task.sharedScratch) + panel * plan.in * kPanel + channel * kPanel;
  transformWeights(taps, tapStride, channels, to, plan.weightMatrix);
}

// Aᵀ·m·A of one tile, for the outputs [column, column + columns).
void transformOutputs(const WinogradPlan& plan, const Epilogue& epilogue, const float* from,
                      const TilePlace& place, Index column, Index columns, float* y) {
  const Index pixels =
      (place.image * plan.targetHeight + place.row) * plan.targetWidth + place.column;
  float* const target = y + pixels * plan.out + column;
  const Index rowStride = plan.targetWidth * plan.out;
  const bool low = place.row + 1 < plan.targetHeight, wide = place.column + 1 < plan.targetWidth;
  for (Index c = 0; c < columns; c += kLanes) {
    const Mask mask = gemm::firstLanes(least(columns - c, kLanes));
    const auto m = [&](int i) __attribute__((always_inline)) {
      return gemm::load(from + i * plan.outputMatrix + c);
    };
    Vec top[4], bottom[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const Vec second = m(4 + j), third = m(8 + j);
      top[j] = sum(m(j), sum(second, third));
      bottom[j] = difference(difference(second, third), m(12 + j));
    }
    const auto put = [&](Vec v, Index offset) __attribute__((always_inline)) {
      float* const to = target + offset + c;
      gemm::store(to, mask, finishVector(epilogue, v, c, mask, to));
    };
    put(sum(top[0], sum(top[1], top[2])), 0);
    if (wide) put(difference(difference(top[1], top[2]), top[3]), plan.out);
    if (!low) continue;
    put(sum(bottom[0], sum(bottom[1], bottom[2])), rowStride);
    if (wide) put(difference(difference(bottom[1], bottom[2]), bottom[3]), rowStride + plan.out);
  }
}

// The activations that vectors do not go through, on the outputs of one tile.
void activateTile(const WinogradPlan& plan, Activation activation, const TilePlace& place,
                  Index column, Index columns, float* y) {
  for (Index row = place.row; row < least(place.row + 2, plan.targetHeight); row++)
    for (Index at = place.column; at < least(place.column + 2, plan.targetWidth); at++)
      finish(
          {activation},
          y + ((place.image * plan.targetHeight + row) * plan.targetWidth + at) * plan.out + column,
          columns);
}

void multiplyBlock(const Task& task, const WinogradPlan& plan, Index block) {
  const Index first = block * plan.blockTiles, tiles = least(plan.blockTiles, plan.tiles - first);
  auto* const patches = reinterpret_cast<float*>(task.threadScratch);
  float* const outputs = patches + kPlaces * plan.patchMatrix;
  const auto* weights = reinterpret_cast<const float*>(task.sharedScratch);
  float* const y = task.out<float>(0);
  const Images source{task.in<float>(0), plan.height, plan.width, plan.in};
  const Epilogue all = epilogueOf(task);
  Epilogue linear = all;
  if (!isPiecewiseLinear(all.activation)) linear.activation = Activation::linear;

  const TilePlace start(plan.tiling, first);
  TilePlace place = start;
  for (Index t = 0; t < tiles; t++, place.next(plan.tiling))
    transformPatch(source, plan.tiling, place, 0, plan.in, patches + t * plan.pitch,
                   plan.patchMatrix);
  Multiply m;
  m.rows = tiles;
  m.aStride = plan.pitch;
  m.cStride = roundUp(plan.columns, kPanel);
  m.panelStride = plan.in * kPanel;
  for (Index column = 0; column < plan.out; column += plan.columns) {
    m.columns = least(plan.columns, plan.out - column);
    for (int i = 0; i < kPlaces; i++) {
      m.c = outputs + i * plan.outputMatrix;
      for (Index channel = 0; channel < plan.in; channel += kDepth) {
        m.a = patches + i * plan.patchMatrix + channel;
        m.panels = weights + i * plan.weightMatrix + column * plan.in + channel * kPanel;
        m.k = least(kDepth, plan.in - channel);
        m.resume = channel > 0;
        multiply<false>(m);
      }
    }
    place = start;
    for (Index t = 0; t < tiles; t++, place.next(plan.tiling)) {
      transformOutputs(plan, linear.from(column), outputs + t * m.cStride, place, column, m.columns,
                       y);
      if (linear.activation != all.activation)
        activateTile(plan, all.activation, place, column, m.columns, y);
    }
  }
}

bool fits(const Geometry& g, Direction) {
  const Axis& depth = g.axes[0];
  return g.groups == 1 && g.work() > 0 && depth.kernel == 1 && depth.stride == 1 &&
         depth.before == 0 && depth.after == 0 && is3x3(g.axes[1]) && is3x3(g.axes[2]);
}

std::unique_ptr<ConvolutionPlan> plan(const Geometry& g, Direction direction) {
  if (direction == Direction::kernelGrad) return planWinogradGrad(g);
  auto plan = std::make_unique<WinogradPlan>();
  const bool forward = direction == Direction::forward;
  const Axis &rows = g.axes[1], &columns = g.axes[2];
  plan->images = g.images * g.axes[0].size;
  plan->in = forward ? g.channels : g.filters;
  plan->out = forward ? g.filters : g.channels;
  plan->height = forward ? rows.size : rows.output;
  plan->width = forward ? columns.size : columns.output;
  plan->targetHeight = forward ? rows.output : rows.size;
  plan->targetWidth = forward ? columns.output : columns.size;
  plan->tiling = {ceilDiv(plan->targetHeight, 2), ceilDiv(plan->targetWidth, 2),
                  forward ? rows.before : 2 - rows.before,
                  forward ? columns.before : 2 - columns.before};
  plan->tiles = plan->images * plan->tiling.perImage();
  plan->pitch = pitchOf(plan->in);
  plan->columns = least(roundUp(plan->out, kPanel), plan->in <= 128 ? 128 : 64);
  Index most = kBlockFloats / (kPlaces * (plan->pitch + plan->columns)) / kMaxRows * kMaxRows;
  most = convolution::most(least(most, kMostTiles), kMaxRows);
  if (!g.oneThread) most = least(most, roundUp(ceilDiv(plan->tiles, kBlocks), kMaxRows));
  const Index blocks = plan->tiles > 0 ? ceilDiv(plan->tiles, most) : 0;
  plan->blockTiles = blocks > 0 ? ceilDiv(plan->tiles, blocks) : 1;
  plan->patchMatrix = matrixStride(plan->blockTiles * plan->pitch);
  plan->outputMatrix = matrixStride(plan->blockTiles * plan->columns);
  const Index panels = ceilDiv(plan->out, kPanel);
  plan->weightMatrix = matrixStride(panels * plan->in * kPanel);
  const Index packBlocks = panels * ceilDiv(plan->in, kPackChannels);
  plan->blocks = {blocks > 0 ? packBlocks : 0, blocks};
  plan->sharedScratch = static_cast<std::size_t>(kPlaces * plan->weightMatrix) * sizeof(float);
  const Index floats = convolution::most(kPlaces * (plan->patchMatrix + plan->outputMatrix),
                                         9 * kPackChannels * kPanel);
  plan->threadScratch = static_cast<std::size_t>(floats) * sizeof(float);
  return plan;
}

Status run(const Task& task) noexcept {
  const auto& base = static_cast<const ConvolutionPlan&>(task.plan);
  if (base.direction == Direction::kernelGrad) return runWinogradGrad(task);
  const auto& plan = static_cast<const WinogradPlan&>(base);
  for (Index block = task.begin; block < task.end; block++) {
    if (task.phase == 0)
      packWeights(task, plan, block);
    else
      multiplyBlock(task, plan, block);
  }
  return Status::ok;
}

}  // namespace

const Method winograd{"winograd", fits, plan, run};

}  // namespace neurone::NEURONE_ISA::convolution
