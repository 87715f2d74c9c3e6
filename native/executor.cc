#include "executor.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "team.h"
#include "threads.h"

namespace neurone {
namespace {

std::int64_t roundUp(std::int64_t n) { return (n + 63) / 64 * 64; }

std::atomic<bool> teamTaken{false};

}  // namespace

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

Executor::Start Executor::start(const Program& program, const Instruction& instruction,
                                void* const* inputs) {
  if (instruction.preparation < 0) return {0, sharedBase_};
  const Plan& plan = *instruction.plan;
  const Start unprepared{plan.preparing, nullptr};
  if (!prepared_) return plan.preparingIsOptional ? unprepared : Start{0, sharedBase_};
  std::byte* const memory = prepared_->memory + program.preparations[instruction.preparation];
  Prepared::Content& kept = prepared_->contents[instruction.preparation];
  const std::uint64_t version = versions_[instruction.preparedState];
  const bool known = kept.from == inputs[1] && kept.version == version;
  if (known && kept.made) return {plan.preparing, memory};
  kept = {inputs[1], version, known || !plan.preparingIsOptional};
  return kept.made ? Start{0, memory} : unprepared;
}

bool Executor::instruction(const Program& program, std::size_t index, void* const* pointers,
                           void** bodies, Team* team, RunResult& result) {
  const Instruction& instruction = program.instructions[index];
  if (instruction.loop) return loop(instruction, pointers, bodies, team, result);
  const Plan& plan = *instruction.plan;
  void* const* inputs = pointers + instruction.firstOperand;
  void* const* outputs = inputs + instruction.inputCount;
  const bool shareable = team && instruction.work >= 2 * kGrain;
  auto [phase, shared] = start(program, instruction, inputs);
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
