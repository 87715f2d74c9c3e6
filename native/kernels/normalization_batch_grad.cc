// batchNormGrad: with d = x − mean, r = 1/√(variance + ε) and δ the mean of d (what rounding took
// from the mean), x̂ = (d − δ)·r and
//   dβ = Σ dy,  dγ = Σ dy·x̂,  dx = γ·r·(dy − dβ/n − x̂·dγ/n).
// The sums are one pass over x and dy, dx another. With an activation dy is that of its output:
// what went into it is computed again from x, to the same bits, which costs less than reading it.
#include "normalization.h"
#include "normalization_channels.h"

namespace neurone::NEURONE_ISA {
namespace {

// Sums over rows that are taken of each column: dy, dy·d and d.
constexpr Index kSums = 3;
// Values per column that they need: mean, scale and offset.
constexpr Index kFactors = 3;

// dy, x, mean, variance, gamma, epsilon, offset → dx, dgamma, dbeta.
std::unique_ptr<Plan> prepareBatchNormGrad(const Signature& signature) {
  requireOperands(signature, 7, 3);
  requireDType(signature.inputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.inputs[1]);
  requireLike(signature.inputs[0], signature.outputs[0]);
  auto plan = std::make_unique<ChannelsPlan>(signature.inputs[0]);
  for (const std::size_t i : {2, 3, 4, 6}) requireChannels(*plan, signature.inputs[i]);
  for (std::size_t i = 1; i < 3; i++) requireChannels(*plan, signature.outputs[i]);
  requireScalar(signature.inputs[5], DType::float32);
  plan->activation = requireActivation(signature);
  plan->blocks = {plan->sumBlocks(), plan->channelSplit.count, plan->tiles.count()};
  const auto columns = static_cast<std::size_t>(plan->columnSplit.length);
  plan->threadScratch = columns * (kSums * sizeof(double) + (kSums + kFactors) * sizeof(float));
  plan->sharedScratch =
      static_cast<std::size_t>(kSums * plan->rowSplit.count * plan->channels) * sizeof(double) +
      static_cast<std::size_t>(5 * plan->wide) * sizeof(float);
  return plan;
}

// The sums of block `rowBlock`, one row of channels for each.
[[gnu::always_inline]] inline double* sumsOf(const Task& task, Index rowBlock) {
  const ChannelsPlan& plan = planOf<ChannelsPlan>(task);
  return reinterpret_cast<double*>(task.sharedScratch) + rowBlock * kSums * plan.channels;
}

// The tables of a wide row: mean, what dy, d and 1 are multiplied with, and the offset of y.
[[gnu::always_inline]] inline float* tablesOf(const Task& task) {
  return reinterpret_cast<float*>(sumsOf(task, planOf<ChannelsPlan>(task).rowSplit.count));
}

// Adds the sums of a piece to `totals`, kSums rows of `room` doubles; `sums` has as many floats,
// and after them the factors.
template <std::int64_t activation>
void addPiece(const float* dy, const float* x, Index rows, Index stride, Index columns,
              double* totals, float* sums, Index room) {
  const float* mean = sums + kSums * room;
  const float* scale = mean + room;
  const float* offset = scale + room;
  const auto pass = [&](float g, float d, Index c) __attribute__((always_inline)) {
    const float z = d * scale[c] + offset[c];
    if constexpr (activation == kLinear) return g;
    if constexpr (activation == kRelu) return z > 0.0f ? g : 0.0f;
    return (z > 0.0f) & (z < 6.0f) ? g : 0.0f;
  };
  float* plain = sums;
  float* products = plain + room;
  float* deviations = products + room;
  for (Index c = 0; c < columns; c++) plain[c] = products[c] = deviations[c] = 0;
  Index row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float* g0 = dy + row * stride;
    const float* g1 = g0 + stride;
    const float* g2 = g1 + stride;
    const float* g3 = g2 + stride;
    const float* x0 = x + row * stride;
    const float* x1 = x0 + stride;
    const float* x2 = x1 + stride;
    const float* x3 = x2 + stride;
    for (Index begin = 0; begin < columns; begin += kColumnsAtOnce) {
      fetchFourRows(g0 + begin, stride);
      fetchFourRows(x0 + begin, stride);
      const Index end = begin + kColumnsAtOnce < columns ? begin + kColumnsAtOnce : columns;
#pragma omp simd
      for (Index c = begin; c < end; c++) {
        const float d0 = x0[c] - mean[c], d1 = x1[c] - mean[c];
        const float d2 = x2[c] - mean[c], d3 = x3[c] - mean[c];
        const float p0 = pass(g0[c], d0, c), p1 = pass(g1[c], d1, c);
        const float p2 = pass(g2[c], d2, c), p3 = pass(g3[c], d3, c);
        plain[c] += (p0 + p1) + (p2 + p3);
        products[c] += (p0 * d0 + p1 * d1) + (p2 * d2 + p3 * d3);
        deviations[c] += (d0 + d1) + (d2 + d3);
      }
    }
  }
  for (; row < rows; row++) {
    const float* g0 = dy + row * stride;
    const float* x0 = x + row * stride;
#pragma omp simd
    for (Index c = 0; c < columns; c++) {
      const float d0 = x0[c] - mean[c], p0 = pass(g0[c], d0, c);
      plain[c] += p0;
      products[c] += p0 * d0;
      deviations[c] += d0;
    }
  }
  for (Index k = 0; k < kSums; k++) {
    double* total = totals + k * room;
    const float* sum = sums + k * room;
#pragma omp simd
    for (Index c = 0; c < columns; c++) total[c] += sum[c];
  }
}

// First phase: the sums of a block of rows and columns.
template <std::int64_t activation>
void sumColumns(const ChannelsPlan& plan, const Task& task, Index block) {
  const Index rowBlock = block / plan.columnSplit.count;
  const Index column = plan.columnSplit.begin(block % plan.columnSplit.count);
  const Index columns = plan.columnSplit.end(block % plan.columnSplit.count, plan.wide) - column;
  const Index end = plan.rowSplit.end(rowBlock, plan.folded);
  const Index room = plan.columnSplit.length;
  double* totals = reinterpret_cast<double*>(task.threadScratch);
  float* sums = reinterpret_cast<float*>(totals + kSums * room);
  float* mean = sums + kSums * room;
  for (Index i = 0; i < kSums * room; i++) totals[i] = 0;
  spread(plan, task.in<float>(2), column, column + columns, mean);
  if (activation != kLinear) {
    const double epsilon = task.in<float>(5)[0];
    for (Index c = 0; c < columns; c++) {
      const Index channel = (column + c) % plan.channels;
      const float gamma = task.in<float>(4)[channel], variance = task.in<float>(3)[channel];
      mean[room + c] = static_cast<float>(scaleOf(gamma, variance, epsilon));
    }
    spread(plan, task.in<float>(6), column, column + columns, mean + 2 * room);
  }
  const float* dy = task.in<float>(0);
  const float* x = task.in<float>(1);
  for (Index row = plan.rowSplit.begin(rowBlock); row < end; row += kPieceRows) {
    const Index rows = kPieceRows < end - row ? kPieceRows : end - row;
    const Index at = row * plan.wide + column;
    addPiece<activation>(dy + at, x + at, rows, plan.wide, columns, totals, sums, room);
  }
  if (plan.isLast(rowBlock) && plan.rest > 0) {
    const Index at = plan.folded * plan.wide;
    addPiece<activation>(dy + at, x + at, 1, plan.wide, plan.rest * plan.channels, totals, sums,
                         room);
  }
  const Index channels = columns / plan.fold;
  for (Index k = 0; k < kSums; k++) {
    double* partial = sumsOf(task, rowBlock) + k * plan.channels + column;
    for (Index c = 0; c < channels; c++) {
      double sum = 0;
      for (Index j = 0; j < plan.fold; j++) sum += totals[k * room + c + j * channels];
      partial[c] = sum;
    }
  }
}

void sumBlock(const ChannelsPlan& plan, const Task& task, Index block) {
  withActivation(plan.activation,
                 [&](auto activation) { sumColumns<activation>(plan, task, block); });
}

// Second phase: combines the blocks of rows for some channels, and makes the tables.
void combine(const ChannelsPlan& plan, const Task& task, Index block) {
  const double epsilon = task.in<float>(5)[0];
  const double n = static_cast<double>(plan.rows);
  float* tables = tablesOf(task);
  const Index end = plan.channelSplit.end(block, plan.channels);
  for (Index c = plan.channelSplit.begin(block); c < end; c++) {
    double sums[kSums] = {};
    for (Index rowBlock = 0; rowBlock < plan.rowSplit.count; rowBlock++)
      for (Index k = 0; k < kSums; k++) sums[k] += sumsOf(task, rowBlock)[k * plan.channels + c];
    const double r = 1 / __builtin_sqrt(task.in<float>(3)[c] + epsilon);
    const double rounding = plan.rows > 0 ? sums[2] / n : 0;
    const double dgamma = plan.rows > 0 ? (sums[1] - rounding * sums[0]) * r : 0;
    const double scale = scaleOf(task.in<float>(4)[c], task.in<float>(3)[c], epsilon);
    const double slope = -scale * r * dgamma / n;
    task.out<float>(1)[c] = static_cast<float>(dgamma);
    task.out<float>(2)[c] = static_cast<float>(sums[0]);
    for (Index at = c; at < plan.wide; at += plan.channels) {
      tables[at] = task.in<float>(2)[c];
      tables[plan.wide + at] = static_cast<float>(scale);
      tables[2 * plan.wide + at] = static_cast<float>(slope);
      tables[3 * plan.wide + at] = static_cast<float>(-scale * sums[0] / n - slope * rounding);
      tables[4 * plan.wide + at] = task.in<float>(6)[c];
    }
  }
}

// Third phase: a block of elements.
void differentiate(const ChannelsPlan& plan, const Task& task, Index block) {
  const float* tables = tablesOf(task);
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  withActivation(plan.activation, [&](auto activation) {
    forWideRows(plan, block, [&](Index at, Index column, Index n) {
      const float* dy = task.in<float>(0) + at;
      const float* x = task.in<float>(1) + at;
      const float* mean = tables + column;
      const float* scale = mean + plan.wide;
      const float* slope = scale + plan.wide;
      const float* rest = slope + plan.wide;
      const float* offset = rest + plan.wide;
      writeVectors(task.out<float>(0) + at, n, past, [&](Index i, auto load) {
        fetch(dy + i + kAhead);
        fetch(x + i + kAhead);
        const Floats d = load(x + i) - load(mean + i), factor = load(scale + i);
        const Floats z = normalized(d, factor, load(offset + i));
        return passing<activation>(load(dy + i), z) * factor +
               (d * load(slope + i) + load(rest + i));
      });
    });
  });
  if (past) endPast();
}

Status runBatchNormGrad(const Task& task) noexcept {
  const ChannelsPlan& plan = planOf<ChannelsPlan>(task);
  constexpr void (*phases[])(const ChannelsPlan&, const Task&, Index) = {sumBlock, combine,
                                                                         differentiate};
  for (Index block = task.begin; block < task.end; block++) phases[task.phase](plan, task, block);
  return Status::ok;
}

}  // namespace

void addBatchNormGradKernels(KernelList& list) {
  list.push_back({"batchNormGrad", prepareBatchNormGrad, runBatchNormGrad});
}

}  // namespace neurone::NEURONE_ISA
