// The forward direction and the input's gradient of direct convolutions. The latter, at stride 1,
// is the former with the kernel turned about, which is written to shared scratch first.
#include "convolution_direct.h"
#include "convolution_tile.h"

namespace neurone::NEURONE_ISA::convolution::few {
namespace {

using namespace gemm;

struct TileArgs {
  const float* const* rows;  // one for each row of taps; null ones are left out
  Index rowTaps;
  Index pixel;    // offset of the tile's first pixel in each row
  Index aStride;  // between outputs
  Index runs, runStep, runLength;
  const float* w;  // from the first filter on
  Index wStride;
  float* y;
  Index yStride;
  Mask mask;  // lanes of the last vector, in tiles with a tail
  Epilogue epilogue;
};

// R outputs by V vectors of filters.
template <int R, int V, bool kTail>
void tile(const TileArgs& t) noexcept {
  const auto read = [&](const float* from, int v) __attribute__((always_inline)) {
    return kTail && v == V - 1 ? load(from + v * kLanes, t.mask) : load(from + v * kLanes);
  };
  Vec acc[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) acc[r][v] = zeros();
  const float* w = t.w;
  const std::ptrdiff_t aStride = t.aStride, wStride = t.wStride;
  for (Index row = 0; row < t.rowTaps; row++) {
    if (!t.rows[row]) {
      w += t.runs * t.runLength * wStride;
      continue;
    }
    const float* start = t.rows[row] + t.pixel;
    for (Index run = 0; run < t.runs; run++, start += t.runStep) {
      // A pointer for each four outputs, told apart from the others: GCC would keep sixteen
      // distances instead, more than there are registers.
      const float* a[(R + 3) / 4];
#pragma GCC unroll 4
      for (int i = 0; i < (R + 3) / 4; i++) {
        a[i] = start + 4 * i * aStride;
        asm("" : "+r"(a[i]));
      }
      for (Index k = t.runLength; k > 0; k--, w += wStride) {
        Vec wv[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) wv[v] = read(w, v);
#pragma GCC unroll 16
        for (int r = 0; r < R; r++) {
          const Vec x = spread(a[r / 4][r % 4 * aStride]);
#pragma GCC unroll 4
          for (int v = 0; v < V; v++) acc[r][v] = multiplyAdd(x, wv[v], acc[r][v]);
        }
#pragma GCC unroll 4
        for (int i = 0; i < (R + 3) / 4; i++) a[i]++;
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) {
    const bool tail = kTail && v == V - 1;
    Vec column[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) column[r] = acc[r][v];
    float* y = t.y + v * kLanes;
    finishAll(t.epilogue, column, v * kLanes, tail ? t.mask : firstLanes(kLanes), y, t.yStride);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++, y += t.yStride) {
      if (tail)
        store(y, t.mask, column[r]);
      else
        store(y, column[r]);
    }
  }
}

struct Kind {
  using Tile = void (*)(const TileArgs&) noexcept;
  static constexpr int mostRows(int vectors) {
    if (kManyRegisters) return vectors == 1 ? 16 : vectors == 2 ? 14 : 6;
    return vectors == 1 ? 12 : 6;
  }
  template <int R, int V, bool kTail>
  static constexpr Tile make() {
    return tile<R, V, kTail>;
  }
};

constexpr Tiles<Kind> kTiles;

struct ProductPlan : DirectPlan {
  Index phaseOf = 0;  // the phase that multiplies
};

// w with the taps in reverse order, channels and filters exchanged.
void turn(const Geometry& g, const float* w, float* turned) {
  const Index taps = g.taps(), channels = g.channels, filters = g.filters;
  for (Index k = 0; k < taps; k++) {
    const float* from = w + (taps - 1 - k) * channels * filters;
    float* to = turned + k * channels * filters;
    for (Index f = 0; f < filters; f++)
      for (Index c = 0; c < channels; c++) to[f * channels + c] = from[c * filters + f];
  }
}

void multiplyStrip(const DirectPlan& plan, const Strip& strip, const Rows& rows, const float* w,
                   const Epilogue& epilogue, float* y) {
  const Index columns = plan.lines[2].output, filters = plan.filters;
  const bool whole = isPiecewiseLinear(epilogue.activation);
  Epilogue linear = epilogue;
  if (!whole) linear.activation = Activation::linear;
  TileArgs t;
  t.rowTaps = plan.rowTaps();
  t.aStride = plan.lines[2].stride * plan.channels;
  t.runs = plan.runs();
  t.runStep = plan.lines[2].dilation * plan.channels;
  t.runLength = plan.runLength();
  t.wStride = t.yStride = filters;
  for (Index o = 0; o < strip.rows; o++, y += columns * filters) {
    t.rows = rows.at + o * t.rowTaps;
    for (Index f = 0, width; f < filters; f += width) {
      const int vectors = vectorsOf(filters - f);
      width = least(vectors * kLanes, filters - f);
      const bool tail = width < vectors * kLanes;
      t.mask = firstLanes((width - 1) % kLanes + 1);
      t.w = w + f;
      t.epilogue = linear.from(f);
      const Parts parts(columns, Kind::mostRows(vectors));
      for (Index i = 0; i < parts.count; i++) {
        const Index begin = parts.begin(i);
        t.pixel = begin * t.aStride;
        t.y = y + begin * filters + f;
        kTiles.at[vectors / 2][tail][parts.begin(i + 1) - begin](t);
      }
    }
    if (!whole) finish({epilogue.activation}, y, columns * filters);
  }
}

}  // namespace

std::unique_ptr<ConvolutionPlan> planProduct(const Geometry& g, Direction direction) {
  auto plan = std::make_unique<ProductPlan>();
  planStrips(*plan, g, direction);
  // At most 1,024 blocks, of at least 140,000 multiply-adds.
  const double perStrip = g.work() / static_cast<double>(plan->strips);
  plan->stripsPerBlock = most(ceilDiv(plan->strips, 1024), static_cast<Index>(140e3 / perStrip));
  plan->stripsPerBlock = most(1, least(plan->stripsPerBlock, plan->strips));
  plan->blocks = {ceilDiv(plan->strips, plan->stripsPerBlock)};
  if (direction == Direction::inputGrad) {
    plan->phaseOf = 1;
    plan->blocks.insert(plan->blocks.begin(), 1);
    plan->sharedScratch =
        static_cast<std::size_t>(g.taps() * g.channels * g.filters) * sizeof(float);
  }
  return plan;
}

Status runProduct(const Task& task) noexcept {
  const auto& plan = static_cast<const ProductPlan&>(task.plan);
  const bool back = plan.direction == Direction::inputGrad;
  float* const turned = reinterpret_cast<float*>(task.sharedScratch);
  if (task.phase < plan.phaseOf) {
    turn(plan.geometry, task.in<float>(1), turned);
    return Status::ok;
  }
  const float* const w = back ? turned : task.in<float>(1);
  const Epilogue epilogue = back ? Epilogue{} : epilogueOf(task);
  const Rows rows = rowsIn(plan, task.threadScratch);
  const Line &d = plan.lines[0], &h = plan.lines[1];
  const Index perRow = plan.lines[2].output * plan.filters;
  const Index end = least(plan.strips, task.end * plan.stripsPerBlock);
  for (Index i = task.begin * plan.stripsPerBlock; i < end; i++) {
    const Strip strip = plan.strip(i);
    gatherRows(plan, strip, task.in<float>(0), rows);
    const Index row = (strip.image * d.output + strip.depth) * h.output + strip.first;
    multiplyStrip(plan, strip, rows, w, epilogue, task.out<float>(0) + row * perRow);
  }
  return Status::ok;
}

}  // namespace neurone::NEURONE_ISA::convolution::few
