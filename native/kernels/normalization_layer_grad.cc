// The gradient of layerNorm. With d = x − mean, r and δ as in normalization_batch_grad.cc and
// g = dy·γ: x̂ = (d − δ)·r and dx = r·(g − Σg/n − x̂·Σ(g·x̂)/n), without Σg/n and δ where rows are not
// centered.
#include "normalization_layer.h"

namespace neurone::NEURONE_ISA {
namespace {

// Rows whose contributions to dγ and dβ are summed in float32 before they go into doubles.
constexpr Index kRowsPerSum = 64;
// Blocks whose sums for dγ and dβ are combined.
constexpr Index kSumBlocks = 64;

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

// Sums of g, of g·d and of d. What is `ahead` of x is asked for.
PartSums<3> sumGradients(const float* dy, const float* x, const float* gamma, Index n, float mean,
                         Index ahead) {
  Floats plain[4] = {}, products[4] = {}, deviations[4] = {};
  forVectorsInParts(n, [&](Index i, auto load, auto part) {
    fetch(x + i + ahead);
    const Floats d = load(x + i, mean) - mean;
    const Floats g = load(dy + i) * load(gamma + i);
    plain[part] += g;
    products[part] += g * d;
    deviations[part] += d;
  });
  return {
      {combineParts(plain, Add{}), combineParts(products, Add{}), combineParts(deviations, Add{})}};
}

// A group of rows that are not narrow.
void differentiateGroup(const LayerPlan& plan, const Task& task, Index row, Index rows, bool past,
                        float* dgamma, float* dbeta) {
  const Index n = plan.n;
  const double count = static_cast<double>(n);
  const double epsilon = task.in<float>(5)[0];
  const float* dy = task.in<float>(0) + row * n;
  const float* x = task.in<float>(1) + row * n;
  const float* gamma = task.in<float>(4);
  const Index ahead = plan.group.ahead;
  const float* variance = task.in<float>(3) + row;
  float mean[kLanesOfRows] = {};
  for (Index l = 0; plan.centered && l < rows; l++) mean[l] = task.in<float>(2)[row + l];
  GroupSums<3> sums;
  sumRows<3>(plan, rows, sums, [&](Index l, Index start, Index length) {
    return sumGradients(dy + l * n + start, x + l * n + start, gamma + start, length, mean[l],
                        ahead);
  });
  float scale[kLanesOfRows], offset[kLanesOfRows], slope[kLanesOfRows], shared[kLanesOfRows];
#pragma omp simd
  for (Index l = 0; l < rows; l++) {
    const double r = 1 / __builtin_sqrt(variance[l] + epsilon);
    const double rounding = plan.centered ? sums[2][l] / count : 0;
    const double a = -r * r * (sums[1][l] - rounding * sums[0][l]) / count;
    scale[l] = static_cast<float>(r);
    offset[l] = static_cast<float>(-rounding * r);
    slope[l] = static_cast<float>(a);
    shared[l] = static_cast<float>(plan.centered ? -sums[0][l] / count - a * rounding : 0);
  }
  for (Index l = 0; l < rows; l++, dy += n, x += n)
    writeVectors(task.out<float>(0) + (row + l) * n, n, past, [&](Index i, auto take) {
      fetch(dy + i + ahead);
      const Floats d = take(x + i) - mean[l];
      const Floats g = take(dy + i);
      store(dgamma + i, load(dgamma + i) + g * (d * scale[l] + offset[l]));
      store(dbeta + i, load(dbeta + i) + g);
      return (g * take(gamma + i) + (d * slope[l] + shared[l])) * scale[l];
    });
}

void differentiateRows(const LayerPlan& plan, const Task& task, Index block) {
  const Index n = plan.n, room = roomOf(n), together = plan.group.together;
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  float* dgamma = reinterpret_cast<float*>(task.threadScratch);
  float* dbeta = dgamma + room;
  double* total = reinterpret_cast<double*>(task.sharedScratch) + 2 * block * n;
  for (Index i = 0; i < 2 * n; i++) total[i] = 0;
  const Index end = plan.split.end(block, plan.rows);
  for (Index begin = plan.split.begin(block); begin < end; begin += kRowsPerSum) {
    for (Index i = 0; i < 2 * room; i++) dgamma[i] = 0;
    const Index stop = begin + kRowsPerSum < end ? begin + kRowsPerSum : end;
    for (Index row = begin; row < stop; row += together)
      differentiateGroup(plan, task, row, together < stop - row ? together : stop - row, past,
                         dgamma, dbeta);
#pragma omp simd
    for (Index i = 0; i < n; i++) {
      total[i] += dgamma[i];
      total[n + i] += dbeta[i];
    }
  }
  if (past) endPast();
}

// As many narrow rows as there are lanes; dgamma and dbeta have a sum for each lane.
void differentiateTile(const LayerPlan& plan, const Task& task, Index row, Index rows, float* dx,
                       float* dgamma, float* dbeta) {
  const Index n = plan.n;
  const float* gamma = task.in<float>(4);
  const float share = 1.0f / static_cast<float>(n);
  alignas(kVectorBytes) RowTile dy, x;
  loadTile(task.in<float>(0) + row * n, n, rows, dy);
  loadTile(task.in<float>(1) + row * n, n, rows, x);
  const Floats mean = plan.centered ? loadFirst(task.in<float>(2) + row, rows, 0.0f) : Floats{};
  const Floats scale =
      1.0f / rootOf(loadFirst(task.in<float>(3) + row, rows, 1.0f) + task.in<float>(5)[0]);
  Floats plain = {}, products = {}, deviations = {};
  for (Index c = 0; c < n; c++) {
    const Floats d = load(x + c * kFloats) - mean;
    const Floats g = load(dy + c * kFloats) * gamma[c];
    plain += g;
    products += g * d;
    deviations += d;
  }
  const Floats rounding = plan.centered ? deviations * share : Floats{};
  const Floats slope = -scale * scale * (products - rounding * plain) * share;
  const Floats shared = plan.centered ? -plain * share - slope * rounding : Floats{};
  const Floats offset = -rounding * scale;
  for (Index c = 0; c < n; c++) {
    const Index at = c * kFloats;
    const Floats d = load(x + at) - mean, g = load(dy + at);
    store(dgamma + at, load(dgamma + at) + g * (d * scale + offset));
    store(dbeta + at, load(dbeta + at) + g);
    store(dy + at, (g * gamma[c] + (d * slope + shared)) * scale);
  }
  storeTile(dy, n, rows, dx);
}

// `differentiateRows` for narrow rows.
void differentiateTiles(const LayerPlan& plan, const Task& task, Index block) {
  const Index n = plan.n;
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  float* dgamma = reinterpret_cast<float*>(task.threadScratch);
  float* dbeta = dgamma + n * kLanesOfRows;
  double* total = reinterpret_cast<double*>(task.sharedScratch) + 2 * block * n;
  for (Index i = 0; i < 2 * n; i++) total[i] = 0;
  for (Index i = 0; i < 2 * n * kLanesOfRows; i++) dgamma[i] = 0;
  const Index end = plan.split.end(block, plan.rows);
  constexpr Index perSum = kRowsPerSum * kLanesOfRows;
  for (Index begin = plan.split.begin(block); begin < end; begin += perSum) {
    forTiles(begin, begin + perSum < end ? begin + perSum : end, n, task.out<float>(0), past,
             [&](Index row, Index rows, float* dx) {
               differentiateTile(plan, task, row, rows, dx, dgamma, dbeta);
               return Status::ok;
             });
    for (Index i = 0; i < 2 * n; i++)
      for (Index l = 0; l < kLanesOfRows; l++) {
        total[i] += dgamma[i * kLanesOfRows + l];
        dgamma[i * kLanesOfRows + l] = 0;
      }
  }
}

// Second phase: dγ and dβ of some elements, over the blocks in order. Line by line: an element of
// all blocks at a time would look for each of them in the same few places of the caches.
void combine(const LayerPlan& plan, const Task& task, Index block) {
  constexpr Index together = 64;
  const Index n = plan.n;
  const Index end = plan.columnSplit.end(block, n);
  for (Index first = plan.columnSplit.begin(block); first < end; first += together) {
    const Index count = together < end - first ? together : end - first;
    const double* partial = reinterpret_cast<const double*>(task.sharedScratch) + first;
    double dgamma[together] = {}, dbeta[together] = {};
    for (Index part = 0; part < plan.split.count; part++, partial += 2 * n) {
#pragma omp simd
      for (Index i = 0; i < count; i++) {
        dgamma[i] += partial[i];
        dbeta[i] += partial[n + i];
      }
    }
    for (Index i = 0; i < count; i++) {
      task.out<float>(1)[first + i] = static_cast<float>(dgamma[i]);
      task.out<float>(2)[first + i] = static_cast<float>(dbeta[i]);
    }
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

void addLayerNormGradKernels(KernelList& list) {
  list.push_back({"layerNormGrad", prepareLayerNormGrad, runLayerNormGrad});
}

}  // namespace neurone::NEURONE_ISA
