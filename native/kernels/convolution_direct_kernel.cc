// The kernel's gradient of direct convolutions. A tile of it, elements of a row of taps by vectors
// of filters, stays in registers while it sums over the outputs of a strip. Blocks sum over groups
// of strips that the shape alone decides; the groups are added up in their order.
#include "convolution_direct.h"
#include "convolution_sum.h"

namespace neurone::NEURONE_ISA::convolution::few {
namespace {

using namespace gemm;

struct TileArgs {
  const float* const* rows;  // one for each row of the strip, `rowTaps` apart
  Index rowTaps, strip, columns;
  Index offset;   // of the tile's first element in each row
  Index xStride;  // between outputs
  const float* dy;
  Index dyStride, dyRow;
  float* dw;
  Index dwStride;
  Mask mask;
};

// R elements by V vectors of filters.
template <int R, int V, bool kTail>
void tile(const TileArgs& t) noexcept {
  const auto read = [&](const float* from, int v) __attribute__((always_inline)) {
    return kTail && v == V - 1 ? load(from + v * kLanes, t.mask) : load(from + v * kLanes);
  };
  Vec acc[R][V];
#pragma GCC unroll 24
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) acc[r][v] = read(t.dw + r * t.dwStride, v);
  const std::ptrdiff_t xStride = t.xStride, dyStride = t.dyStride;
  for (Index row = 0; row < t.strip; row++) {
    const float* x = t.rows[row * t.rowTaps];
    if (!x) continue;
    x += t.offset;
    const float* dy = t.dy + row * t.dyRow;
    for (Index o = t.columns; o > 0; o--, x += xStride, dy += dyStride) {
      Vec g[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) g[v] = read(dy, v);
#pragma GCC unroll 24
      for (int r = 0; r < R; r++) {
        const Vec a = spread(x[r]);
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) acc[r][v] = multiplyAdd(a, g[v], acc[r][v]);
      }
    }
  }
#pragma GCC unroll 24
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      float* to = t.dw + r * t.dwStride + v * kLanes;
      if (kTail && v == V - 1)
        store(to, t.mask, acc[r][v]);
      else
        store(to, acc[r][v]);
    }
}

struct Kind {
  using Tile = void (*)(const TileArgs&) noexcept;
  static constexpr int mostRows(int vectors) {
    if (kManyRegisters) return vectors == 1 ? 24 : vectors == 2 ? 12 : 6;
    return vectors == 1 ? 12 : 6;
  }
  template <int R, int V, bool kTail>
  static constexpr Tile make() {
    return tile<R, V, kTail>;
  }
};

constexpr Tiles<Kind> kTiles;

struct KernelGradPlan : DirectPlan {
  Index elements = 0;  // of dw
  Index parts = 1;     // groups of strips
};

void addStrip(const DirectPlan& plan, const Strip& strip, const Rows& rows, const float* dy,
              float* dw) {
  const Index filters = plan.filters, length = plan.runLength();
  TileArgs t;
  t.rowTaps = plan.rowTaps();
  t.strip = strip.rows;
  t.columns = plan.lines[2].output;
  t.xStride = plan.lines[2].stride * plan.channels;
  t.dyStride = t.dwStride = filters;
  t.dyRow = t.columns * filters;
  for (Index f = 0, width; f < filters; f += width) {
    const int vectors = vectorsOf(filters - f);
    width = least(vectors * kLanes, filters - f);
    const bool tail = width < vectors * kLanes;
    t.mask = firstLanes((width - 1) % kLanes + 1);
    t.dy = dy + f;
    const Parts parts(length, Kind::mostRows(vectors));
    float* to = dw + f;
    for (Index tap = 0; tap < t.rowTaps; tap++) {
      t.rows = rows.at + tap;
      for (Index run = 0; run < plan.runs(); run++, to += length * filters)
        for (Index i = 0; i < parts.count; i++) {
          const Index begin = parts.begin(i);
          t.offset = run * plan.lines[2].dilation * plan.channels + begin;
          t.dw = to + begin * filters;
          kTiles.at[vectors / 2][tail][parts.begin(i + 1) - begin](t);
        }
    }
  }
}

}  // namespace

std::unique_ptr<ConvolutionPlan> planKernelGrad(const Geometry& g, Direction direction) {
  auto plan = std::make_unique<KernelGradPlan>();
  planStrips(*plan, g, direction);
  plan->elements = plan->columns() * plan->filters;
  // At most 64 blocks, of at least 140,000 multiply-adds, and eight for each element of dw.
  const double perStrip = g.work() / static_cast<double>(plan->strips);
  const double fewest = 140e3 + 8.0 * static_cast<double>(plan->elements);
  plan->stripsPerBlock = most(ceilDiv(plan->strips, 64), static_cast<Index>(fewest / perStrip));
  plan->stripsPerBlock = most(1, least(plan->stripsPerBlock, plan->strips));
  plan->parts = ceilDiv(plan->strips, plan->stripsPerBlock);
  planParts(*plan, 1, plan->parts, plan->elements);
  return plan;
}

namespace {

void sumStrips(const Task& task, const KernelGradPlan& plan, Index block) {
  const Rows rows = rowsIn(plan, task.threadScratch);
  const Line &d = plan.lines[0], &h = plan.lines[1];
  const Index perRow = plan.lines[2].output * plan.filters;
  float* const dw = partOf(task, plan.parts, block, plan.elements);
  for (Index i = 0; i < plan.elements; i++) dw[i] = 0;
  const Index end = least(plan.strips, (block + 1) * plan.stripsPerBlock);
  for (Index i = block * plan.stripsPerBlock; i < end; i++) {
    const Strip strip = plan.strip(i);
    gatherRows(plan, strip, task.in<float>(0), rows);
    const Index row = (strip.image * d.output + strip.depth) * h.output + strip.first;
    addStrip(plan, strip, rows, task.in<float>(1) + row * perRow, dw);
  }
}

}  // namespace

Status runKernelGrad(const Task& task) noexcept {
  return runParts<KernelGradPlan>(task, sumStrips);
}

}  // namespace neurone::NEURONE_ISA::convolution::few
