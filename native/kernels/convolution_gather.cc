// Writes rows of the matrix of a convolution, piece by piece.
#include "convolution_gather.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

// Whether taps that follow each other meet pixels that do.
bool isRun(const Line& line) {
  for (Index t = 1; t < line.taps(); t++)
    if (line.offsets[t] != line.offsets[t - 1] + 1) return false;
  return true;
}

// The taps [t, end) of the last axis, for the row of pixels that begins at `pixels`.
struct Row {
  const Line& line;
  Index channels, channelsEach;
  bool run;

  void write(const float* pixels, Index first, Index t, Index end, float* to) const {
    if (run) {
      const Index at = first + line.offsets[0];
      const Index low = most(t, least(-at, end)), high = most(low, least(end, line.size - at));
      clearRow((low - t) * channelsEach, to);
      copyRow(pixels + (at + low) * channels, (high - low) * channelsEach,
              to + (low - t) * channelsEach);
      clearRow((end - high) * channelsEach, to + (high - t) * channelsEach);
      return;
    }
    for (; t < end; t++, to += channelsEach) {
      const Index at = first + line.offsets[t];
      if (at >= 0 && at < line.size)
        copyRow(pixels + at * channels, channelsEach, to);
      else
        clearRow(channelsEach, to);
    }
  }
};

}  // namespace

std::vector<Line> forwardLines(const Axis& a) {
  std::vector<Line> lines(1);
  Line& line = lines[0];
  line.count = line.target = a.output;
  line.step = a.stride;
  line.size = a.size;
  for (Index k = 0; k < a.kernel; k++) {
    line.offsets.push_back(k * a.dilation - a.before);
    line.kernel.push_back(k);
  }
  return lines;
}

std::vector<Line> inputGradLines(const Axis& a) {
  std::vector<Line> lines;
  // Taps backwards, so that the pixels they meet go forwards.
  for (Index k = a.kernel - 1; k >= 0; k--) {
    const Index shift = k * a.dilation - a.before;
    const Index start = ((shift % a.stride) + a.stride) % a.stride;
    if (start >= a.size) continue;
    Line* line = nullptr;
    for (Line& known : lines)
      if (known.start == start) line = &known;
    if (!line) {
      line = &lines.emplace_back();
      line->start = start;
      line->stride = a.stride;
      line->count = ceilDiv(a.size - start, a.stride);
      line->size = a.output;
      line->target = a.size;
    }
    line->offsets.push_back((start - shift) / a.stride);
    line->kernel.push_back(k);
  }
  return lines;
}

Slices::Slices(Index taps, Index channels, Index most)
    : taps(taps), channels(channels), tapsEach(1), channelsEach(channels) {
  if (channels > most) {
    channelsEach = ceilDiv(channels, ceilDiv(channels, most));
  } else if (channels > 0 && taps > 0) {
    tapsEach = least(taps, convolution::most(1, most / channels));
    tapsEach = ceilDiv(taps, ceilDiv(taps, tapsEach));
  }
  if (channelsEach < 1) channelsEach = 1;
}

Slice Slices::at(Index i) const {
  const Index each = perTap(), tap = i / each * tapsEach, channel = i % each * channelsEach;
  return {tap, least(tapsEach, taps - tap), channel, least(channelsEach, channels - channel)};
}

void gather(const Lattice& lattice, const Slice& slice, const float* source, Index group, Index row,
            Index rows, float* to, Index pitch) noexcept {
  if (rows == 0) return;
  const Line &a0 = *lattice.axes[0], &a1 = *lattice.axes[1], &a2 = *lattice.axes[2];
  const Index taps2 = a2.taps(), taps1 = a1.taps();
  const Row writer{a2, lattice.channels, slice.channels,
                   isRun(a2) && slice.channels == lattice.channels};
  const float* const origin = source + group + slice.channel;
  Index q2 = row % a2.count, q1 = row / a2.count % a1.count;
  Index q0 = row / (a2.count * a1.count) % a0.count, image = row / lattice.positions();
  for (Index r = 0; r < rows; r++, to += pitch) {
    const float* const pixels = origin + image * lattice.pixels() * lattice.channels;
    float* at = to;
    for (Index tap = slice.tap, last = slice.tap + slice.taps; tap < last;) {
      const Index t2 = tap % taps2, t1 = tap / taps2 % taps1, t0 = tap / (taps2 * taps1);
      const Index end = least(taps2, t2 + last - tap);
      const Index i0 = q0 * a0.step + a0.offsets[t0], i1 = q1 * a1.step + a1.offsets[t1];
      if (i0 >= 0 && i0 < a0.size && i1 >= 0 && i1 < a1.size)
        writer.write(pixels + (i0 * a1.size + i1) * a2.size * lattice.channels, q2 * a2.step, t2,
                     end, at);
      else
        clearRow((end - t2) * slice.channels, at);
      at += (end - t2) * slice.channels;
      tap += end - t2;
    }
    if (++q2 < a2.count) continue;
    q2 = 0;
    if (++q1 < a1.count) continue;
    q1 = 0;
    if (++q0 < a0.count) continue;
    q0 = 0;
    image++;
  }
}

}  // namespace neurone::NEURONE_ISA::convolution
