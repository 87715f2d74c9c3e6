// What a kernel is: a plan made once when a program is loaded, and a serial function over a range
// of blocks. A kernel never allocates, throws or starts threads; the executor alone decides who
// runs which blocks, so results may depend on shapes but never on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace neurone {

enum class DType : std::uint8_t { float32 = 0, int32 = 1, uint8 = 2, boolean = 3 };

inline constexpr std::size_t byteSize(DType dtype) {
  return dtype == DType::float32 || dtype == DType::int32 ? 4 : 1;
}

inline constexpr int kMaxRank = 8;

// Shape and dtype of one operand; data is always dense and row-major.
struct ValueInfo {
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;

  std::int64_t size() const {
    std::int64_t n = 1;
    for (auto d : shape) n *= d;
    return n;
  }
  std::int64_t bytes() const { return size() * static_cast<std::int64_t>(byteSize(dtype)); }
  int rank() const { return static_cast<int>(shape.size()); }
};

// One instruction as its kernel's prepare() sees it. Attributes arrive in the order in which the op
// declares them; a list is preceded by its length (see docs/engineering.md, "Kernels").
struct Signature {
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  std::vector<std::int64_t> attrs;
  std::vector<bool> constant;  // of each input: whether no step changes it; empty: none is known

  bool isConstant(std::size_t input) const { return input < constant.size() && constant[input]; }
};

// Reads a signature's attributes in order; throws std::invalid_argument past the end.
class AttrReader {
 public:
  explicit AttrReader(const Signature& signature) : attrs_(signature.attrs) {}
  std::int64_t integer();
  bool boolean() { return integer() != 0; }
  std::vector<std::int64_t> list();

 private:
  const std::vector<std::int64_t>& attrs_;
  std::size_t next_ = 0;
};

// What a kernel works out once per instruction. Kernels derive from it to keep strides and sizes.
struct Plan {
  // Blocks of each phase: every phase ends before the next begins. Depends on shapes and ISA alone.
  std::vector<std::int64_t> blocks{1};
  // Bytes of scratch that each thread gets (64-byte aligned, uninitialised).
  std::size_t threadScratch = 0;
  // Bytes of scratch shared by all blocks and phases of one call, e.g. for partial sums.
  std::size_t sharedScratch = 0;
  // How many of the first phases do nothing but bring the second input into another form, in the
  // shared scratch. If that input is constant, what they made is kept for the next steps and runs.
  std::size_t preparing = 0;
  // Whether the others also run without them, if the shared scratch is null. Then they do until the
  // same weights come a second time: what is used once is not worth preparing.
  bool preparingIsOptional = false;
  virtual ~Plan() = default;
  // The algorithm, of a kernel that has several to choose from.
  virtual const char* describe() const { return ""; }
};

enum class Status : std::int32_t {
  ok = 0,
  indexOutOfRange = 1,  // position: flat index in the index operand; value: what stood there
  nonFinite = 2,        // position: flat index of the first NaN or infinity; value: it
};

struct Failure {
  Status status = Status::ok;
  std::int64_t position = 0;
  double value = 0;
};

// The part of one call that one thread is asked to do: blocks [begin, end) of one phase.
struct Task {
  const Plan& plan;
  void* const* inputs;
  void* const* outputs;
  int phase;
  std::int64_t begin;
  std::int64_t end;
  std::byte* threadScratch;
  std::byte* sharedScratch;
  Failure* failure;  // filled before a status other than ok is returned

  template <class T>
  const T* in(int i) const {
    return static_cast<const T*>(inputs[i]);
  }
  template <class T>
  T* out(int i) const {
    return static_cast<T*>(outputs[i]);
  }
};

struct Kernel {
  const char* name;
  // Checks operands and attributes (std::invalid_argument on anything it cannot run) and plans.
  std::unique_ptr<Plan> (*prepare)(const Signature&);
  Status (*run)(const Task&) noexcept;
};

// Splits n items into blocks of at least `least` items, at most 256 blocks.
inline std::int64_t blockLength(std::int64_t n, std::int64_t least) {
  const std::int64_t perBlock = (n + 255) / 256;
  return perBlock > least ? perBlock : least;
}

void require(bool condition, const char* message);  // throws std::invalid_argument

}  // namespace neurone
