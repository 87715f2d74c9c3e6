// Runs programs: binds pointers, takes batches, and hands blocks of kernels to a team of threads.
// The only one that starts threads inside a step; results never depend on how many there are.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "prepared.h"
#include "run.h"
#include "workspace.h"

namespace neurone {

// How steps of a run yield to others: called between steps.
struct StepGate {
  virtual void enter() = 0;
  virtual void leave() = 0;
  virtual ~StepGate() = default;
};

class Team;

class Executor {
 public:
  explicit Executor(PreparedStore& store) : store_(store) {}
  // Runs all steps, on at most `threads` threads. `stop` ends the run between instructions.
  // Throws std::bad_alloc, before anything is run.
  RunResult execute(Run& run, int threads, StepGate* gate, const std::atomic<bool>& stop);

 private:
  void bind(const Run& run);
  void bindStep(const Run& run, std::int64_t step);
  void planFetches(const Run& run);
  void fetchRows(std::int64_t step, std::int64_t part) const;
  RunResult steps(Run& run, Team* team, StepGate* gate, const std::atomic<bool>& stop);
  // With which phase a call begins, and its shared scratch: what is kept of earlier ones is not
  // made again.
  struct Start {
    std::size_t phase;
    std::byte* shared;
  };
  Start start(const Program& program, const Instruction& instruction, void* const* inputs);
  // Both return whether nothing failed. `pointers` is the program's table, `bodies` room for those
  // of the bodies in it.
  bool instruction(const Program& program, std::size_t index, void* const* pointers, void** bodies,
                   Team* team, RunResult& result);
  bool loop(const Instruction& instruction, void* const* pointers, void** bodies, Team* team,
            RunResult& result);

  PreparedStore& store_;
  std::shared_ptr<Prepared> prepared_;  // of the present run, if it may use it
  const std::uint64_t* versions_ = nullptr;
  Workspace arena_, feeds_, threadScratch_, sharedScratch_;
  std::byte* arenaBase_ = nullptr;
  std::byte* feedBase_ = nullptr;
  std::byte* threadBase_ = nullptr;
  std::byte* sharedBase_ = nullptr;
  std::size_t threadStride_ = 0;
  std::vector<void*> pointers_;
  std::vector<void*> bodyPointers_;
  std::vector<float> bindings_;
  struct Moving {
    std::size_t operand;
    int slot;
    bool feed;
  };
  std::vector<Moving> moving_;  // operands whose pointer changes with each step
  struct Fetch {
    const std::byte* source;
    const std::int32_t* numbers;        // of rows, of all steps
    std::int64_t rows, rowBytes, each;  // each: rows asked for before an instruction
  };
  std::vector<Fetch> fetches_;  // feeds whose rows are asked for a step ahead
};

}  // namespace neurone
