// One block of a matrix product: what a thread does between two looks at the executor.
#pragma once

#include "gemm_pack.h"
#include "gemm_tile.h"

namespace neurone::NEURONE_ISA::gemm {

enum class Activation : int { linear = 0, relu = 1, sigmoid = 2, tanh = 3 };

// C = activation(A·B + bias) for one matrix, and how it is cut.
struct Product {
  std::int64_t m, n, k;
  bool transposeA, transposeB;
  bool packA, packB;
  bool fetchC;  // C lies beyond the L2 cache
  Activation activation;
  bool scalarBias;  // one bias for every column (a column vector computed as a row)
  std::int64_t sliceK;
  std::int64_t blockRows, blockColumns;
};

struct Operands {
  const float* a;
  const float* b;
  const float* bias;
  float* c;
};

// Rows [row, row + rows) × columns [column, column + columns) of C.
void multiplyBlock(const Product& product, const Operands& operands, std::int64_t row,
                   std::int64_t rows, std::int64_t column, std::int64_t columns,
                   float* scratch) noexcept;

// Columns of the one row of C when B is transposed: products of rows of B with the row of A.
void multiplyRow(const Product& product, const Operands& operands, std::int64_t column,
                 std::int64_t columns) noexcept;

// Floats of scratch that multiplyBlock needs.
std::int64_t scratchSize(const Product& product);

}  // namespace neurone::NEURONE_ISA::gemm
