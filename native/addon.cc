// The addon's JavaScript face. It checks every argument: a wrong call throws and never crashes.
#include <cblas.h>
#include <napi.h>

#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>

#include "engine.h"
#include "program.h"
#include "registry.h"
#include "threads.h"

extern "C" {
void openblas_set_num_threads(int);
char* openblas_get_config();
char* openblas_get_corename();
}

namespace neurone {
namespace {

// What one environment holds. Programs are shared with the runs that use them.
class Environment {
 public:
  explicit Environment(Napi::Env env) : env_(env) {}

  ~Environment() { close(); }

  void close() {
    engine_.reset();  // ends the thread, which writes where progress_ is
    progress_.Reset();
    if (hasNotifier_.exchange(false)) notifier_.Release();
  }

  // The array is kept for as long as there is an engine.
  void start(const Napi::Function& onProgress, Napi::Object progress,
             std::atomic<std::int32_t>* ticket) {
    if (engine_) throw std::invalid_argument("the engine was started before");
    notifier_ = Napi::ThreadSafeFunction::New(env_, onProgress, "neurone", 0, 1);
    notifier_.Unref(env_);
    hasNotifier_ = true;
    progress_ = Napi::Persistent(progress);
    engine_ = std::make_unique<Engine>(ticket, &Environment::notify, this);
    // Added after the notifier's own hook, and so run before it: the engine ends first.
    env_.AddCleanupHook([](Environment* self) { self->close(); }, this);
  }

  Engine& engine() {
    if (!engine_) throw std::invalid_argument("the engine has not been started");
    return *engine_;
  }

  std::uint32_t add(std::shared_ptr<const Program> program) {
    const std::uint32_t id = ++lastProgram_;
    programs_.emplace(id, std::move(program));
    return id;
  }

  std::shared_ptr<const Program> program(std::uint32_t id) const {
    const auto found = programs_.find(id);
    if (found == programs_.end()) throw std::invalid_argument("there is no such program");
    return found->second;
  }

  void remove(std::uint32_t id) { programs_.erase(id); }

  Napi::ThreadSafeFunction& notifier() { return notifier_; }
  Napi::Env env() const { return env_; }

 private:
  static void notify(void* self) {
    auto* environment = static_cast<Environment*>(self);
    if (!environment->hasNotifier_) return;
    // A closing notifier has given up our reference itself.
    if (environment->notifier_.NonBlockingCall() == napi_closing) environment->hasNotifier_ = false;
  }

  Napi::Env env_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const Program>> programs_;
  std::uint32_t lastProgram_ = 0;
  Napi::ThreadSafeFunction notifier_;
  std::atomic<bool> hasNotifier_{false};
  Napi::ObjectReference progress_;
  std::unique_ptr<Engine> engine_;
};

Environment& environment(const Napi::CallbackInfo& info) {
  return *static_cast<Environment*>(info.Data());
}

// Calls `body` and turns C++ exceptions into JavaScript errors.
template <class Body>
Napi::Value guarded(const Napi::CallbackInfo& info, Body&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

// Bytes of one element, by napi_typedarray_type.
constexpr std::size_t kElementBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};

// One call per array: a run binds dozens of them.
Buffer toBuffer(const Napi::Value& value, napi_typedarray_type* type = nullptr) {
  napi_typedarray_type actual;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &actual, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      static_cast<std::size_t>(actual) >= std::size(kElementBytes))
    throw std::invalid_argument("expected a typed array");
  if (type) *type = actual;
  return {static_cast<std::byte*>(data), length * kElementBytes[actual]};
}

Buffer toBufferOf(const Napi::Value& value, napi_typedarray_type wanted, const char* what) {
  napi_typedarray_type type = napi_uint8_array;
  const Buffer buffer = toBuffer(value, &type);
  if (type != wanted) throw std::invalid_argument(std::string("expected a ") + what);
  return buffer;
}

Napi::Array toArray(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw std::invalid_argument(std::string("expected an array of ") + what);
  return value.As<Napi::Array>();
}

// The elements of an array. Reading them may run JavaScript, which could detach buffers: so no data
// pointer is taken before all arrays of a call have been read.
std::vector<Napi::Value> toElements(const Napi::Value& value, std::size_t count, const char* what) {
  const Napi::Array array = toArray(value, what);
  if (array.Length() != count)
    throw std::invalid_argument(std::string("a run binds the wrong number of ") + what);
  std::vector<Napi::Value> elements;
  elements.reserve(count);
  for (std::uint32_t i = 0; i < count; i++) elements.push_back(array.Get(i));
  return elements;
}

std::vector<Buffer> toBuffers(const std::vector<Napi::Value>& values) {
  std::vector<Buffer> buffers;
  buffers.reserve(values.size());
  for (const Napi::Value& value : values) buffers.push_back(toBuffer(value));
  return buffers;
}

double toNumber(const Napi::Value& value, const char* what) {
  if (!value.IsNumber()) throw std::invalid_argument(std::string("expected a number: ") + what);
  return value.As<Napi::Number>().DoubleValue();
}

std::int64_t toInteger(const Napi::Value& value, const char* what) {
  const double number = toNumber(value, what);
  if (!(number >= 0 && number <= 9e15) ||
      number != static_cast<double>(static_cast<std::int64_t>(number)))
    throw std::invalid_argument(std::string("expected a whole number: ") + what);
  return static_cast<std::int64_t>(number);
}

// run: (program, inputs, stateReads, stateWrites, outputs, feedSources, feedRows, numbers, result,
// profile?) numbers: steps, chain, first row of each feed, bindings, version of each state.
std::unique_ptr<Run> toRun(const Napi::CallbackInfo& info, Environment& environment) {
  auto run = std::make_unique<Run>();
  run->program = environment.program(static_cast<std::uint32_t>(toInteger(info[0], "program")));
  const Program& program = *run->program;
  const auto inputs = toElements(info[1], program.inputs.size(), "inputs");
  const auto reads = toElements(info[2], program.states.size(), "states");
  const auto writes = toElements(info[3], program.states.size(), "states");
  const auto outputs = toElements(info[4], program.outputs.size(), "outputs");
  const auto feeds = toElements(info[5], program.feeds.size(), "feeds");
  const auto rows = toElements(info[6], program.feeds.size(), "row numbers");
  run->inputs = toBuffers(inputs);
  run->stateReads = toBuffers(reads);
  run->stateWrites = toBuffers(writes);
  run->outputs = toBuffers(outputs);
  const std::vector<Buffer> sources = toBuffers(feeds);
  const Buffer numbers = toBufferOf(info[7], napi_float64_array, "Float64Array of numbers");
  const double* number = reinterpret_cast<const double*>(numbers.data);
  const std::size_t states = program.states.size();
  if (numbers.bytes / 8 != 2 + sources.size() + program.bindings + states)
    throw std::invalid_argument("a run has the wrong number of numbers");
  const auto whole = [](double value) {
    if (!(value >= 0 && value <= 9e15)) throw std::invalid_argument("a run has a wrong number");
    return static_cast<std::int64_t>(value);
  };
  run->steps = whole(number[0]);
  run->chain = static_cast<std::uint64_t>(whole(number[1]));
  for (std::size_t i = 0; i < sources.size(); i++) {
    FeedSource feed;
    feed.source = sources[i];
    feed.first = whole(number[2 + i]);
    if (!rows[i].IsUndefined()) {
      const Buffer buffer = toBufferOf(rows[i], napi_int32_array, "Int32Array of rows");
      feed.rows = reinterpret_cast<const std::int32_t*>(buffer.data);
      feed.rowCount = buffer.bytes / 4;
    }
    run->feeds.push_back(feed);
  }
  for (std::size_t i = 0; i < program.bindings; i++)
    run->bindings.push_back(static_cast<float>(number[2 + sources.size() + i]));
  const double* const version = number + 2 + sources.size() + program.bindings;
  for (std::size_t i = 0; i < states; i++)
    run->versions.push_back(static_cast<std::uint64_t>(whole(version[i])));
  const Buffer result = toBufferOf(info[8], napi_float64_array, "Float64Array for the result");
  if (result.bytes < 5 * sizeof(double))
    throw std::invalid_argument("the result array is too small");
  run->result = reinterpret_cast<double*>(result.data);
  if (info.Length() > 9 && !info[9].IsUndefined()) {
    const Buffer profile = toBufferOf(info[9], napi_float64_array, "Float64Array for the profile");
    if (profile.bytes / 8 < program.instructions.size())
      throw std::invalid_argument("the profile array is too small");
    run->profile = reinterpret_cast<double*>(profile.data);
  }
  run->check();
  return run;
}

Napi::Value start(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    if (!info[0].IsFunction()) throw std::invalid_argument("expected a function");
    const Buffer progress = toBufferOf(info[1], napi_int32_array, "Int32Array of progress");
    if (progress.bytes < 4) throw std::invalid_argument("the progress array is too small");
    // Memory that is not shared could be transferred away while the engine writes to it.
    if (info[1].As<Napi::TypedArray>().ArrayBuffer().IsArrayBuffer())
      throw std::invalid_argument("the progress array must be in a SharedArrayBuffer");
    environment(info).start(info[0].As<Napi::Function>(), info[1].As<Napi::Object>(),
                            reinterpret_cast<std::atomic<std::int32_t>*>(progress.data));
    return info.Env().Undefined();
  });
}

Napi::Value load(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Buffer words = toBufferOf(info[0], napi_float64_array, "Float64Array of the program");
    auto program = Program::decode(
        {reinterpret_cast<const double*>(words.data), words.bytes / sizeof(double)});
    return Napi::Number::New(info.Env(), environment(info).add(std::move(program)));
  });
}

// The algorithm of each instruction, empty where there is no choice.
Napi::Value methods(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto program =
        environment(info).program(static_cast<std::uint32_t>(toInteger(info[0], "program")));
    const std::size_t count = program->instructions.size();
    Napi::Array names = Napi::Array::New(info.Env(), count);
    for (std::size_t i = 0; i < count; i++) {
      const Instruction& instruction = program->instructions[i];
      names.Set(static_cast<std::uint32_t>(i),
                instruction.plan ? instruction.plan->describe() : "");
    }
    return names;
  });
}

Napi::Value unload(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    environment(info).remove(static_cast<std::uint32_t>(toInteger(info[0], "program")));
    return info.Env().Undefined();
  });
}

Napi::Value enqueue(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Environment& self = environment(info);
    Engine& engine = self.engine();
    return Napi::Number::New(info.Env(), static_cast<double>(engine.enqueue(toRun(info, self))));
  });
}

Napi::Value runNow(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Environment& self = environment(info);
    Engine& engine = self.engine();
    const std::unique_ptr<Run> run = toRun(info, self);
    engine.runNow(*run);
    return info.Env().Undefined();
  });
}

Napi::Value wait(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto ticket = static_cast<std::uint64_t>(toInteger(info[0], "ticket"));
    return Napi::Boolean::New(info.Env(), environment(info).engine().wait(ticket));
  });
}

Napi::Value notifyAfter(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto ticket = static_cast<std::uint64_t>(toInteger(info[0], "ticket"));
    return Napi::Boolean::New(info.Env(), environment(info).engine().notifyAfter(ticket));
  });
}

// hold(true) keeps the event loop alive until hold(false).
Napi::Value hold(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    Environment& self = environment(info);
    self.engine();
    if (info[0].ToBoolean())
      self.notifier().Ref(info.Env());
    else
      self.notifier().Unref(info.Env());
    return info.Env().Undefined();
  });
}

Napi::Value abortRun(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    environment(info).engine().abort(static_cast<std::uint64_t>(toInteger(info[0], "ticket")));
    return info.Env().Undefined();
  });
}

Napi::Value setThreads(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    setThreadBudget(static_cast<int>(std::min<std::int64_t>(toInteger(info[0], "threads"), 256)));
    return info.Env().Undefined();
  });
}

Napi::Value describe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object out = Napi::Object::New(env);
  out.Set("isa", isaName(detectIsa()));
  out.Set("blasConfig", openblas_get_config());
  out.Set("blasCore", openblas_get_corename());
  out.Set("threads", threadBudget());
  out.Set("cpuAllowance", cpuAllowance());
  out.Set("compiler", __VERSION__);
  return out;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  openblas_set_num_threads(1);
  auto* self = new Environment(env);
  env.AddCleanupHook([](Environment* e) { delete e; }, self);
  const auto add = [&](const char* name, Napi::Value (*fn)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, fn, name, self));
  };
  add("start", start);
  add("load", load);
  add("methods", methods);
  add("unload", unload);
  add("enqueue", enqueue);
  add("runNow", runNow);
  add("wait", wait);
  add("notifyAfter", notifyAfter);
  add("hold", hold);
  add("abort", abortRun);
  add("setThreads", setThreads);
  add("describe", describe);
  const KernelList& kernels = allKernels();
  Napi::Array names = Napi::Array::New(env, kernels.size());
  for (std::size_t i = 0; i < kernels.size(); i++)
    names.Set(static_cast<std::uint32_t>(i), kernels[i].name);
  exports.Set("kernels", names);
  return exports;
}

}  // namespace
}  // namespace neurone

Napi::Object InitModule(Napi::Env env, Napi::Object exports) { return neurone::init(env, exports); }

NODE_API_MODULE(neurone, InitModule)
