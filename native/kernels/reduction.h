// The parts that the reduction family is made of, one per file.
#pragma once

#include "registry.h"

namespace neurone::NEURONE_ISA {

void addArgKernels(KernelList& list);
void addCumulativeKernels(KernelList& list);
void addSortKernels(KernelList& list);
void addTopKernels(KernelList& list);

}  // namespace neurone::NEURONE_ISA
