#include "workspace.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace neurone {

Workspace::~Workspace() { std::free(data_); }

std::byte* Workspace::reserve(std::size_t bytes) {
  if (bytes <= bytes_) return data_;
  std::free(data_);
  data_ = nullptr;
  bytes_ = 0;
  constexpr std::size_t huge = std::size_t{2} << 20;
  const std::size_t alignment = bytes >= 2 * huge ? huge : 64;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (!memory) throw std::bad_alloc();
  if (alignment == huge) madvise(memory, size, MADV_HUGEPAGE);
  data_ = static_cast<std::byte*>(memory);
  bytes_ = size;
  return data_;
}

}  // namespace neurone
