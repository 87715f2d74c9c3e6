// layerNorm: each row normalized by its own mean and variance, or (not centered) by its mean square
// alone. A row is read from memory once; what follows finds it in the cache.
#include "normalization_layer.h"

namespace neurone::NEURONE_ISA {
namespace {

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

// As many narrow rows as there are lanes. Their sums are short enough for float32.
void normalizeTile(const LayerPlan& plan, const Task& task, Index row, Index rows, float* y) {
  const Index n = plan.n;
  const float* gamma = task.in<float>(1);
  const float* beta = task.in<float>(2);
  const float share = 1.0f / static_cast<float>(n);
  alignas(kVectorBytes) RowTile tile;
  loadTile(task.in<float>(0) + row * n, n, rows, tile);
  Floats shift = {}, sum = {}, squares = {};
  for (Index c = 0; plan.centered && c < n; c++) shift += load(tile + c * kFloats);
  shift *= share;
  for (Index c = 0; c < n; c++) {
    const Floats d = load(tile + c * kFloats) - shift;
    sum += d;
    squares += d * d;
  }
  const Floats rounding = plan.centered ? sum * share : Floats{};
  Floats variance = squares * share - rounding * rounding;
  variance = variance < 0.0f ? Floats{} : variance;
  const Floats scale = 1.0f / rootOf(variance + task.in<float>(3)[0]);
  const Floats offset = -rounding * scale;
  storeFirst(task.out<float>(1) + row, rows, shift + rounding);
  storeFirst(task.out<float>(2) + row, rows, variance);
  for (Index c = 0; c < n; c++) {
    const Floats d = load(tile + c * kFloats) - shift;
    store(tile + c * kFloats, (d * scale + offset) * gamma[c] + beta[c]);
  }
  storeTile(tile, n, rows, y);
}

// Σ x of a row's parts.
PartSums<1> sumOfRow(const float* x, Index n) {
  Floats sums[4] = {};
  forVectorsInParts(n, [&](Index i, auto load, auto part) { sums[part] += load(x + i); });
  return {{combineParts(sums, Add{})}};
}

// Sums of x − shift and of its square. What is `ahead` of x is asked for: the memory is idle here.
PartSums<2> sumDeviations(const float* x, Index n, float shift, Index ahead) {
  Floats sums[4] = {}, squares[4] = {};
  forVectorsInParts(n, [&](Index i, auto load, auto part) {
    fetch(x + i + ahead);
    const Floats d = load(x + i, shift) - shift;
    sums[part] += d;
    squares[part] += d * d;
  });
  return {{combineParts(sums, Add{}), combineParts(squares, Add{})}};
}

// A group of rows that are not narrow.
void normalizeGroup(const LayerPlan& plan, const Task& task, Index row, Index rows, bool past) {
  const Index n = plan.n;
  const double count = static_cast<double>(n);
  const double epsilon = task.in<float>(3)[0];
  const float* x = task.in<float>(0) + row * n;
  const float* gamma = task.in<float>(1);
  const float* beta = task.in<float>(2);
  float shift[kLanesOfRows] = {};
  if (plan.centered) {
    GroupSums<1> total;
    sumRows<1>(plan, rows, total, [&](Index l, Index start, Index length) {
      return sumOfRow(x + l * n + start, length);
    });
#pragma omp simd
    for (Index l = 0; l < rows; l++) shift[l] = static_cast<float>(total[0][l] / count);
  }
  GroupSums<2> deviations;
  sumRows<2>(plan, rows, deviations, [&](Index l, Index start, Index length) {
    return sumDeviations(x + l * n + start, length, shift[l], plan.group.ahead);
  });
  float scale[kLanesOfRows], offset[kLanesOfRows];
  float* mean = task.out<float>(1) + row;
  float* variance = task.out<float>(2) + row;
#pragma omp simd
  for (Index l = 0; l < rows; l++) {
    const double rounding = plan.centered ? deviations[0][l] / count : 0;
    const double square = deviations[1][l] / count - rounding * rounding;
    const double spread = square < 0 ? 0 : square;
    const double r = 1 / __builtin_sqrt(spread + epsilon);
    mean[l] = static_cast<float>(shift[l] + rounding);
    variance[l] = static_cast<float>(spread);
    scale[l] = static_cast<float>(r);
    offset[l] = static_cast<float>(-rounding * r);
  }
  for (Index l = 0; l < rows; l++, x += n)
    writeVectors(task.out<float>(0) + (row + l) * n, n, past, [&](Index i, auto load) {
      return ((load(x + i) - shift[l]) * scale[l] + offset[l]) * load(gamma + i) + load(beta + i);
    });
}

Status runLayerNorm(const Task& task) noexcept {
  const LayerPlan& plan = planOf<LayerPlan>(task);
  const Index together = plan.group.together;
  const bool past = plan.past && task.out<float>(0) != task.in<float>(0);
  for (Index block = task.begin; block < task.end; block++) {
    const Index begin = plan.split.begin(block), end = plan.split.end(block, plan.rows);
    if (isNarrow(plan.n)) {
      forTiles(begin, end, plan.n, task.out<float>(0), past, [&](Index row, Index rows, float* y) {
        normalizeTile(plan, task, row, rows, y);
        return Status::ok;
      });
      continue;
    }
    for (Index row = begin; row < end; row += together)
      normalizeGroup(plan, task, row, together < end - row ? together : end - row, past);
  }
  if (past) endPast();
  return Status::ok;
}

}  // namespace

void addLayerNormKernels(KernelList& list) {
  list.push_back({"layerNorm", prepareLayerNorm, runLayerNorm});
}

}  // namespace neurone::NEURONE_ISA
