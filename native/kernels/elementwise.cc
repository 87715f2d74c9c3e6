// The elementwise family: unary, binary, comparisons and logic, selection and conversion.
#include "elementwise.h"

namespace neurone::NEURONE_ISA {

void addElementwiseKernels(KernelList& list) {
  addUnaryKernels(list);
  addBinaryKernels(list);
  addComparisonKernels(list);
  addSelectKernels(list);
  addConversionKernels(list);
}

}  // namespace neurone::NEURONE_ISA
