// The parts that the elementwise family is made of, one per file.
#pragma once

#include "registry.h"

namespace neurone::NEURONE_ISA {

void addUnaryKernels(KernelList& list);
void addBinaryKernels(KernelList& list);
void addComparisonKernels(KernelList& list);
void addSelectKernels(KernelList& list);
void addConversionKernels(KernelList& list);

}  // namespace neurone::NEURONE_ISA
