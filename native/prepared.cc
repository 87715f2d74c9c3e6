#include "prepared.h"

#include <algorithm>
#include <new>

namespace neurone {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{512} << 20;  // of all programs together

}  // namespace

std::shared_ptr<Prepared> PreparedStore::of(const std::shared_ptr<const Program>& program) {
  if (program->preparedBytes == 0 || program->preparedBytes > kMostBytes) return nullptr;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!latest_.empty() && latest_.back().lock() == program && program->prepared)
    return program->prepared;
  std::erase_if(latest_, [&](const std::weak_ptr<const Program>& other) {
    const auto held = other.lock();
    return !held || held == program;
  });
  latest_.push_back(program);
  if (program->prepared) return program->prepared;
  std::int64_t bytes = program->preparedBytes;
  for (auto other = latest_.rbegin() + 1; other != latest_.rend(); ++other) {
    const auto held = other->lock();
    if (!held || !held->prepared) continue;
    bytes += held->preparedBytes;
    if (bytes > kMostBytes) held->prepared = nullptr;
  }
  try {
    program->prepared = std::make_shared<Prepared>(*program);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return program->prepared;
}

}  // namespace neurone
