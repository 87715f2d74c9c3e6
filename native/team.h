// The threads that share the blocks of a kernel.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "program.h"
#include "threads.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace neurone {

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// A team of OpenMP threads for the length of one run. Thread 0 runs the program; the others wait
// for blocks. Each thread has a static range of blocks, and steals from the others' when it is
// done, so data stays in its core's cache, and a thread that the system has put to sleep holds
// nobody up who does not need its block (10 % faster than one shared counter; docs/engineering.md).
class Team {
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

}  // namespace neurone
