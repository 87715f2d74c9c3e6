// Writes rows of the matrix of a convolution, piece by piece.
#include "convolution_gather.h"

namespace neurone::NEURONE_ISA::convolution {
namespace {

constexpr Index kLine = 16;  // floats of one line of a cache

// Whether taps that follow each other meet pixels that do.
bool isRun(const Line& line) {
  for (Index t = 1; t < line.taps(); t++)
    if (line.offsets[t] != line.offsets[t - 1] + 1) return false;
  return true;
}

// What the taps [t, end) of the last axis, a run or a single tap, meet in the row of pixels that
// begins at `pixels`.
struct Row {
  const Line& line;
  Index channels, channelsEach;
  bool run;

  // For one position, of which pixels may lie outside.
  void write(const float* pixels, Index q, Index t, Index end, float* to) const {
    const Index at = q * line.step + line.offsets[t], taps = end - t;
    const Index low = least(most(-at, 0), taps), high = most(low, least(taps, line.size - at));
    clearRow(low * channelsEach, to);
    copyRow(pixels + (at + low) * channels, (high - low) * channelsEach, to + low * channelsEach);
    clearRow((taps - high) * channelsEach, to + high * channelsEach);
  }

  // For positions [q, q + count): those inside need no care.
  void writeAll(const float* pixels, Index q, Index count, Index t, Index end, float* to,
                Index pitch) const {
    const Index last = q + count, at = line.offsets[t];
    const Index inside = most(q, least(last, ceilDiv(most(-at, 0), line.step)));
    const Index room = line.size - at - (end - t);
    const Index outside = room < 0 ? inside : most(inside, least(last, room / line.step + 1));
    for (; q < inside; q++, to += pitch) write(pixels, q, t, end, to);
    copyRows(pixels + (q * line.step + at) * channels, line.step * channels,
             (end - t) * channelsEach, outside - q, to, pitch);
    to += (outside - q) * pitch;
    for (q = outside; q < last; q++, to += pitch) write(pixels, q, t, end, to);
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
  Position at(lattice, row);
  for (Index count; rows > 0; rows -= count, to += count * pitch, at.skip(lattice, count)) {
    count = least(rows, at.left(lattice));
    const float* const image = origin + at.image * lattice.pixels() * lattice.channels;
    float* piece = to;
    for (Index tap = slice.tap, last = slice.tap + slice.taps; tap < last;) {
      const Index t2 = tap % taps2, t1 = tap / taps2 % taps1, t0 = tap / (taps2 * taps1);
      const Index end = writer.run ? least(taps2, t2 + last - tap) : t2 + 1;
      const Index i0 = at.q0 * a0.step + a0.offsets[t0], i1 = at.q1 * a1.step + a1.offsets[t1];
      const Index width = (end - t2) * slice.channels;
      if (i0 >= 0 && i0 < a0.size && i1 >= 0 && i1 < a1.size)
        writer.writeAll(image + (i0 * a1.size + i1) * a2.size * lattice.channels, at.q2, count, t2,
                        end, piece, pitch);
      else
        for (Index r = 0; r < count; r++) clearRow(width, piece + r * pitch);
      piece += width;
      tap += end - t2;
    }
  }
}

void fetch(const Lattice& lattice, const Slice& slice, const float* source, Index group, Index row,
           Index rows) noexcept {
  if (rows == 0) return;
  const Line &a0 = *lattice.axes[0], &a1 = *lattice.axes[1], &a2 = *lattice.axes[2];
  const Index taps2 = a2.taps(), taps1 = a1.taps();
  const float* const origin = source + group + slice.channel;
  for (Position at(lattice, row); rows > 0; rows--, at.skip(lattice, 1)) {
    for (Index tap = slice.tap; tap < slice.tap + slice.taps; tap++) {
      const Index t2 = tap % taps2, t1 = tap / taps2 % taps1, t0 = tap / (taps2 * taps1);
      const Index i0 = at.q0 * a0.step + a0.offsets[t0], i1 = at.q1 * a1.step + a1.offsets[t1];
      const Index i2 = at.q2 * a2.step + a2.offsets[t2];
      if (i0 < 0 || i0 >= a0.size || i1 < 0 || i1 >= a1.size || i2 < 0 || i2 >= a2.size) continue;
      const Index pixel = ((at.image * a0.size + i0) * a1.size + i1) * a2.size + i2;
      const float* const from = origin + pixel * lattice.channels;
      for (Index i = 0; i < slice.channels; i += kLine) __builtin_prefetch(from + i, 0, 2);
    }
  }
}

}  // namespace neurone::NEURONE_ISA::convolution
