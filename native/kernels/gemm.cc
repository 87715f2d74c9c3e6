// Matrix products: `matmul`, batched and broadcasting, and `dense`, with bias and activation.
#include "../kernel.h"
#include "../registry.h"
#include "gemm_block.h"

namespace neurone::NEURONE_ISA::gemm {
namespace {

struct GemmPlan : Plan {
  Product product{};
  Cut cut;
  bool swapped = false;  // C has one column: computed as the row of its transpose
  bool hasBias = false;
  std::int64_t rowBlocks = 1, columnBlocks = 1;
  std::int64_t matrices = 1, matricesPerBlock = 1;
  // Where each matrix of A and B begins; empty for one matrix.
  std::vector<std::int64_t> offsets;
  std::int64_t panelColumns = 0;  // of constant weights, which are brought into panels; 0: are not
};

// Multiply-adds that small matrices of a batch are gathered to.
constexpr double kBlockOfMatrices = 140e3;

std::int64_t ceilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Chooses blocks: parts of a matrix, or several small matrices.
void cut(GemmPlan& plan) {
  const Product& p = plan.product;
  plan.cut = chooseCut(p);
  plan.rowBlocks = ceilDiv(p.m, plan.cut.blockRows);
  plan.columnBlocks = ceilDiv(p.n, plan.cut.blockColumns);
  const double work = static_cast<double>(p.m) * p.n * p.k;
  if (plan.rowBlocks * plan.columnBlocks == 1 && work < kBlockOfMatrices) {
    plan.matricesPerBlock = static_cast<std::int64_t>(kBlockOfMatrices / (work + 1)) + 1;
    if (plan.matricesPerBlock > plan.matrices) plan.matricesPerBlock = plan.matrices;
    if (plan.matricesPerBlock < 1) plan.matricesPerBlock = 1;
  }
  plan.blocks = {ceilDiv(plan.matrices, plan.matricesPerBlock) * plan.rowBlocks *
                 plan.columnBlocks};
  if (plan.cut.method == Method::tiles)
    plan.threadScratch = static_cast<std::size_t>(scratchSize(p, plan.cut)) * sizeof(float);
}

// Settles the forms that other forms cover.
void simplify(GemmPlan& plan) {
  Product& p = plan.product;
  if (p.n == 1 && p.m > 1) {
    // (A·b)ᵀ = bᵀ·Aᵀ; vectors are the same in both orders.
    plan.swapped = true;
    p.scalarBias = true;
    p.n = p.m;
    p.m = 1;
    p.transposeB = !p.transposeA;
  }
  if (p.m == 1) p.transposeA = false;
  if (p.k == 1 && !plan.swapped) p.transposeB = false;
  if (p.m == 1 && p.n == 1) p.transposeB = true;
}

std::unique_ptr<Plan> prepareMatmul(const Signature& s) {
  require(s.inputs.size() == 2 && s.outputs.size() == 1, "matmul takes two inputs and one output");
  const ValueInfo &a = s.inputs[0], &b = s.inputs[1], &c = s.outputs[0];
  require(a.dtype == DType::float32 && b.dtype == DType::float32 && c.dtype == DType::float32,
          "matmul works on float32");
  require(a.rank() >= 2 && b.rank() >= 2 && c.rank() >= 2, "matmul takes matrices");
  AttrReader attrs(s);
  auto plan = std::make_unique<GemmPlan>();
  Product& p = plan->product;
  p.transposeA = attrs.boolean();
  p.transposeB = attrs.boolean();
  const auto dim = [](const ValueInfo& v, int fromEnd) {
    return fromEnd <= v.rank() ? v.shape[v.rank() - fromEnd] : 1;
  };
  p.m = dim(a, p.transposeA ? 1 : 2);
  p.k = dim(a, p.transposeA ? 2 : 1);
  p.n = dim(b, p.transposeB ? 2 : 1);
  require(dim(b, p.transposeB ? 1 : 2) == p.k && dim(c, 2) == p.m && dim(c, 1) == p.n,
          "matmul: the shapes do not fit");
  const int rank = c.rank();
  require(a.rank() <= rank && b.rank() <= rank, "matmul: the ranks do not fit");
  std::int64_t aMatrices = 1, bMatrices = 1;
  for (int i = 3; i <= rank; i++) {
    const std::int64_t da = dim(a, i), db = dim(b, i), dc = dim(c, i);
    require((da == dc || da == 1) && (db == dc || db == 1),
            "matmul: leading axes do not broadcast");
    plan->matrices *= dc;
    aMatrices *= da;
    bMatrices *= db;
  }
  if (bMatrices == 1 && aMatrices == plan->matrices && !p.transposeA) {
    p.m *= plan->matrices;
    plan->matrices = 1;
  }
  if (plan->matrices > 1) {
    for (std::int64_t matrix = 0; matrix < plan->matrices; matrix++) {
      std::int64_t rest = matrix, aAt = 0, bAt = 0, aStep = 1, bStep = 1;
      for (int i = 3; i <= rank; i++) {
        const std::int64_t at = rest % dim(c, i);
        rest /= dim(c, i);
        if (dim(a, i) > 1) aAt += at * aStep;
        if (dim(b, i) > 1) bAt += at * bStep;
        aStep *= dim(a, i);
        bStep *= dim(b, i);
      }
      plan->offsets.push_back(aAt * p.m * p.k);
      plan->offsets.push_back(bAt * p.k * p.n);
    }
  }
  simplify(*plan);
  cut(*plan);
  return plan;
}

// Few rows take as long as B takes to be read. In panels, which begin with a cache line and are
// read from their begin to their end, 784×512 and 512×512 took 27 µs instead of 40.
void planPanels(GemmPlan& plan) {
  const Product& p = plan.product;
  const double work = static_cast<double>(p.m) * p.n * p.k;
  if (plan.swapped || plan.cut.method != Method::tiles || p.m > kMaxRows || work < kOneBlock)
    return;
  kTilesAlongK.choose(p.m, 8 * kLanes, plan.panelColumns);
  const std::int64_t panels = ceilDiv(p.n, plan.panelColumns);
  plan.sharedScratch = static_cast<std::size_t>(panels * plan.panelColumns * p.k) * sizeof(float);
  plan.blocks.insert(plan.blocks.begin(), panels);
  plan.preparing = 1;
  plan.preparingIsOptional = true;
}

std::unique_ptr<Plan> prepareDense(const Signature& s) {
  require((s.inputs.size() == 2 || s.inputs.size() == 3) && s.outputs.size() == 1,
          "dense takes two or three inputs and one output");
  for (const ValueInfo& v : s.inputs) require(v.dtype == DType::float32, "dense works on float32");
  const ValueInfo &x = s.inputs[0], &w = s.inputs[1], &y = s.outputs[0];
  require(y.dtype == DType::float32, "dense works on float32");
  require(x.rank() >= 1 && w.rank() == 2 && y.rank() == x.rank(), "dense: the ranks do not fit");
  AttrReader attrs(s);
  const std::int64_t activation = attrs.integer();
  require(activation >= 0 && activation <= 3, "dense: no such activation");
  auto plan = std::make_unique<GemmPlan>();
  Product& p = plan->product;
  p.activation = static_cast<Activation>(activation);
  p.m = 1;
  for (int i = 0; i + 1 < x.rank(); i++) {
    require(x.shape[i] == y.shape[i], "dense: the leading axes do not fit");
    p.m *= x.shape[i];
  }
  p.k = w.shape[0];
  p.n = w.shape[1];
  require(x.shape.back() == p.k && y.shape.back() == p.n, "dense: the shapes do not fit");
  plan->hasBias = s.inputs.size() == 3;
  if (plan->hasBias) {
    require(s.inputs[2].rank() == 1 && s.inputs[2].shape[0] == p.n, "dense: the bias does not fit");
  }
  simplify(*plan);
  cut(*plan);
  if (s.isConstant(1)) planPanels(*plan);
  return plan;
}

// Phase 0 of a plan with panels.
void packPanel(const Task& task, const GemmPlan& plan, std::int64_t panel) {
  const Product& p = plan.product;
  const std::int64_t column = panel * plan.panelColumns, left = p.n - column;
  packRows(task.in<float>(1) + column, p.n, p.k,
           left < plan.panelColumns ? left : plan.panelColumns,
           reinterpret_cast<float*>(task.sharedScratch) + column * p.k, plan.panelColumns);
}

Status run(const Task& task) noexcept {
  const auto& plan = static_cast<const GemmPlan&>(task.plan);
  const Product& p = plan.product;
  const float* a = task.in<float>(plan.swapped ? 1 : 0);
  const float* b = task.in<float>(plan.swapped ? 0 : 1);
  const float* bias = plan.hasBias ? task.in<float>(2) : nullptr;
  auto* scratch = reinterpret_cast<float*>(task.threadScratch);
  const std::int64_t perMatrix = plan.rowBlocks * plan.columnBlocks;
  for (std::int64_t block = task.begin; block < task.end; block++) {
    if (plan.panelColumns > 0 && task.phase == 0) {
      packPanel(task, plan, block);
      continue;
    }
    const std::int64_t first = block / perMatrix * plan.matricesPerBlock;
    const std::int64_t inside = block % perMatrix;
    Area area{inside % plan.rowBlocks * plan.cut.blockRows, plan.cut.blockRows,
              inside / plan.rowBlocks * plan.cut.blockColumns, plan.cut.blockColumns};
    if (area.rows > p.m - area.row) area.rows = p.m - area.row;
    if (area.columns > p.n - area.column) area.columns = p.n - area.column;
    for (std::int64_t i = first; i < first + plan.matricesPerBlock && i < plan.matrices; i++) {
      Operands o{a, b, bias, task.out<float>(0)};
      if (plan.panelColumns > 0) {
        o.panels = reinterpret_cast<const float*>(task.sharedScratch);
        o.panelColumns = plan.panelColumns;
      }
      if (plan.matrices > 1) {
        o.a += plan.offsets[2 * i + (plan.swapped ? 1 : 0)];
        o.b += plan.offsets[2 * i + (plan.swapped ? 0 : 1)];
        o.c += i * p.m * p.n;
      }
      switch (plan.cut.method) {
        case Method::tiles:
          multiplyTiles(p, plan.cut, o, area, scratch);
          break;
        case Method::rows:
          multiplyRows(p, o, area);
          break;
        case Method::blas:
          multiplyBlas(p, o, area);
          break;
      }
    }
  }
  return Status::ok;
}

}  // namespace
}  // namespace neurone::NEURONE_ISA::gemm

namespace neurone::NEURONE_ISA {

void addGemmKernels(KernelList& list) {
  list.push_back({"matmul", gemm::prepareMatmul, gemm::run});
  list.push_back({"dense", gemm::prepareDense, gemm::run});
}

}  // namespace neurone::NEURONE_ISA
