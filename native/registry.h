// The kernels of this build, by name, from the best instruction set that the processor has.
#pragma once

#include <string_view>
#include <vector>

#include "kernel.h"

namespace neurone {

enum class Isa { baseline, avx2, avx512 };

Isa detectIsa();  // NEURONE_ISA=baseline|avx2 in the environment lowers it
const char* isaName(Isa isa);

// Every kernel file is compiled once per instruction set into a namespace of its own and adds its
// kernels to that set's list.
using KernelList = std::vector<Kernel>;

const Kernel* findKernel(std::string_view name);
const KernelList& allKernels();

}  // namespace neurone
