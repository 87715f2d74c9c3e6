// One run of a program: what it binds, and what it came to.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "program.h"

namespace neurone {

struct Buffer {
  std::byte* data = nullptr;
  std::size_t bytes = 0;
};

struct FeedSource {
  Buffer source;
  const std::int32_t* rows = nullptr;  // row numbers of all steps, or null: rows in order
  std::size_t rowCount = 0;
  std::int64_t first = 0;
};

// What a run came to. `steps` were committed; `status` says why no more.
struct RunResult {
  enum Code : std::int32_t {
    ok = 0,
    indexOutOfRange = 1,
    nonFinite = 2,
    aborted = 3,
    outOfMemory = 4
  };
  std::int64_t steps = 0;
  std::int32_t code = ok;
  std::int64_t instruction = 0;
  std::int64_t position = 0;
  double value = 0;
};

// One run of a program, with everything that it binds. The buffers belong to JavaScript, which
// keeps them until the run has ended.
struct Run {
  std::shared_ptr<const Program> program;
  std::vector<Buffer> inputs, stateReads, stateWrites, outputs;
  std::vector<FeedSource> feeds;
  std::vector<float> bindings;
  std::vector<std::uint64_t> versions;  // of states: one number for each content they ever had
  bool settled = true;                  // whether no run before it can still change its states
  std::int64_t steps = 1;
  double* profile = nullptr;  // seconds per instruction, added up
  double* result = nullptr;   // where JavaScript reads the RunResult
  std::uint64_t ticket = 0;
  std::uint64_t chain = 0;  // once a run fails, later ones of its chain are not started
  std::atomic<bool> abort{false};

  // Throws std::invalid_argument if a buffer is too small for what the program does with it.
  void check() const;
  // Copies states to where the program writes them, before the first step or instead of all steps:
  // JavaScript takes the written buffers for the present ones from the moment it queues a run.
  void carryStates() const;
};

}  // namespace neurone
