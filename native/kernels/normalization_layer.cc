// layerNorm and its gradient: each row normalized by its own mean and variance, or (not centered)
// by its mean square alone. A row is read from memory once; what follows finds it in the cache.
#include "narrow_rows.h"
#include "normalization.h"
#include "streaming.h"

namespace neurone::NEURONE_ISA {
namespace {

// Rows whose contributions to dγ and dβ are summed in float32 before they go into doubles.
constexpr Index kRowsPerSum = 64;
// Blocks whose sums for dγ and dβ are combined.
constexpr Index kSumBlocks = 64;

struct LayerPlan : Plan {
  Index rows = 0;
  Index n = 0;
  bool centered = true;
  bool past = false;  // whether the output of x's shape goes past the caches
  Split split;        // of rows
  Split columnSplit;  // of the elements of dγ and dβ

  LayerPlan(const Signature& signature, Index maxBlocks) {
    const ValueInfo& x = signature.inputs[0];
    require(x.rank() == 2, "rows of a tensor that is not a matrix");
    requireDType(x, {DType::float32});
    AttrReader attrs(signature);
    centered = attrs.boolean();
    rows = x.shape[0];
    n = x.shape[1];
    past = isPastCaches(x);
    split = splitEvenly(rows, kCheap / (n > 1 ? n : 1), kFloats, maxBlocks);
    blocks = {split.count};
  }
  void requireRows(const ValueInfo& value) const {
    requireDType(value, {DType::float32});
    require(value.shape == Shape{rows}, "values of another number of rows");
  }
  void requireElements(const ValueInfo& value) const {
    requireDType(value, {DType::float32});
    require(value.shape == Shape{n}, "values of another number of elements");
  }
};

// x [rows, n], gamma, beta [n], epsilon → y, mean, variance [rows].
std::unique_ptr<Plan> prepareLayerNorm(const Signature& signature) {
  requireOperands(signature, 4, 3);
  auto plan = std::make_unique<LayerPlan>(signature, kMaxBlocks);
  requireLike(signature.inputs[0], signature.outputs[0]);
  for (std::size_t i = 1; i < 3; i++) plan->requireElements(signature.inputs[i]);
  for (std::size_t i = 1; i < 3; i++) plan->requireRows(signature.outputs[i]);
  requireScalar(signature.inputs[3], DType::float32);
  return plan;
}

// Elements that are summed in float32 before the sums go into doubles.
constexpr Index kPieceOfRow = 4096;

// Calls body(first element, count) for the pieces of a row.
template <class Body>
[[gnu::always_inline]] inline void forPieces(Index n, Body body) {
  for (Index start = 0; start < n; start += kPieceOfRow)
    body(start, kPieceOfRow < n - start ? kPieceOfRow : n - start);
}

// Σ x; what follows the row is asked for.
double sumOfRow(const float* row, Index n) {
  double total = 0;
  forPieces(n, [&](Index start, Index count) {
    const float* x = row + start;
    Floats sums[2] = {};
    forVectors(count, [&](Index i, auto load) {
      fetch(x + i + kAhead);
      sums[i / kFloats % 2] += load(x + i);
    });
    total += sumOfLanes(sums[0] + sums[1]);
  });
  return total;
}

struct Deviations {
  double sum;
  double squares;
};

// Sums of x − shift and of its square.
Deviations sumDeviations(const float* row, Index n, float shift) {
  Deviations total{0, 0};
  forPieces(n, [&](Index start, Index count) {
    const float* x = row + start;
    Floats sum = {}, squares = {};
    forVectors(count, [&](Index i, auto load) {
      const Floats d = load(x + i, shift) - shift;
      sum += d;
      squares += d * d;
    });
    total.sum += sumOfLanes(sum);
    total.squares += sumOfLanes(squares);
  });
  return total;
}

// As many narrow rows as there are lanes. Their sums are short enough for float32.
void normalizeTile(const LayerPlan& plan, const Task& task, Index row, Index rows) {
  const Index n = plan.n;
  const float* gamma = task.in<float>(1);
  const float* beta = task.in<float>(2);
  const float epsilon = task.in<float>(3)[0];
  const float share = 1.0f / static_cast<float>(n);
  RowTile tile;
  loadTile(task.in<float>(0) + row * n, n, rows, tile);
  float shift[kLanesOfRows] = {}, sum[kLanesOfRows] = {}, squares[kLanesOfRows] = {};
  float scale[kLanesOfRows], offset[kLanesOfRows];
  for (Index c = 0; plan.centered && c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) shift[l] += tile[c * kLanesOfRows + l];
  }
  for (float& s : shift) s *= share;
  for (Index c = 0; c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) {
      const float d = tile[c * kLanesOfRows + l] - shift[l];
      sum[l] += d;
      squares[l] += d * d;
    }
  }
#pragma omp simd
  for (Index l = 0; l < kLanesOfRows; l++) {
    const float rounding = plan.centered ? sum[l] * share : 0.0f;
    const float variance = squares[l] * share - rounding * rounding;
    squares[l] = variance < 0 ? 0 : variance;
    scale[l] = 1.0f / sqrt(squares[l] + epsilon);
    offset[l] = -rounding * scale[l];
    sum[l] = shift[l] + rounding;
  }
  for (Index l = 0; l < rows; l++) {
    task.out<float>(1)[row + l] = sum[l];
    task.out<float>(2)[row + l] = squares[l];
  }
  for (Index c = 0; c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) {
      const float d = tile[c * kLanesOfRows + l] - shift[l];
      tile[c * kLanesOfRows + l] = (d * scale[l] + offset[l]) * gamma[c] + beta[c];
    }
  }
  storeTile(tile, n, rows, task.out<float>(0) + row * n);
}

Status runNarrowLayerNorm(const Task& task) noexcept {
  const LayerPlan& plan = planOf<LayerPlan>(task);
  for (Index block = task.begin; block < task.end; block++) {
    const Index end = plan.split.end(block, plan.rows);
    for (Index row = plan.split.begin(block); row < end; row += kLanesOfRows)
      normalizeTile(plan, task, row, kLanesOfRows < end - row ? kLanesOfRows : end - row);
  }
  return Status::ok;
}

Status runLayerNorm(const Task& task) noexcept {
  const LayerPlan& plan = planOf<LayerPlan>(task);
  if (isNarrow(plan.n)) return runNarrowLayerNorm(task);
  const Index n = plan.n;
  const float* gamma = task.in<float>(1);
  const float* beta = task.in<float>(2);
  const double epsilon = task.in<float>(3)[0];
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  for (Index block = task.begin; block < task.end; block++) {
    const Index end = plan.split.end(block, plan.rows);
    for (Index row = plan.split.begin(block); row < end; row++) {
      const float* x = task.in<float>(0) + row * n;
      float* y = task.out<float>(0) + row * n;
      const double count = static_cast<double>(n);
      const float shift = plan.centered ? static_cast<float>(sumOfRow(x, n) / count) : 0.0f;
      const Deviations deviations = sumDeviations(x, n, shift);
      const double rounding = plan.centered ? deviations.sum / count : 0;
      double variance = deviations.squares / count - rounding * rounding;
      if (variance < 0) variance = 0;
      const double r = 1 / __builtin_sqrt(variance + epsilon);
      task.out<float>(1)[row] = static_cast<float>(shift + rounding);
      task.out<float>(2)[row] = static_cast<float>(variance);
      const float scale = static_cast<float>(r);
      const float offset = static_cast<float>(-rounding * r);
      writeVectors(y, n, past, [&](Index i, auto load) {
        return ((load(x + i) - shift) * scale + offset) * load(gamma + i) + load(beta + i);
      });
    }
  }
  if (past) endPast();
  return Status::ok;
}

// Room for n elements in whole vectors that begin anywhere.
Index roomOf(Index n) { return (n + 2 * kFloats - 1) / kFloats * kFloats; }

// dy, x [rows, n], mean, variance [rows], gamma [n], epsilon → dx, dgamma, dbeta [n].
std::unique_ptr<Plan> prepareLayerNormGrad(const Signature& signature) {
  requireOperands(signature, 6, 3);
  auto plan = std::make_unique<LayerPlan>(signature, kSumBlocks);
  requireLike(signature.inputs[0], signature.inputs[1]);
  requireLike(signature.inputs[0], signature.outputs[0]);
  for (std::size_t i = 2; i < 4; i++) plan->requireRows(signature.inputs[i]);
  plan->requireElements(signature.inputs[4]);
  for (std::size_t i = 1; i < 3; i++) plan->requireElements(signature.outputs[i]);
  requireScalar(signature.inputs[5], DType::float32);
  plan->columnSplit = splitEvenly(plan->n, kCheap / plan->split.count, 64);
  plan->blocks = {plan->split.count, plan->columnSplit.count};
  const auto n = static_cast<std::size_t>(plan->n);
  const Index room = isNarrow(plan->n) ? plan->n * kLanesOfRows : roomOf(plan->n);
  plan->threadScratch = static_cast<std::size_t>(2 * room) * sizeof(float);
  plan->sharedScratch = 2 * n * static_cast<std::size_t>(plan->split.count) * sizeof(double);
  return plan;
}

struct GradSums {
  double plain;       // of g = dy·γ
  double products;    // of g·d
  double deviations;  // of d = x − mean
};

// What follows the rows is asked for.
GradSums sumGradients(const float* dyRow, const float* xRow, const float* gammas, Index n,
                      float mean) {
  GradSums total{0, 0, 0};
  forPieces(n, [&](Index start, Index count) {
    const float *dy = dyRow + start, *x = xRow + start, *gamma = gammas + start;
    Floats plain = {}, products = {}, deviations = {};
    forVectors(count, [&](Index i, auto load) {
      fetch(dy + i + kAhead);
      fetch(x + i + kAhead);
      const Floats d = load(x + i, mean) - mean;
      const Floats g = load(dy + i) * load(gamma + i);
      plain += g;
      products += g * d;
      deviations += d;
    });
    total.plain += sumOfLanes(plain);
    total.products += sumOfLanes(products);
    total.deviations += sumOfLanes(deviations);
  });
  return total;
}

// With d, r and δ as in normalization_batch_grad.cc and g = dy·γ: x̂ = (d − δ)·r and
// dx = r·(g − Σg/n − x̂·Σ(g·x̂)/n), without Σg/n and δ where rows are not centered.
void differentiateRows(const LayerPlan& plan, const Task& task, Index block) {
  const Index n = plan.n;
  const double count = static_cast<double>(n);
  const float* gamma = task.in<float>(4);
  const double epsilon = task.in<float>(5)[0];
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  const Index room = roomOf(n);
  float* dgamma = reinterpret_cast<float*>(task.threadScratch);
  float* dbeta = dgamma + room;
  double* total = reinterpret_cast<double*>(task.sharedScratch) + 2 * block * n;
  for (Index i = 0; i < 2 * n; i++) total[i] = 0;
  for (Index i = 0; i < 2 * room; i++) dgamma[i] = 0;
  const Index begin = plan.split.begin(block);
  const Index end = plan.split.end(block, plan.rows);
  for (Index row = begin; row < end; row++) {
    const float* dy = task.in<float>(0) + row * n;
    const float* x = task.in<float>(1) + row * n;
    float* dx = task.out<float>(0) + row * n;
    const float mean = plan.centered ? task.in<float>(2)[row] : 0.0f;
    const double r = 1 / __builtin_sqrt(task.in<float>(3)[row] + epsilon);
    const GradSums sums = sumGradients(dy, x, gamma, n, mean);
    const double rounding = plan.centered ? sums.deviations / count : 0;
    const double slope = -r * r * (sums.products - rounding * sums.plain) / count;
    const double shared = plan.centered ? -sums.plain / count - slope * rounding : 0;
    const float scale = static_cast<float>(r);
    const float offset = static_cast<float>(-rounding * r);
    const float a = static_cast<float>(slope);
    const float b = static_cast<float>(shared);
    writeVectors(dx, n, past, [&](Index i, auto take) {
      const Floats d = take(x + i) - mean;
      const Floats g = take(dy + i);
      store(dgamma + i, load(dgamma + i) + g * (d * scale + offset));
      store(dbeta + i, load(dbeta + i) + g);
      return (g * take(gamma + i) + (d * a + b)) * scale;
    });
    if ((row - begin + 1) % kRowsPerSum == 0 || row + 1 == end) {
#pragma omp simd
      for (Index i = 0; i < n; i++) {
        total[i] += dgamma[i];
        total[n + i] += dbeta[i];
      }
      for (Index i = 0; i < 2 * room; i++) dgamma[i] = 0;
    }
  }
  if (past) endPast();
}

// As many narrow rows as there are lanes; dgamma and dbeta have a sum for each lane.
void differentiateTile(const LayerPlan& plan, const Task& task, Index row, Index rows,
                       float* dgamma, float* dbeta) {
  const Index n = plan.n;
  const float* gamma = task.in<float>(4);
  const float epsilon = task.in<float>(5)[0];
  const float share = 1.0f / static_cast<float>(n);
  RowTile dy, x;
  loadTile(task.in<float>(0) + row * n, n, rows, dy);
  loadTile(task.in<float>(1) + row * n, n, rows, x);
  float mean[kLanesOfRows] = {}, r[kLanesOfRows] = {};
  float plain[kLanesOfRows] = {}, products[kLanesOfRows] = {}, deviations[kLanesOfRows] = {};
  for (Index l = 0; l < rows; l++) {
    if (plan.centered) mean[l] = task.in<float>(2)[row + l];
    r[l] = 1.0f / sqrt(task.in<float>(3)[row + l] + epsilon);
  }
  for (Index c = 0; c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) {
      const float d = x[c * kLanesOfRows + l] - mean[l];
      const float g = dy[c * kLanesOfRows + l] * gamma[c];
      x[c * kLanesOfRows + l] = d;
      plain[l] += g;
      products[l] += g * d;
      deviations[l] += d;
    }
  }
#pragma omp simd
  for (Index l = 0; l < kLanesOfRows; l++) {
    const float rounding = plan.centered ? deviations[l] * share : 0.0f;
    const float slope = -r[l] * r[l] * (products[l] - rounding * plain[l]) * share;
    products[l] = slope;
    plain[l] = plan.centered ? -plain[l] * share - slope * rounding : 0.0f;
    deviations[l] = -rounding * r[l];
  }
  for (Index c = 0; c < n; c++) {
#pragma omp simd
    for (Index l = 0; l < kLanesOfRows; l++) {
      const Index at = c * kLanesOfRows + l;
      const float d = x[at], g = dy[at];
      dgamma[at] += g * (d * r[l] + deviations[l]);
      dbeta[at] += g;
      dy[at] = (g * gamma[c] + (d * products[l] + plain[l])) * r[l];
    }
  }
  storeTile(dy, n, rows, task.out<float>(0) + row * n);
}

// `differentiateRows` for narrow rows.
void differentiateTiles(const LayerPlan& plan, const Task& task, Index block) {
  const Index n = plan.n;
  float* dgamma = reinterpret_cast<float*>(task.threadScratch);
  float* dbeta = dgamma + n * kLanesOfRows;
  double* total = reinterpret_cast<double*>(task.sharedScratch) + 2 * block * n;
  for (Index i = 0; i < 2 * n; i++) total[i] = 0;
  for (Index i = 0; i < 2 * n * kLanesOfRows; i++) dgamma[i] = 0;
  const Index end = plan.split.end(block, plan.rows);
  constexpr Index perSum = kRowsPerSum * kLanesOfRows;
  for (Index begin = plan.split.begin(block); begin < end; begin += perSum) {
    const Index stop = begin + perSum < end ? begin + perSum : end;
    for (Index row = begin; row < stop; row += kLanesOfRows)
      differentiateTile(plan, task, row, kLanesOfRows < stop - row ? kLanesOfRows : stop - row,
                        dgamma, dbeta);
    for (Index i = 0; i < 2 * n; i++)
      for (Index l = 0; l < kLanesOfRows; l++) {
        total[i] += dgamma[i * kLanesOfRows + l];
        dgamma[i * kLanesOfRows + l] = 0;
      }
  }
}

// Second phase: dγ and dβ of some elements, over the blocks in order.
void combine(const LayerPlan& plan, const Task& task, Index block) {
  const double* partial = reinterpret_cast<const double*>(task.sharedScratch);
  const Index n = plan.n;
  for (Index i = plan.columnSplit.begin(block); i < plan.columnSplit.end(block, n); i++) {
    double dgamma = 0, dbeta = 0;
    for (Index part = 0; part < plan.split.count; part++) {
      dgamma += partial[2 * part * n + i];
      dbeta += partial[(2 * part + 1) * n + i];
    }
    task.out<float>(1)[i] = static_cast<float>(dgamma);
    task.out<float>(2)[i] = static_cast<float>(dbeta);
  }
}

Status runLayerNormGrad(const Task& task) noexcept {
  const LayerPlan& plan = planOf<LayerPlan>(task);
  const auto differentiate = isNarrow(plan.n) ? differentiateTiles : differentiateRows;
  for (Index block = task.begin; block < task.end; block++)
    (task.phase == 0 ? differentiate : combine)(plan, task, block);
  return Status::ok;
}

}  // namespace

void addLayerNormKernels(KernelList& list) {
  list.push_back({"layerNorm", prepareLayerNorm, runLayerNorm});
  list.push_back({"layerNormGrad", prepareLayerNormGrad, runLayerNormGrad});
}

}  // namespace neurone::NEURONE_ISA
