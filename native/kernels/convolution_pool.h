// `convPool`: a convolution and the pooling of what it makes, a few images or rows at a time.
#pragma once

#include "../registry.h"
#include "convolution.h"

namespace neurone::NEURONE_ISA::convolution {

void addPooled(KernelList&);

}  // namespace neurone::NEURONE_ISA::convolution
