#include "run.h"

#include <cstring>
#include <stdexcept>
#include <string>

namespace neurone {
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

}  // namespace neurone
