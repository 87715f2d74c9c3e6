// How a matrix product is cut into blocks, and who computes them: a static table by shape and
// instruction set. Changing it may change bits where OpenBLAS takes part, never where tiles do.
#include "gemm_block.h"

namespace neurone::NEURONE_ISA::gemm {
namespace {

#if defined(NEURONE_ISA_avx512)
constexpr bool kOwnMiddle = true, kOwnLarge = true;
#elif defined(NEURONE_ISA_avx2)
// One thread, against OpenBLAS: own tiles 1.02 while all operands fit in the caches, 0.89 beyond.
constexpr bool kOwnMiddle = true, kOwnLarge = false;
#else
constexpr bool kOwnMiddle = false, kOwnLarge = false;
#endif

constexpr std::int64_t kLarge = 1 << 20;  // floats of an operand that the L2 cache cannot hold

std::int64_t evenSlice(std::int64_t k, std::int64_t most) {
  if (k <= most) return k;
  const std::int64_t slices = (k + most - 1) / most;
  return (k + slices - 1) / slices;
}

void cutLikeBlas(const Product& p, bool large, Cut& cut) {
  cut.method = Method::blas;
  if (p.n <= 32) {
    cut.blockRows = 64;
    cut.blockColumns = p.n;
  } else if (p.transposeA) {
    cut.blockRows = 256;
    cut.blockColumns = large ? 4096 : 256;
  } else if (large) {
    cut.blockRows = p.m;
    cut.blockColumns = p.transposeB ? 256 : 512;
  } else {
    cut.blockRows = p.transposeB ? 64 : 128;
    cut.blockColumns = 256;
  }
}

// AVX-512: without copies the tiles run at 98 % of the processor's peak as long as rows of A do not
// fall into one set of the L1 cache and B into one of the L2 cache. A transposed B is copied, so
// its blocks are tall. With AVX2 a tile has six rows instead of fourteen and reads B twice as
// often: there copies pay.
void cutForTiles(const Product& p, bool large, Cut& cut) {
  const bool copies = kLanes < 16 || p.transposeB;
  const bool rowsCollide = p.k % (large ? 512 : 1024) == 0;
  cut.packA = !p.transposeA && rowsCollide && p.m > 64;
  cut.packB = p.transposeB || (copies && p.m >= 32);
  cut.fetchC = large;
  if (p.m > kMaxRows) cut.sliceK = evenSlice(p.k, large ? 256 : cut.packB ? 400 : 800);
  cut.blockRows = large ? 256 : p.n <= kPanel ? 64 : cut.packB ? 128 : 32;
  cut.blockColumns = large ? 256 : cut.packB ? 64 : 256;
  if (p.m <= kMaxRows) cut.blockColumns = 8 * kLanes;
}

}  // namespace

Cut chooseCut(const Product& p) {
  Cut cut;
  const bool large = p.m * p.k > kLarge || p.k * p.n > kLarge || p.m * p.n > kLarge;
  cut.packB = p.transposeB;
  cut.sliceK = p.k;
  cut.blockRows = p.m;
  cut.blockColumns = p.n;
  if (p.transposeB && (p.m == 1 || (p.m <= 3 && !p.transposeA && p.k >= 64))) {
    cut.method = Method::rows;
    cut.packB = false;
    cut.blockColumns = static_cast<double>(p.m) * p.n * p.k < kOneBlock ? p.n : 64;
  } else if (static_cast<double>(p.m) * p.n * p.k > kOneBlock) {
    if (p.m >= 32 && !(large ? kOwnLarge : kOwnMiddle))
      cutLikeBlas(p, large, cut);
    else
      cutForTiles(p, large, cut);
  } else if (p.transposeB) {
    cut.sliceK = evenSlice(p.k, 1024);
  }
  if (cut.blockRows > p.m) cut.blockRows = p.m;
  if (cut.blockColumns > p.n) cut.blockColumns = p.n;
  if (cut.blockRows < 1) cut.blockRows = 1;
  if (cut.blockColumns < 1) cut.blockColumns = 1;
  return cut;
}

}  // namespace neurone::NEURONE_ISA::gemm
