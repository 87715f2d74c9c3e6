// Permutes axes. Axes that stay together collapse; if the last one stays last, rows are copied,
// else the two axes that are last on either side are transposed in small squares.
#include "movement.h"
#include "movement_copy.h"

namespace neurone::NEURONE_ISA {
namespace {

std::unique_ptr<Plan> prepareTranspose(const Signature& signature) {
  requireOperands(signature, 1, 1);
  AttrReader attrs(signature);
  const Shape permutation = attrs.list();
  const ValueInfo& x = signature.inputs[0];
  const ValueInfo& y = signature.outputs[0];
  require(x.dtype == y.dtype, "dtypes differ");
  const std::size_t rank = x.shape.size();
  require(permutation.size() == rank && y.shape.size() == rank, "ranks differ");
  const Shape dense = denseStrides(x.shape);
  Shape strides(rank);
  std::vector<bool> seen(rank);
  for (std::size_t i = 0; i < rank; i++) {
    require(permutation[i] >= 0 && permutation[i] < static_cast<Index>(rank),
            "a permutation out of range");
    const auto from = static_cast<std::size_t>(permutation[i]);
    require(!seen[from], "a permutation with an axis twice");
    seen[from] = true;
    require(y.shape[i] == x.shape[from], "shapes that do not fit the permutation");
    strides[i] = dense[from];
  }
  auto plan = std::make_unique<StridedPlan>();
  planStrided(*plan, y, strides);
  return plan;
}

}  // namespace

void addTransposeKernels(KernelList& list) {
  list.push_back({"transpose", prepareTranspose, runStrided});
}

}  // namespace neurone::NEURONE_ISA
