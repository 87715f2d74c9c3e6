// Runs programs: binds pointers, takes batches, and hands blocks of kernels to a team of threads.
// The only file that knows about threads inside a step; results never depend on how many there are.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "prepared.h"
#include "program.h"
#include "workspace.h"

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

// How steps of a run yield to others: called between steps.
struct StepGate {
  virtual void enter() = 0;
  virtual void leave() = 0;
  virtual ~StepGate() = default;
};

class Executor {
 public:
  explicit Executor(PreparedStore& store) : store_(store) {}
  // Runs all steps, on at most `threads` threads. `stop` ends the run between instructions.
  // Throws std::bad_alloc, before anything is run.
  RunResult execute(Run& run, int threads, StepGate* gate, const std::atomic<bool>& stop);

 private:
  class Team;
  void bind(const Run& run);
  void bindStep(const Run& run, std::int64_t step);
  void planFetches(const Run& run);
  void fetchRows(std::int64_t step, std::int64_t part) const;
  RunResult steps(Run& run, Team* team, StepGate* gate, const std::atomic<bool>& stop);
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

// The number of threads that runs may use; 0 asks for the processor's (cgroup) allowance.
void setThreadBudget(int threads);
int threadBudget();
int cpuAllowance();

}  // namespace neurone
