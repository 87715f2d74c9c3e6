// The movement family: strided reads, transposition, joining and padding, gathering by index.
#include "movement.h"

namespace neurone::NEURONE_ISA {

void addMovementKernels(KernelList& list) {
  addStridedKernels(list);
  addTransposeKernels(list);
  addJoinKernels(list);
  addGatherKernels(list);
}

}  // namespace neurone::NEURONE_ISA
