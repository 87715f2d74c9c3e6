#include "program.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "registry.h"

namespace neurone {
namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{1} << 40;

// Reads whole numbers one by one; throws at the end of the words or on anything that is not one.
class Words {
 public:
  explicit Words(std::span<const double> words) : words_(words) {}

  double number() {
    if (next_ >= words_.size()) throw std::invalid_argument("the program ends too early");
    return words_[next_++];
  }

  std::int64_t integer(std::int64_t least, std::int64_t most, const char* what) {
    const double word = number();
    if (!(word >= static_cast<double>(least) && word <= static_cast<double>(most)) ||
        word != std::floor(word))
      throw std::invalid_argument(std::string("the program has a wrong ") + what);
    return static_cast<std::int64_t>(word);
  }

  std::size_t count(const char* what) { return integer(0, 1 << 20, what); }

 private:
  std::span<const double> words_;
  std::size_t next_ = 0;
};

Value decodeValue(Words& words) {
  Value value;
  value.info.dtype = static_cast<DType>(words.integer(0, 3, "dtype"));
  value.kind = static_cast<StorageKind>(words.integer(0, 5, "storage"));
  value.place = words.integer(0, kMaxBytes, "slot");
  const auto rank = words.integer(0, kMaxRank, "rank (at most 8)");
  double bytes = 4;
  for (std::int64_t i = 0; i < rank; i++) {
    value.info.shape.push_back(words.integer(0, kMaxBytes, "size"));
    // Sizes of 0 count as 1, so that no product of some of the sizes overflows either.
    bytes *= std::max(1.0, static_cast<double>(value.info.shape.back()));
    if (bytes > static_cast<double>(kMaxBytes))
      throw std::invalid_argument("the program has a value that is too large");
  }
  return value;
}

void noteSlot(std::vector<Slot>& slots, const Value& value, const char* what) {
  if (value.place >= static_cast<std::int64_t>(slots.size()))
    throw std::invalid_argument(std::string("the program has a wrong slot of ") + what);
  Slot& slot = slots[value.place];
  slot.bytes = std::max(slot.bytes, value.info.bytes());
  slot.alignment = std::max(slot.alignment, byteSize(value.info.dtype));
  slot.used = true;
}

// The first value of a feed says what its rows are; the others are views of the same bytes.
void noteFeed(std::vector<Slot>& feeds, const Value& value) {
  const bool known =
      value.place < static_cast<std::int64_t>(feeds.size()) && feeds[value.place].used;
  const std::int64_t before = known ? feeds[value.place].bytes : value.info.bytes();
  noteSlot(feeds, value, "feeds");
  if (value.info.bytes() != before)
    throw std::invalid_argument("the program has a feed of two sizes");
  if (known) return;
  if (value.info.shape.empty()) throw std::invalid_argument("the program has a feed without rows");
  feeds[value.place].rows = value.info.shape[0];
}

void checkStorage(Program& program, const Value& value) {
  switch (value.kind) {
    case StorageKind::input:
      return noteSlot(program.inputs, value, "inputs");
    case StorageKind::feed:
      return noteFeed(program.feeds, value);
    case StorageKind::state:
      return noteSlot(program.states, value, "states");
    case StorageKind::output:
      return noteSlot(program.outputs, value, "outputs");
    case StorageKind::binding:
      if (value.place >= static_cast<std::int64_t>(program.bindings) || value.info.size() != 1 ||
          value.info.dtype != DType::float32)
        throw std::invalid_argument("the program has a wrong binding");
      return;
    case StorageKind::arena:
      if (value.place % 64 != 0 || value.place + value.info.bytes() > program.arenaBytes)
        throw std::invalid_argument("the program has a value outside of its arena");
  }
}

void decodeOperands(Program& program, Words& words, std::vector<ValueInfo>& infos, bool written) {
  const std::size_t count = words.count("operand count");
  for (std::size_t i = 0; i < count; i++) {
    const auto id =
        words.integer(0, static_cast<std::int64_t>(program.values.size()) - 1, "operand");
    const Value& value = program.values[id];
    const bool writable = value.kind == StorageKind::state || value.kind == StorageKind::output ||
                          value.kind == StorageKind::arena;
    if (written && !writable) throw std::invalid_argument("the program writes to an input");
    if (written && value.kind == StorageKind::state) {
      if (program.instructions.size() < program.commit)
        throw std::invalid_argument("the program writes state before its commit");
      if (program.states[value.place].constant)
        throw std::invalid_argument("the program writes a state that it calls constant");
    }
    program.operands.push_back(static_cast<int>(id));
    infos.push_back(value.info);
  }
}

constexpr int kMaxDepth = 16;
constexpr std::int64_t kAlignment = 64;

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::unique_ptr<Program> decodeProgram(Words& words, int depth);

void check(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(std::string("the program has a loop ") + message);
}

// Whether `count` times the bytes of the body's slot are there in the loop's operand.
void checkSlot(const Slot& slot, const ValueInfo& operand, std::int64_t count) {
  if (!slot.used || count == 0) return;
  check(slot.bytes <= operand.bytes() / count, "with an operand that is too small");
  check(slot.alignment <= byteSize(operand.dtype), "with an operand of another dtype");
}

void checkLoop(Loop& loop, const Signature& signature) {
  const Program& body = *loop.body;
  check(body.feeds.empty() && body.states.empty() && body.bindings == 0, "with state in its body");
  check(loop.carries + loop.sequences <= body.inputs.size() && loop.carries <= body.outputs.size(),
        "with too few operands");
  check(body.inputs.size() == signature.inputs.size(), "that does not bind its body's inputs");
  check(body.outputs.size() + 1 == signature.outputs.size(),
        "that does not bind its body's outputs");
  for (std::size_t i = 0; i < body.inputs.size(); i++) {
    const bool isSlice = i >= loop.carries && i < loop.carries + loop.sequences;
    checkSlot(body.inputs[i], signature.inputs[i], isSlice ? loop.length : 1);
  }
  std::int64_t scratch = aligned(body.arenaBytes);
  for (std::size_t i = 0; i < body.outputs.size(); i++) {
    checkSlot(body.outputs[i], signature.outputs[i], i < loop.carries ? 1 : loop.length);
    if (i >= loop.carries) continue;
    const std::int64_t bytes = signature.outputs[i].bytes();
    check(bytes == signature.inputs[i].bytes() && body.inputs[i].bytes <= bytes,
          "with a carry that changes its size");
    loop.carryBytes.push_back(bytes);
    loop.spareOffsets.push_back(scratch);
    scratch += aligned(bytes);
  }
  check(signature.outputs.back().bytes() >= scratch, "with too little scratch");
}

std::unique_ptr<Loop> decodeLoop(Words& words, const Signature& signature, int depth) {
  check(depth < kMaxDepth, "in too many others");
  check(signature.attrs.size() == 4 && signature.attrs[0] >= 0 && signature.attrs[2] >= 0 &&
            signature.attrs[3] >= 0,
        "with wrong attributes");
  auto loop = std::make_unique<Loop>();
  loop->length = signature.attrs[0];
  loop->reverse = signature.attrs[1] != 0;
  loop->carries = static_cast<std::size_t>(signature.attrs[2]);
  loop->sequences = static_cast<std::size_t>(signature.attrs[3]);
  loop->body = decodeProgram(words, depth + 1);
  checkLoop(*loop, signature);
  return loop;
}

void noteLoop(Program& program, const Loop& loop) {
  const Program& body = *loop.body;
  const Value& scratch = program.values[program.operands.back()];
  check(scratch.kind == StorageKind::arena, "with its scratch outside of the arena");
  program.threadScratch = std::max(program.threadScratch, body.threadScratch);
  program.sharedScratch = std::max(program.sharedScratch, body.sharedScratch);
  program.bodyPointers = std::max(program.bodyPointers, body.operands.size() + body.bodyPointers);
  program.parallel = program.parallel || body.parallel;
  program.count += body.count;
}

// The slot of an input that is a constant state, or null.
const Slot* constantState(const Program& program, const Instruction& instruction,
                          std::size_t input) {
  const Value& value = program.values[program.operands[instruction.firstOperand + input]];
  if (value.kind != StorageKind::state || !program.states[value.place].constant) return nullptr;
  return &program.states[value.place];
}

void notePreparation(Program& program, Instruction& instruction) {
  const Plan& plan = *instruction.plan;
  if (plan.preparing == 0 || plan.sharedScratch == 0) return;
  const Slot* const state = constantState(program, instruction, 1);
  if (!state) return;
  instruction.preparation = static_cast<std::int64_t>(program.preparations.size());
  instruction.preparedState = static_cast<std::size_t>(state - program.states.data());
  program.preparations.push_back(program.preparedBytes);
  program.preparedBytes += aligned(static_cast<std::int64_t>(plan.sharedScratch));
}

void decodeInstruction(Program& program, Words& words, int depth) {
  const KernelList& kernels = allKernels();
  const auto index = words.integer(-1, static_cast<std::int64_t>(kernels.size()) - 1, "kernel");
  Instruction instruction;
  instruction.number = program.count++;
  instruction.firstOperand = program.operands.size();
  Signature signature;
  decodeOperands(program, words, signature.inputs, false);
  instruction.inputCount = signature.inputs.size();
  for (std::size_t i = 0; i < instruction.inputCount; i++)
    signature.constant.push_back(constantState(program, instruction, i) != nullptr);
  decodeOperands(program, words, signature.outputs, true);
  const std::size_t attrs = words.count("attribute count");
  for (std::size_t i = 0; i < attrs; i++)
    signature.attrs.push_back(words.integer(-kMaxBytes, kMaxBytes, "attribute"));
  instruction.work = words.number();
  if (index < 0) {
    instruction.loop = decodeLoop(words, signature, depth);
    noteLoop(program, *instruction.loop);
    program.instructions.push_back(std::move(instruction));
    return;
  }
  instruction.kernel = &kernels[index];
  try {
    instruction.plan = instruction.kernel->prepare(signature);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("instruction " + std::to_string(program.instructions.size()) +
                                " (" + instruction.kernel->name + "): " + error.what());
  }
  const Plan& plan = *instruction.plan;
  program.threadScratch = std::max(program.threadScratch, plan.threadScratch);
  if (!plan.preparingIsOptional)
    program.sharedScratch = std::max(program.sharedScratch, plan.sharedScratch);
  for (const std::int64_t blocks : plan.blocks)
    program.parallel = program.parallel || (blocks > 1 && instruction.work >= 2 * kGrain);
  notePreparation(program, instruction);
  program.instructions.push_back(std::move(instruction));
}

std::unique_ptr<Program> decodeProgram(Words& words, int depth) {
  auto program = std::make_unique<Program>();
  const std::size_t values = words.count("value count");
  const std::size_t instructions = words.count("instruction count");
  program->commit = words.count("commit");
  program->arenaBytes = words.integer(0, kMaxBytes, "arena size");
  program->inputs.resize(words.count("input count"));
  program->feeds.resize(words.count("feed count"));
  program->states.resize(words.count("state count"));
  program->outputs.resize(words.count("output count"));
  program->bindings = words.count("binding count");
  for (Slot& state : program->states) state.constant = words.integer(0, 1, "mark of a state") == 1;
  for (std::size_t i = 0; i < values; i++) {
    program->values.push_back(decodeValue(words));
    checkStorage(*program, program->values.back());
  }
  for (std::size_t i = 0; i < instructions; i++) decodeInstruction(*program, words, depth);
  for (const Slot& feed : program->feeds) program->feedBytes += (feed.bytes + 63) / 64 * 64;
  return program;
}

}  // namespace

std::unique_ptr<Program> Program::decode(std::span<const double> numbers) {
  Words words(numbers);
  return decodeProgram(words, 0);
}

}  // namespace neurone
