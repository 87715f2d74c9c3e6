// Blocks that OpenBLAS computes, on the calling thread alone.
#include <cblas.h>

#include "gemm_activation.h"
#include "gemm_block.h"

namespace neurone::NEURONE_ISA::gemm {

void multiplyBlas(const Product& p, const Operands& o, const Area& area) noexcept {
  const auto dimension = [](std::int64_t n) { return static_cast<blasint>(n); };
  const float* a = o.a + (p.transposeA ? area.row : area.row * p.k);
  const float* b = o.b + (p.transposeB ? area.column * p.k : area.column);
  float* c = o.c + area.row * p.n + area.column;
  if (o.bias)
    for (std::int64_t i = 0; i < area.rows; i++)
      for (std::int64_t j = 0; j < area.columns; j++) c[i * p.n + j] = o.bias[area.column + j];
  cblas_sgemm(CblasRowMajor, p.transposeA ? CblasTrans : CblasNoTrans,
              p.transposeB ? CblasTrans : CblasNoTrans, dimension(area.rows),
              dimension(area.columns), dimension(p.k), 1.0f, a, dimension(p.transposeA ? p.m : p.k),
              b, dimension(p.transposeB ? p.k : p.n), o.bias ? 1.0f : 0.0f, c, dimension(p.n));
  if (p.activation != Activation::linear)
    for (std::int64_t i = 0; i < area.rows; i++) activate(p.activation, c + i * p.n, area.columns);
}

}  // namespace neurone::NEURONE_ISA::gemm
