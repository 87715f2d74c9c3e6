// What kernels over rows of channels have in common. Where the channels are few, several rows count
// as one wide row, so that loops over it fill the vectors; rows that are left over are the
// beginning of a last wide row. Values per channel are spread over a wide row in tables.
#pragma once

#include <type_traits>

#include "elementwise_nest.h"
#include "streaming.h"
#include "vector_math.h"

namespace neurone::NEURONE_ISA {

// Narrower rows are read several at a time, as many as end with a vector of AVX-512.
inline constexpr Index kNarrowRow = 256;
// Columns that one block sums: four vectors of sums in the first cache.
inline constexpr Index kColumnsPerBlock = 1024;
// Wide rows that are summed before the sums go into doubles.
inline constexpr Index kPieceRows = 64;
// Blocks of sums: each costs a row of partial sums that are combined.
inline constexpr Index kSumBlocks = 64;

// The smallest multiple of `channels` that fills whole vectors and is no narrow row.
inline Index foldOf(Index channels) {
  if (channels == 0 || channels >= kNarrowRow) return 1;
  Index unit = 16;
  while (unit > 1 && channels * unit / 2 % 16 == 0) unit /= 2;
  return (kNarrowRow + unit * channels - 1) / (unit * channels) * unit;
}

// Activations that a normalization applies itself, by their codes.
inline constexpr std::int64_t kLinear = 0, kRelu = 1, kRelu6 = 4;

inline std::int64_t requireActivation(const Signature& signature) {
  const std::int64_t activation = AttrReader(signature).integer();
  require(activation == kLinear || activation == kRelu || activation == kRelu6,
          "a normalization with an activation that it does not know");
  return activation;
}

// Calls body with the activation as a constant.
template <class Body>
[[gnu::always_inline]] inline void withActivation(std::int64_t activation, Body body) {
  if (activation == kLinear)
    body(std::integral_constant<std::int64_t, kLinear>{});
  else if (activation == kRelu)
    body(std::integral_constant<std::int64_t, kRelu>{});
  else
    body(std::integral_constant<std::int64_t, kRelu6>{});
}

struct ChannelsPlan : Plan {
  Index rows = 0;
  Index channels = 0;
  Index fold = 1;    // rows that count as one
  Index wide = 0;    // elements of a wide row
  Index folded = 0;  // whole wide rows
  Index rest = 0;    // rows left over
  std::int64_t activation = kLinear;
  bool past = false;   // whether the output of x's shape goes past the caches
  Split columnSplit;   // blocks of sums: columns,
  Split rowSplit;      // and wide rows
  Split channelSplit;  // blocks in which partial sums are combined
  Tiles tiles;         // blocks of elements

  explicit ChannelsPlan(const ValueInfo& x) {
    require(x.rank() == 2, "channels of a tensor that is not a matrix");
    rows = x.shape[0];
    channels = x.shape[1];
    fold = foldOf(channels);
    past = isPastCaches(x);
    wide = fold * channels;
    folded = rows / fold;
    rest = rows % fold;
    columnSplit = splitEvenly(wide, kColumnsPerBlock, 16);
    const Index columns = columnSplit.length > 1 ? columnSplit.length : 1;
    const Index atLeast = kCheap / columns > 16 ? kCheap / columns : 16;
    const Index rowBlocks = kSumBlocks / columnSplit.count;
    rowSplit = splitEvenly(folded, atLeast, 4, rowBlocks > 4 ? rowBlocks : 4);
    channelSplit = splitEvenly(channels, kCheap / (4 * rowSplit.count), 64);
    tiles = tile(folded, wide, kCheap);
  }

  Index sumBlocks() const { return rowSplit.count * columnSplit.count; }
  bool isLast(Index rowBlock) const { return rowBlock == rowSplit.count - 1; }
  // Rows of the block `rowBlock` of sums.
  Index rowsOf(Index rowBlock) const {
    const Index whole = rowSplit.end(rowBlock, folded) - rowSplit.begin(rowBlock);
    return whole * fold + (isLast(rowBlock) ? rest : 0);
  }
};

// table[c] = values[c mod channels] for columns [begin, end) of a wide row.
inline void spread(const ChannelsPlan& plan, const float* values, Index begin, Index end,
                   float* table) {
  Index channel = plan.fold > 1 ? begin % plan.channels : begin;
  for (Index c = begin; c < end; c++) {
    table[c - begin] = values[channel];
    if (++channel == plan.channels) channel = 0;
  }
}

// Columns that are summed at a time, so that what follows in their rows is asked for in time.
inline constexpr Index kColumnsAtOnce = 64;

// Asks for the stretch of four rows that comes after those at x.
[[gnu::always_inline]] inline void fetchFourRows(const float* x, Index stride) {
  for (Index row = 4; row < 8; row++)
    for (Index line = 0; line < kColumnsAtOnce; line += 16) fetch(x + row * stride + line);
}

// The factor of a channel; from the variance as it is stored, so that the gradient finds the same.
inline double scaleOf(float gamma, float variance, double epsilon) {
  return gamma / __builtin_sqrt(variance + epsilon);
}

[[gnu::always_inline]] inline Floats normalized(Floats d, Floats scale, Floats offset) {
  return d * scale + offset;
}

// NaN passes.
template <std::int64_t activation>
[[gnu::always_inline]] inline Floats activated(Floats z) {
  if constexpr (activation != kLinear) z = z < all(0.0f) ? all(0.0f) : z;
  if constexpr (activation == kRelu6) z = z > all(6.0f) ? all(6.0f) : z;
  return z;
}

// What of dy passes through the activation of z.
template <std::int64_t activation>
[[gnu::always_inline]] inline Floats passing(Floats dy, Floats z) {
  if constexpr (activation != kLinear) dy = z > all(0.0f) ? dy : all(0.0f);
  if constexpr (activation == kRelu6) dy = z < all(6.0f) ? dy : all(0.0f);
  return dy;
}

// Calls body(first element, first column, count) for each stretch of a wide row in a block of
// elements.
template <class Body>
[[gnu::always_inline]] inline void forWideRows(const ChannelsPlan& plan, Index block, Body body) {
  const Tiles& tiles = plan.tiles;
  const Index column = tiles.columnSplit.begin(block % tiles.columnSplit.count);
  const Index columns = tiles.columnSplit.end(block % tiles.columnSplit.count, plan.wide) - column;
  const Index rowBlock = block / tiles.columnSplit.count;
  const Index end = tiles.rowSplit.end(rowBlock, plan.folded);
  for (Index row = tiles.rowSplit.begin(rowBlock); row < end; row++)
    body(row * plan.wide + column, column, columns);
  if (block == 0 && plan.rest > 0)
    body(plan.folded * plan.wide, Index{0}, plan.rest * plan.channels);
}

// Checks values per channel.
inline void requireChannels(const ChannelsPlan& plan, const ValueInfo& value) {
  requireDType(value, {DType::float32});
  require(value.shape == Shape{plan.channels}, "channels of another number");
}

}  // namespace neurone::NEURONE_ISA
