// One engine thread per Node environment: a queue of runs, done one after the other, and a way in
// for runs on the caller's own thread between the steps of those.
#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "executor.h"

namespace neurone {

class Engine {
 public:
  // `progress` is where JavaScript reads the last completed ticket; whoever makes the engine keeps
  // it longer. `notify` is called on the engine thread after a run that `notifyAfter` asked about.
  Engine(std::atomic<std::int32_t>* progress, void (*notify)(void*), void* context);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  std::uint64_t enqueue(std::unique_ptr<Run> run);
  // Blocks until the run of this ticket has ended. False if the engine was stopped before.
  // Like notifyAfter it throws std::invalid_argument for a ticket that was never given out.
  bool wait(std::uint64_t ticket);
  // Asks for a notification once this ticket is done; true if it already is.
  bool notifyAfter(std::uint64_t ticket);
  void abort(std::uint64_t ticket);
  // Runs at once on the calling thread, with one thread, between two steps of the queue.
  RunResult runNow(Run& run);
  // Ends the thread, in the middle of a step if need be. Called by the environment's cleanup hook
  // and, because process.exit() runs no hooks, by the library's destructor.
  void stop();

 private:
  struct Gate;
  static void* main(void* self);
  void loop();
  std::unique_ptr<Run> next();
  RunResult execute(Run& run);
  void complete(const Run& run, const RunResult& result);
  void requireIssued(std::uint64_t ticket);
  bool isIdle();

  std::atomic<std::int32_t>* const progress_;
  void (*const notify_)(void*);
  void* const context_;

  std::mutex mutex_;
  std::condition_variable queued_, finished_;
  std::deque<std::unique_ptr<Run>> queue_;
  Run* running_ = nullptr;
  std::uint64_t issued_ = 0;
  std::uint64_t notifyUntil_ = 0;
  std::atomic<std::uint64_t> completed_{0};
  std::atomic<std::uint32_t> pending_{0};
  std::atomic<int> waiters_{0};
  std::atomic<bool> stop_{false};

  std::mutex step_;                                 // held during each step
  std::atomic<int> visitors_{0};                    // callers of runNow who want it
  std::unordered_set<std::uint64_t> failedChains_;  // touched by the engine thread alone
  PreparedStore prepared_;
  Executor executor_{prepared_}, visitor_{prepared_};
  pthread_t thread_{};
  bool started_ = false;
};

// Stops every engine of the process; runs when the library is unloaded at exit.
void stopAllEngines();

}  // namespace neurone
