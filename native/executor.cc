#include "executor.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace neurone {
namespace {

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

std::int64_t roundUp(std::int64_t n) { return (n + 63) / 64 * 64; }

constexpr int kMaxThreads = 256;
std::atomic<int> wantedThreads{0};
std::atomic<bool> teamTaken{false};

}  // namespace

int cpuAllowance() {
  static const int allowance = [] {
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
      double quota = 0, period = 0;
      if (std::fscanf(file, "%lf %lf", &quota, &period) == 2 && period > 0)
        cpus = std::min(cpus, std::max(1, static_cast<int>(std::ceil(quota / period))));
      std::fclose(file);
    }
    return std::clamp(cpus, 1, kMaxThreads);
  }();
  return allowance;
}

void setThreadBudget(int threads) { wantedThreads = std::clamp(threads, 0, kMaxThreads); }

int threadBudget() {
  const int wanted = wantedThreads;
  return wanted > 0 ? wanted : cpuAllowance();
}

namespace {

void checkBuffers(const std::vector<Buffer>& buffers, const std::vector<Slot>& slots,
                  const char* what) {
  if (buffers.size() != slots.size())
    throw std::invalid_argument(std::string("a run binds the wrong number of ") + what);
  for (std::size_t i = 0; i < slots.size(); i++) {
    if (static_cast<std::int64_t>(buffers[i].bytes) < slots[i].bytes)
      throw std::invalid_argument(std::string("a run binds too small a buffer to ") + what + " " +
                                  std::to_string(i));
    if (reinterpret_cast<std::uintptr_t>(buffers[i].data) % slots[i].alignment != 0)
      throw std::invalid_argument(std::string("a run binds a misaligned buffer to ") + what + " " +
                                  std::to_string(i));
  }
}

void checkFeed(const FeedSource& feed, const Slot& slot, std::int64_t steps) {
  if (reinterpret_cast<std::uintptr_t>(feed.source.data) % slot.alignment != 0)
    throw std::invalid_argument("a run binds a misaligned buffer to a feed");
  if (slot.rows == 0) return;
  const std::int64_t rowBytes = slot.bytes / slot.rows;
  const std::int64_t rows =
      rowBytes ? static_cast<std::int64_t>(feed.source.bytes) / rowBytes : INT64_MAX;
  if (!feed.rows) {
    if (feed.first < 0 || feed.first > rows || steps > (rows - feed.first) / slot.rows)
      throw std::invalid_argument("a run reads rows past the end of its data");
    return;
  }
  if (steps > static_cast<std::int64_t>(feed.rowCount) / slot.rows)
    throw std::invalid_argument("a run has too few row numbers");
  for (std::int64_t r = 0; r < steps * slot.rows; r++)
    if (feed.rows[r] < 0 || feed.rows[r] >= rows)
      throw std::invalid_argument("a run has a row number outside of its data");
}

}  // namespace

void Run::check() const {
  if (steps < 0 || steps > (std::int64_t{1} << 32))
    throw std::invalid_argument("a run has a wrong number of steps");
  checkBuffers(inputs, program->inputs, "inputs");
  checkBuffers(stateReads, program->states, "states");
  checkBuffers(stateWrites, program->states, "states");
  checkBuffers(outputs, program->outputs, "outputs");
  for (std::size_t i = 0; i < stateReads.size(); i++)
    if (stateReads[i].bytes != stateWrites[i].bytes)
      throw std::invalid_argument("a run binds states of different sizes");
  if (feeds.size() != program->feeds.size())
    throw std::invalid_argument("a run binds the wrong number of feeds");
  if (bindings.size() != program->bindings)
    throw std::invalid_argument("a run binds the wrong number of bindings");
  for (std::size_t i = 0; i < feeds.size(); i++) checkFeed(feeds[i], program->feeds[i], steps);
}

void Run::carryStates() const {
  for (std::size_t i = 0; i < stateReads.size(); i++)
    if (stateReads[i].data != stateWrites[i].data && stateReads[i].bytes > 0)
      std::memmove(stateWrites[i].data, stateReads[i].data, stateReads[i].bytes);
}

// A team of OpenMP threads for the length of one run. Thread 0 runs the program; the others wait
// for blocks. Each thread has a static range of blocks, and steals from the others' when it is
// done, so data stays in its core's cache, and a thread that the system has put to sleep holds
// nobody up who does not need its block (10 % faster than one shared counter; docs/engineering.md).
class Executor::Team {
 public:
  Team(int threads, std::byte* scratch, std::size_t stride)
      : threads_(threads), scratch_(scratch), stride_(stride) {}

  int size() const { return threads_; }

  // Runs `count` blocks of a phase on the whole team; called by thread 0.
  Status run(const Kernel& kernel, const Plan& plan, void* const* inputs, void* const* outputs,
             int phase, std::int64_t count, std::byte* shared, Failure& failure) {
    kernel_.store(&kernel, std::memory_order_relaxed);
    plan_.store(&plan, std::memory_order_relaxed);
    inputs_.store(inputs, std::memory_order_relaxed);
    outputs_.store(outputs, std::memory_order_relaxed);
    phase_.store(phase, std::memory_order_relaxed);
    shared_.store(shared, std::memory_order_relaxed);
    remaining_.store(count, std::memory_order_relaxed);
    failedBlock_.store(INT64_MAX, std::memory_order_relaxed);
    const std::uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
    for (int t = 0; t < threads_; t++)
      lanes_[t].range.store(pack(generation, count * t / threads_, count * (t + 1) / threads_),
                            std::memory_order_relaxed);
    generation_.store(generation, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) generation_.notify_all();
    work(0, generation);
    for (int spins = 0; remaining_.load(std::memory_order_acquire) > 0; spins++) {
      if (spins < 20000) {
        relax();
      } else {
        sched_yield();
      }
    }
    if (failedBlock_.load(std::memory_order_relaxed) == INT64_MAX) return Status::ok;
    for (int t = 0; t < threads_; t++) {
      if (lanes_[t].failedGeneration != generation) continue;
      if (lanes_[t].failedBlock == failedBlock_.load(std::memory_order_relaxed))
        failure = lanes_[t].failure;
    }
    return failure.status;
  }

  // What threads other than 0 do until the run ends.
  void serve(int thread) {
    std::uint32_t seen = 0;
    for (;;) {
      std::uint32_t now = generation_.load(std::memory_order_acquire);
      for (int spins = 0; now == seen && spins < 4000; spins++) {
        relax();
        now = generation_.load(std::memory_order_acquire);
      }
      if (now == seen) {
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        generation_.wait(seen, std::memory_order_seq_cst);
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
        continue;
      }
      seen = now;
      if (ended_.load(std::memory_order_acquire)) return;
      work(thread, now);
    }
  }

  void end() {
    ended_.store(true, std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_seq_cst);
    generation_.notify_all();
  }

 private:
  struct alignas(64) Lane {
    std::atomic<std::uint64_t> range{0};
    std::uint32_t failedGeneration = 0;
    std::int64_t failedBlock = 0;
    Failure failure;
  };

  // A range of blocks, stamped with the job that it belongs to: a thread that comes late, with a
  // pointer to an older job, cannot claim a block of a newer one.
  static std::uint64_t pack(std::uint32_t generation, std::int64_t begin, std::int64_t end) {
    return (std::uint64_t{generation} << 32) | (static_cast<std::uint64_t>(begin) << 16) |
           static_cast<std::uint64_t>(end);
  }

  // Claims the next block of a lane, or returns -1.
  std::int64_t claim(Lane& lane, std::uint32_t generation) {
    std::uint64_t range = lane.range.load(std::memory_order_acquire);
    for (;;) {
      const std::int64_t begin = (range >> 16) & 0xffff, end = range & 0xffff;
      if ((range >> 32) != generation || begin >= end) return -1;
      if (lane.range.compare_exchange_weak(range, range + (1u << 16), std::memory_order_acq_rel))
        return begin;
    }
  }

  void work(int thread, std::uint32_t generation) {
    const Kernel* kernel = kernel_.load(std::memory_order_relaxed);
    const Plan* plan = plan_.load(std::memory_order_relaxed);
    void* const* inputs = inputs_.load(std::memory_order_relaxed);
    void* const* outputs = outputs_.load(std::memory_order_relaxed);
    const int phase = phase_.load(std::memory_order_relaxed);
    std::byte* shared = shared_.load(std::memory_order_relaxed);
    for (int i = 0; i < threads_; i++) {
      Lane& lane = lanes_[(thread + i) % threads_];
      for (std::int64_t block; (block = claim(lane, generation)) >= 0;) {
        Failure failure;
        const Task task{
            *plan,  inputs,  outputs, phase, block, block + 1, scratch_ + thread * stride_,
            shared, &failure};
        if (kernel->run(task) != Status::ok) fail(thread, generation, block, failure);
        remaining_.fetch_sub(1, std::memory_order_release);
      }
    }
  }

  // Keeps the failure of the lowest block, whichever thread met it first.
  void fail(int thread, std::uint32_t generation, std::int64_t block, const Failure& failure) {
    Lane& own = lanes_[thread];
    if (own.failedGeneration != generation || block < own.failedBlock) {
      own.failedGeneration = generation;
      own.failedBlock = block;
      own.failure = failure;
    }
    std::int64_t lowest = failedBlock_.load(std::memory_order_relaxed);
    while (block < lowest && !failedBlock_.compare_exchange_weak(lowest, block)) {
    }
  }

  const int threads_;
  std::byte* const scratch_;
  const std::size_t stride_;
  Lane lanes_[kMaxThreads];
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> ended_{false};
  alignas(64) std::atomic<std::int64_t> remaining_{0};
  std::atomic<std::int64_t> failedBlock_{INT64_MAX};
  alignas(64) std::atomic<const Kernel*> kernel_{nullptr};
  std::atomic<const Plan*> plan_{nullptr};
  std::atomic<void* const*> inputs_{nullptr};
  std::atomic<void* const*> outputs_{nullptr};
  std::atomic<int> phase_{0};
  std::atomic<std::byte*> shared_{nullptr};
};

RunResult Executor::execute(Run& run, int threads, StepGate* gate, const std::atomic<bool>& stop) {
  const Program& program = *run.program;
  bool wanted = program.parallel && threads > 1;
  const int size = wanted ? std::min(threads, kMaxThreads) : 1;
  arenaBase_ = arena_.reserve(program.arenaBytes);
  feedBase_ = feeds_.reserve(program.feedBytes);
  threadStride_ = roundUp(program.threadScratch);
  threadBase_ = threadScratch_.reserve(threadStride_ * size);
  sharedBase_ = sharedScratch_.reserve(program.sharedScratch);
  prepared_ = run.settled ? store_.of(run.program) : nullptr;
  versions_ = run.versions.data();
  bind(run);
  planFetches(run);
  if (wanted && teamTaken.exchange(true)) wanted = false;  // another environment has the team
  RunResult result;
  if (!wanted) {
    result = steps(run, nullptr, gate, stop);
  } else {
    Team team(size, threadBase_, threadStride_);
#pragma omp parallel num_threads(size)
    {
      if (omp_get_thread_num() == 0) {
        result = steps(run, &team, gate, stop);
        team.end();
      } else {
        team.serve(omp_get_thread_num());
      }
    }
    teamTaken = false;
  }
  prepared_.reset();
  return result;
}

void Executor::bind(const Run& run) {
  const Program& program = *run.program;
  bindings_ = run.bindings;
  moving_.clear();
  pointers_.resize(program.operands.size());
  bodyPointers_.resize(program.bodyPointers);
  std::vector<std::byte*> feedBuffers;
  std::byte* next = feedBase_;
  for (const Slot& slot : program.feeds) {
    feedBuffers.push_back(next);
    next += roundUp(slot.bytes);
  }
  for (std::size_t i = 0; i < program.operands.size(); i++) {
    const Value& value = program.values[program.operands[i]];
    const int slot = static_cast<int>(value.place);
    switch (value.kind) {
      case StorageKind::input:
        pointers_[i] = run.inputs[slot].data;
        break;
      case StorageKind::state:
        pointers_[i] = run.stateWrites[slot].data;
        break;
      case StorageKind::binding:
        pointers_[i] = &bindings_[slot];
        break;
      case StorageKind::arena:
        pointers_[i] = arenaBase_ + value.place;
        break;
      case StorageKind::feed:
        pointers_[i] = feedBuffers[slot];
        if (!run.feeds[slot].rows) moving_.push_back({i, slot, true});
        break;
      case StorageKind::output: {
        pointers_[i] = run.outputs[slot].data;
        const std::int64_t bytes = program.outputs[slot].bytes;
        const bool stacked =
            bytes == 0 || static_cast<std::int64_t>(run.outputs[slot].bytes) / bytes >= run.steps;
        if (stacked) moving_.push_back({i, slot, false});
        break;
      }
    }
  }
  run.carryStates();
}

namespace {

void gatherRows(const FeedSource& feed, const Slot& slot, std::int64_t step, std::byte* to) {
  const std::size_t rowBytes = slot.rows ? slot.bytes / slot.rows : 0;
  if (rowBytes == 0) return;
  const std::int32_t* rows = feed.rows + step * slot.rows;
  for (std::int64_t r = 0; r < slot.rows; r++)
    std::memcpy(to + r * rowBytes, feed.source.data + rows[r] * rowBytes, rowBytes);
}

}  // namespace

// Before each instruction a few of the rows of the next step are asked for, which lie anywhere:
// small networks waited for them a tenth of a step, and half of that if all were asked for at once.
void Executor::planFetches(const Run& run) {
  constexpr std::int64_t kMostBytes = 64 << 10;  // more would drive the step's own data out
  const Program& program = *run.program;
  fetches_.clear();
  for (std::size_t i = 0; i < run.feeds.size(); i++) {
    const FeedSource& feed = run.feeds[i];
    const Slot& slot = program.feeds[i];
    if (!feed.rows || slot.rows == 0 || slot.bytes > kMostBytes) continue;
    const auto parts = static_cast<std::int64_t>(program.instructions.size());
    const std::int64_t each = (slot.rows + parts - 1) / parts;
    fetches_.push_back({feed.source.data, feed.rows, slot.rows, slot.bytes / slot.rows, each});
  }
}

// Inline, because GCC takes a function that only prefetches for one without effect and drops the
// calls.
__attribute__((always_inline)) inline void Executor::fetchRows(std::int64_t step,
                                                               std::int64_t part) const {
  for (const Fetch& fetch : fetches_) {
    const std::int32_t* const rows = fetch.numbers + step * fetch.rows;
    const std::int64_t end = std::min(fetch.rows, (part + 1) * fetch.each);
    for (std::int64_t r = part * fetch.each; r < end; r++) {
      const std::byte* const row = fetch.source + rows[r] * fetch.rowBytes;
      for (std::int64_t i = 0; i < fetch.rowBytes; i += 64) __builtin_prefetch(row + i);
      __builtin_prefetch(row + fetch.rowBytes - 1);  // rows may begin in the middle of a line
    }
  }
}

void Executor::bindStep(const Run& run, std::int64_t step) {
  const Program& program = *run.program;
  std::byte* next = feedBase_;
  for (std::size_t i = 0; i < run.feeds.size(); i++) {
    if (run.feeds[i].rows) gatherRows(run.feeds[i], program.feeds[i], step, next);
    next += roundUp(program.feeds[i].bytes);
  }
  for (const Moving& moving : moving_) {
    if (moving.feed) {
      const Slot& slot = program.feeds[moving.slot];
      const std::int64_t rowBytes = slot.rows ? slot.bytes / slot.rows : 0;
      const FeedSource& feed = run.feeds[moving.slot];
      pointers_[moving.operand] = feed.source.data + (feed.first + step * slot.rows) * rowBytes;
    } else {
      pointers_[moving.operand] =
          run.outputs[moving.slot].data + step * program.outputs[moving.slot].bytes;
    }
  }
}

namespace {

std::byte* offset(void* pointer, std::int64_t bytes) {
  return static_cast<std::byte*>(pointer) + bytes;
}

// Points the body's operands at their places for one iteration. Each carry has two places, its
// output and a spare one: an iteration reads one and writes the other, so that the last writes the
// output.
void bindIteration(const Loop& loop, std::int64_t step, void* const* inputs, void* const* outputs,
                   void** table) {
  const Program& body = *loop.body;
  void* scratch = outputs[body.outputs.size()];
  const std::int64_t at = loop.reverse ? loop.length - 1 - step : step;
  const bool toOutput = (loop.length - 1 - step) % 2 == 0;
  for (std::size_t i = 0; i < body.operands.size(); i++) {
    const Value& value = body.values[body.operands[i]];
    if (value.kind == StorageKind::arena) {
      table[i] = offset(scratch, value.place);
      continue;
    }
    const auto slot = static_cast<std::size_t>(value.place);
    const bool isInput = value.kind == StorageKind::input;
    if (slot < loop.carries) {
      void* spare = offset(scratch, loop.spareOffsets[slot]);
      table[i] = toOutput != isInput ? outputs[slot] : spare;
      if (isInput && step == 0) table[i] = inputs[slot];
    } else if (!isInput) {
      table[i] = offset(outputs[slot], at * body.outputs[slot].bytes);
    } else {
      const bool isSlice = slot < loop.carries + loop.sequences;
      table[i] = isSlice ? offset(inputs[slot], at * body.inputs[slot].bytes) : inputs[slot];
    }
  }
}

}  // namespace

bool Executor::loop(const Instruction& instruction, void* const* pointers, void** bodies,
                    Team* team, RunResult& result) {
  const Loop& loop = *instruction.loop;
  const Program& body = *loop.body;
  void* const* inputs = pointers + instruction.firstOperand;
  void* const* outputs = inputs + instruction.inputCount;
  if (loop.length == 0) {
    for (std::size_t i = 0; i < loop.carries; i++)
      if (loop.carryBytes[i] > 0) std::memmove(outputs[i], inputs[i], loop.carryBytes[i]);
  }
  for (std::int64_t step = 0; step < loop.length; step++) {
    bindIteration(loop, step, inputs, outputs, bodies);
    for (std::size_t i = 0; i < body.instructions.size(); i++) {
      if (this->instruction(body, i, bodies, bodies + body.operands.size(), team, result)) continue;
      result.instruction += instruction.number + 1;
      return false;
    }
  }
  return true;
}

bool Executor::instruction(const Program& program, std::size_t index, void* const* pointers,
                           void** bodies, Team* team, RunResult& result) {
  const Instruction& instruction = program.instructions[index];
  if (instruction.loop) return loop(instruction, pointers, bodies, team, result);
  const Plan& plan = *instruction.plan;
  void* const* inputs = pointers + instruction.firstOperand;
  void* const* outputs = inputs + instruction.inputCount;
  const bool shareable = team && instruction.work >= 2 * kGrain;
  std::byte* shared = sharedBase_;
  std::size_t phase = 0;
  Prepared::Content* kept = nullptr;
  if (instruction.preparation >= 0 && prepared_) {
    kept = &prepared_->contents[instruction.preparation];
    shared = prepared_->memory + program.preparations[instruction.preparation];
    const Prepared::Content wanted{inputs[1], versions_[instruction.preparedState]};
    if (*kept == wanted)
      phase = plan.preparing;
    else
      *kept = wanted;
  }
  for (; phase < plan.blocks.size(); phase++) {
    const std::int64_t blocks = plan.blocks[phase];
    if (blocks == 0) continue;
    Failure failure;
    Status status;
    if (shareable && blocks > 1 && blocks < 0x10000) {
      status = team->run(*instruction.kernel, plan, inputs, outputs, static_cast<int>(phase),
                         blocks, shared, failure);
    } else {
      const Task task{plan,        inputs, outputs, static_cast<int>(phase), 0, blocks,
                      threadBase_, shared, &failure};
      status = instruction.kernel->run(task);
    }
    if (status == Status::ok) continue;
    result.code = static_cast<std::int32_t>(status);
    result.instruction = instruction.number;
    result.position = failure.position;
    result.value = failure.value;
    return false;
  }
  return true;
}

RunResult Executor::steps(Run& run, Team* team, StepGate* gate, const std::atomic<bool>& stop) {
  using Clock = std::chrono::steady_clock;
  const Program& program = *run.program;
  const std::size_t count = program.instructions.size();
  RunResult result;
  for (std::int64_t step = 0; step < run.steps; step++) {
    if (gate) gate->enter();
    bindStep(run, step);
    Clock::time_point before = run.profile ? Clock::now() : Clock::time_point();
    for (std::size_t i = 0; i < count; i++) {
      if (i <= program.commit &&
          (stop.load(std::memory_order_relaxed) || run.abort.load(std::memory_order_relaxed))) {
        result.code = RunResult::aborted;
        result.instruction = static_cast<std::int64_t>(i);
      } else {
        if (step + 1 < run.steps) fetchRows(step + 1, static_cast<std::int64_t>(i));
        instruction(program, i, pointers_.data(), bodyPointers_.data(), team, result);
      }
      if (result.code != RunResult::ok) {
        if (gate) gate->leave();
        return result;
      }
      if (run.profile) {
        const Clock::time_point now = Clock::now();
        run.profile[i] += std::chrono::duration<double>(now - before).count();
        before = now;
      }
    }
    result.steps = step + 1;
    if (gate) gate->leave();
  }
  return result;
}

}  // namespace neurone
