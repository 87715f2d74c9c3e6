// One block of a matrix product: what a thread does between two looks at the executor.
#pragma once

#include "gemm_pack.h"
#include "gemm_tile.h"

namespace neurone::NEURONE_ISA::gemm {

enum class Activation : int { linear = 0, relu = 1, sigmoid = 2, tanh = 3 };

// Who computes a block: our register tiles, products of rows (A·Bᵀ with few rows of A), OpenBLAS.
enum class Method { tiles, rows, blas };

// C = activation(A·B + bias) for one matrix.
struct Product {
  std::int64_t m, n, k;
  bool transposeA, transposeB;
  Activation activation;
  bool scalarBias;  // one bias for every column (a column vector computed as a row)
};

// How a product is computed.
struct Cut {
  Method method = Method::tiles;
  bool packA = false;   // copy each tile's rows of A first, transposed; A is not transposed
  bool packB = false;   // copy the block's slice of B first, in panels
  bool fetchC = false;  // C lies beyond the L2 cache
  std::int64_t sliceK = 0;
  std::int64_t blockRows = 1, blockColumns = 1;
};

// Below so many multiply-adds a block costs more to hand out than it saves.
inline constexpr double kOneBlock = 140e3;

// The static table: a choice by shape and instruction set alone.
Cut chooseCut(const Product& product);

struct Operands {
  const float* a;
  const float* b;
  const float* bias;
  float* c;
  // B once more, in panels of `panelColumns` that lie one after the other; null: only as it is.
  const float* panels = nullptr;
  std::int64_t panelColumns = 0;
};

// A part of C.
struct Area {
  std::int64_t row, rows, column, columns;
};

void multiplyTiles(const Product&, const Cut&, const Operands&, const Area&,
                   float* scratch) noexcept;
void multiplyRows(const Product&, const Operands&, const Area&) noexcept;
void multiplyBlas(const Product&, const Operands&, const Area&) noexcept;

// Floats of scratch that multiplyTiles needs.
std::int64_t scratchSize(const Product&, const Cut&);

}  // namespace neurone::NEURONE_ISA::gemm
