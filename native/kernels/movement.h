// The parts that the movement family is made of, one per file.
#pragma once

#include "registry.h"

namespace neurone::NEURONE_ISA {

void addStridedKernels(KernelList& list);
void addTransposeKernels(KernelList& list);
void addJoinKernels(KernelList& list);
void addGatherKernels(KernelList& list);

}  // namespace neurone::NEURONE_ISA
