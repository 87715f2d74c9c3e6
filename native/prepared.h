// What instructions have made of weights that no step changes (panels of a product, transformed
// kernels), kept from run to run until the weights change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "program.h"
#include "workspace.h"

namespace neurone {

struct Prepared {
  // Which weights, in which version, an instruction met last, and whether it has prepared them.
  struct Content {
    const void* from = nullptr;
    std::uint64_t version = 0;
    bool made = false;
  };

  explicit Prepared(const Program& program)
      : contents(program.preparations.size()), memory(space_.reserve(program.preparedBytes)) {}

  std::vector<Content> contents;

 private:
  Workspace space_;

 public:
  std::byte* const memory;
};

// Keeps what the programs that ran last have prepared, of a bounded size in all.
class PreparedStore {
 public:
  // Null where there is nothing to prepare or no room for it: then each run does it again.
  std::shared_ptr<Prepared> of(const std::shared_ptr<const Program>& program);

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<const Program>> latest_;  // the one that ran last at the end
};

}  // namespace neurone
