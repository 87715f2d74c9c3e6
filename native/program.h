// A Program as the engine runs it: decoded from numbers, every index and size checked, kernels
// planned.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel.h"

namespace neurone {

enum class StorageKind : std::uint8_t { input, feed, state, binding, output, arena };

struct Value {
  ValueInfo info;
  StorageKind kind = StorageKind::arena;
  std::int64_t place = 0;  // slot, or offset in the arena
};

struct Program;

// A program that an instruction runs once per iteration. Its inputs are the carries, a slice of
// each sequence, and what is the same in all iterations; its outputs the next carries and a slice
// of each stacked result. The instruction's last output is scratch: the body's arena, then each
// carry again.
struct Loop {
  std::shared_ptr<const Program> body;
  std::int64_t length = 0;
  bool reverse = false;
  std::size_t carries = 0;
  std::size_t sequences = 0;
  std::vector<std::int64_t> carryBytes;
  std::vector<std::int64_t> spareOffsets;  // in the scratch, where each carry has its second place
};

struct Instruction {
  const Kernel* kernel = nullptr;  // null for a loop
  std::unique_ptr<Plan> plan;
  std::unique_ptr<Loop> loop;
  // What failures call it: instructions of bodies count too, after that of their loop.
  std::int64_t number = 0;
  // Operands are pointers [first, first + inputs) and then outputs, in the context's pointer table.
  std::size_t firstOperand = 0;
  std::size_t inputCount = 0;
  double work = 0;  // estimated nanoseconds on one thread
  // Of an instruction that prepares a constant state: its place among those of the program, and
  // the state's slot.
  std::int64_t preparation = -1;
  std::size_t preparedState = 0;
};

// What one slot needs: bytes of one step, and how many rows they are in a feed.
struct Slot {
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  std::size_t alignment = 1;
  bool used = false;
  bool constant = false;  // of a state: no instruction writes it
};

struct Prepared;

struct Program {
  std::vector<Value> values;
  std::vector<Instruction> instructions;
  std::vector<int> operands;  // value of each entry of the pointer table
  std::size_t commit = 0;
  std::int64_t arenaBytes = 0;
  std::vector<Slot> inputs, feeds, states, outputs;
  std::size_t bindings = 0;
  std::size_t threadScratch = 0;
  std::size_t sharedScratch = 0;
  std::size_t feedBytes = 0;
  std::int64_t count = 0;        // instructions, with those of bodies
  std::size_t bodyPointers = 0;  // entries of the pointer tables that bodies need at one time
  bool parallel = false;         // whether any instruction is worth more than one thread
  std::vector<std::int64_t> preparations;  // where each begins in the memory for them
  std::int64_t preparedBytes = 0;
  mutable std::shared_ptr<Prepared> prepared;  // the PreparedStore's

  // Throws std::invalid_argument, naming the instruction, on anything that could not run safely.
  static std::unique_ptr<Program> decode(std::span<const double> words);
};

// Nanoseconds of work per thread below which sharing costs more than it brings: waking a spinning
// team takes about 0.2 µs.
inline constexpr double kGrain = 750;

}  // namespace neurone
