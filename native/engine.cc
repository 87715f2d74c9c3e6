#include "engine.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "threads.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace neurone {
namespace {

// Never destroyed: engines may stop while statics are torn down.
struct Registry {
  std::mutex mutex;
  std::vector<Engine*> engines;
};
Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

constexpr std::size_t kStackBytes = std::size_t{8} << 20;
// Sleeping costs 57 µs a round trip, so a waiting thread looks for work this long first.
constexpr auto kSpin = std::chrono::microseconds(20);

template <class Condition>
bool spinFor(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  for (;;) {
    for (int i = 0; i < 32; i++) {
      if (condition()) return true;
#if defined(__x86_64__)
      _mm_pause();
#endif
    }
    if (std::chrono::steady_clock::now() >= end) return condition();
  }
}

__attribute__((destructor)) void stopAtExit() { stopAllEngines(); }

}  // namespace

void stopAllEngines() {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  for (Engine* engine : all.engines) engine->stop();
}

// Each step holds the lock; before the next one the engine lets visitors in.
struct Engine::Gate final : StepGate {
  explicit Gate(Engine& engine) : engine(engine) {}
  void enter() override {
    while (engine.visitors_.load(std::memory_order_acquire) > 0 &&
           !engine.stop_.load(std::memory_order_relaxed))
      sched_yield();
    engine.step_.lock();
  }
  void leave() override { engine.step_.unlock(); }
  Engine& engine;
};

Engine::Engine(std::atomic<std::int32_t>* progress, void (*notify)(void*), void* context)
    : progress_(progress), notify_(notify), context_(context) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const int error = pthread_create(&thread_, &attributes, &Engine::main, this);
  pthread_attr_destroy(&attributes);
  if (error)
    throw std::system_error(error, std::generic_category(), "cannot start the engine thread");
  started_ = true;
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.engines.push_back(this);
}

Engine::~Engine() {
  {
    Registry& all = registry();
    const std::lock_guard<std::mutex> lock(all.mutex);
    all.engines.erase(std::remove(all.engines.begin(), all.engines.end(), this), all.engines.end());
  }
  stop();
}

void Engine::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    if (running_) running_->abort = true;
  }
  queued_.notify_all();
  finished_.notify_all();
  if (started_) {
    pthread_join(thread_, nullptr);
    started_ = false;
  }
}

void* Engine::main(void* self) {
  static_cast<Engine*>(self)->loop();
  return nullptr;
}

std::uint64_t Engine::enqueue(std::unique_ptr<Run> run) {
  std::uint64_t ticket;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ticket = run->ticket = ++issued_;
    queue_.push_back(std::move(run));
    pending_.fetch_add(1, std::memory_order_release);
  }
  queued_.notify_one();
  return ticket;
}

std::unique_ptr<Run> Engine::next() {
  spinFor([this] { return pending_.load(std::memory_order_acquire) > 0 || stop_; });
  std::unique_lock<std::mutex> lock(mutex_);
  queued_.wait(lock, [this] { return stop_ || !queue_.empty(); });
  if (stop_) return nullptr;
  std::unique_ptr<Run> run = std::move(queue_.front());
  queue_.pop_front();
  pending_.fetch_sub(1, std::memory_order_relaxed);
  running_ = run.get();
  return run;
}

void Engine::loop() {
  while (std::unique_ptr<Run> run = next()) complete(*run, execute(*run));
}

RunResult Engine::execute(Run& run) {
  Gate gate(*this);
  RunResult result;
  if (failedChains_.count(run.chain)) {
    run.carryStates();
    result.code = RunResult::aborted;
    return result;
  }
  try {
    result = executor_.execute(run, threadBudget(), &gate, stop_);
  } catch (const std::bad_alloc&) {
    run.carryStates();
    result.code = RunResult::outOfMemory;
  }
  if (result.code != RunResult::ok && run.chain != 0) failedChains_.insert(run.chain);
  return result;
}

namespace {
void writeResult(const Run& run, const RunResult& result) {
  if (!run.result) return;
  run.result[0] = static_cast<double>(result.steps);
  run.result[1] = result.code;
  run.result[2] = static_cast<double>(result.instruction);
  run.result[3] = static_cast<double>(result.position);
  run.result[4] = result.value;
}
}  // namespace

void Engine::complete(const Run& run, const RunResult& result) {
  writeResult(run, result);
  bool notify;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = nullptr;
    completed_.store(run.ticket, std::memory_order_release);
    progress_->store(static_cast<std::int32_t>(run.ticket), std::memory_order_release);
    notify = run.ticket <= notifyUntil_ && !stop_;
  }
  if (waiters_.load(std::memory_order_acquire) > 0) finished_.notify_all();
  if (notify) notify_(context_);
}

void Engine::requireIssued(std::uint64_t ticket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ticket > issued_) throw std::invalid_argument("no run has this ticket");
}

bool Engine::wait(std::uint64_t ticket) {
  requireIssued(ticket);
  const auto done = [this, ticket] { return completed_.load(std::memory_order_acquire) >= ticket; };
  if (spinFor([&] { return done() || stop_; })) return done();
  std::unique_lock<std::mutex> lock(mutex_);
  waiters_.fetch_add(1);
  finished_.wait(lock, [&] { return done() || stop_; });
  waiters_.fetch_sub(1);
  return done();
}

bool Engine::notifyAfter(std::uint64_t ticket) {
  requireIssued(ticket);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (completed_.load(std::memory_order_acquire) >= ticket) return true;
  notifyUntil_ = std::max(notifyUntil_, ticket);
  return false;
}

void Engine::abort(std::uint64_t ticket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_ && running_->ticket == ticket) running_->abort = true;
  for (const auto& run : queue_)
    if (run->ticket == ticket) run->abort = true;
}

bool Engine::isIdle() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return completed_.load(std::memory_order_acquire) == issued_;
}

RunResult Engine::runNow(Run& run) {
  visitors_.fetch_add(1, std::memory_order_acq_rel);
  RunResult result;
  {
    const std::lock_guard<std::mutex> lock(step_);
    run.settled = isIdle();
    try {
      result = visitor_.execute(run, 1, nullptr, stop_);
    } catch (const std::bad_alloc&) {
      run.carryStates();
      result.code = RunResult::outOfMemory;
    }
  }
  visitors_.fetch_sub(1, std::memory_order_acq_rel);
  writeResult(run, result);
  return result;
}

}  // namespace neurone
