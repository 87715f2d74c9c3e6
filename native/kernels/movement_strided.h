// Reading through strides into dense memory.
#pragma once

#include "movement_copy.h"

namespace neurone::NEURONE_ISA {

struct StridedPlan : Plan {
  Nest<1> nest;
  Index start = 0;  // element of x that the first element of y comes from
  Tiles tiles;
  Index repeats = 1;  // how often each short row is written
  Status (*run)(const StridedPlan&, const Task&) noexcept = nullptr;
  // Of a transposition, cut into squares.
  Index matrices = 0;     // of the two axes that are last in x and in y
  int across = 0;         // the axis of y along which x is dense
  Split acrossSplit;      // of its elements
  Split downSplit;        // of the last axis of y
  Split squaresPerBlock;  // of all squares
};

// Fills in everything of a plan that reads `strides` of x into the dense shape of y.
void planStrided(StridedPlan& plan, const ValueInfo& y, const Shape& strides);

Status runStrided(const Task& task) noexcept;

}  // namespace neurone::NEURONE_ISA
