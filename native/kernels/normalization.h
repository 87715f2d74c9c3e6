// The parts that the normalization family is made of, one per file.
#pragma once

#include "registry.h"

namespace neurone::NEURONE_ISA {

void addBatchNormKernels(KernelList& list);
void addBatchNormGradKernels(KernelList& list);
void addLayerNormKernels(KernelList& list);
void addLayerNormGradKernels(KernelList& list);

}  // namespace neurone::NEURONE_ISA
