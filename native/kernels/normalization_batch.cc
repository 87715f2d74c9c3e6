// batchNorm: mean and variance of each channel over the rows, and the rows normalized with them.
// Each row is read once: sums are of the deviations from the mean of the rows before it, and for
// the first rows of a block from their own. Pieces and blocks are combined in double precision by
// the formula of Chan et al. (1979), so that a large mean costs no digits of the variance: where a
// piece lies far from the rows before it, the variance is as large as what float32 loses of its
// squares.
#include "normalization.h"
#include "normalization_channels.h"

namespace neurone::NEURONE_ISA {
namespace {

// Rows of a block that are read twice.
constexpr Index kFirstRows = 16;

// x, gamma, beta, epsilon → y, mean, variance, offset.
std::unique_ptr<Plan> prepareBatchNorm(const Signature& signature) {
  requireOperands(signature, 4, 4);
  requireDType(signature.inputs[0], {DType::float32});
  requireLike(signature.inputs[0], signature.outputs[0]);
  auto plan = std::make_unique<ChannelsPlan>(signature.inputs[0]);
  for (const int i : {1, 2}) requireChannels(*plan, signature.inputs[static_cast<std::size_t>(i)]);
  for (const int i : {1, 2, 3})
    requireChannels(*plan, signature.outputs[static_cast<std::size_t>(i)]);
  plan->activation = requireActivation(signature);
  requireScalar(signature.inputs[3], DType::float32);
  plan->blocks = {plan->sumBlocks(), plan->channelSplit.count, plan->tiles.count()};
  const auto columns = static_cast<std::size_t>(plan->columnSplit.length);
  plan->threadScratch = columns * (2 * sizeof(double) + 3 * sizeof(float));
  plan->sharedScratch =
      static_cast<std::size_t>(2 * plan->rowSplit.count * plan->channels) * sizeof(double) +
      static_cast<std::size_t>(3 * plan->wide) * sizeof(float);
  return plan;
}

// What is known of the channels or columns of a part: means and sums of squared deviations.
struct Moments {
  double* mean;
  double* squares;
};

// Of block `rowBlock`, in the shared scratch.
[[gnu::always_inline]] inline Moments momentsOf(const Task& task, Index rowBlock) {
  const ChannelsPlan& plan = planOf<ChannelsPlan>(task);
  double* all = reinterpret_cast<double*>(task.sharedScratch);
  return {all + 2 * rowBlock * plan.channels, all + (2 * rowBlock + 1) * plan.channels};
}

// The tables of a wide row: mean, scale and offset.
[[gnu::always_inline]] inline float* tablesOf(const Task& task) {
  const ChannelsPlan& plan = planOf<ChannelsPlan>(task);
  return reinterpret_cast<float*>(momentsOf(task, plan.rowSplit.count).mean);
}

void sumRows(const float* x, Index rows, Index stride, Index columns, float* sum) {
  for (Index c = 0; c < columns; c++) sum[c] = 0;
  Index row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float* a = x + row * stride;
    const float* b = a + stride;
    const float* d = b + stride;
    const float* e = d + stride;
#pragma omp simd
    for (Index c = 0; c < columns; c++) sum[c] += (a[c] + b[c]) + (d[c] + e[c]);
  }
  for (; row < rows; row++) {
    const float* a = x + row * stride;
#pragma omp simd
    for (Index c = 0; c < columns; c++) sum[c] += a[c];
  }
}

// Sums of x − shift and of its square.
void sumDeviations(const float* x, Index rows, Index stride, Index columns, const float* shift,
                   float* sum, float* squares) {
  for (Index c = 0; c < columns; c++) sum[c] = squares[c] = 0;
  Index row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float* a = x + row * stride;
    const float* b = a + stride;
    const float* d = b + stride;
    const float* e = d + stride;
    for (Index begin = 0; begin < columns; begin += kColumnsAtOnce) {
      fetchFourRows(a + begin, stride);
      const Index end = begin + kColumnsAtOnce < columns ? begin + kColumnsAtOnce : columns;
#pragma omp simd
      for (Index c = begin; c < end; c++) {
        const float p = a[c] - shift[c], q = b[c] - shift[c];
        const float r = d[c] - shift[c], s = e[c] - shift[c];
        sum[c] += (p + q) + (r + s);
        squares[c] += (p * p + q * q) + (r * r + s * s);
      }
    }
  }
  for (; row < rows; row++) {
    const float* a = x + row * stride;
#pragma omp simd
    for (Index c = 0; c < columns; c++) {
      const float p = a[c] - shift[c];
      sum[c] += p;
      squares[c] += p * p;
    }
  }
}

// Adds the moments of a piece of `rows` rows to those of the `before` rows before it. `scratch` has
// room for three rows.
void addPiece(const float* x, Index rows, Index stride, Index columns, Index before,
              const Moments& moments, float* scratch) {
  float* shift = scratch;
  float* sum = shift + columns;
  float* squares = sum + columns;
  if (before == 0) {
    sumRows(x, rows, stride, columns, shift);
    const float inverse = 1.0f / static_cast<float>(rows);
#pragma omp simd
    for (Index c = 0; c < columns; c++) shift[c] *= inverse;
  } else {
#pragma omp simd
    for (Index c = 0; c < columns; c++) shift[c] = static_cast<float>(moments.mean[c]);
  }
  sumDeviations(x, rows, stride, columns, shift, sum, squares);
  const double share = static_cast<double>(rows) / static_cast<double>(before + rows);
  const double weight = static_cast<double>(before) * share;
  const double perRow = 1.0 / static_cast<double>(rows);
#pragma omp simd
  for (Index c = 0; c < columns; c++) {
    const double deviation = sum[c] * perRow;
    const double distance = (shift[c] + deviation) - moments.mean[c];
    moments.squares[c] += (squares[c] - sum[c] * deviation) + distance * distance * weight;
    moments.mean[c] += distance * share;
  }
}

// Adds the moments of `more` rows to those of `before` rows.
[[gnu::always_inline]] inline void addMoments(double& mean, double& squares, Index before,
                                              double otherMean, double otherSquares, Index more) {
  const double share = static_cast<double>(more) / static_cast<double>(before + more);
  const double distance = otherMean - mean;
  squares += otherSquares + distance * distance * (static_cast<double>(before) * share);
  mean += distance * share;
}

// First phase: the moments of a block of rows and columns.
void sumBlock(const ChannelsPlan& plan, const Task& task, Index block) {
  const Index rowBlock = block / plan.columnSplit.count;
  const Index column = plan.columnSplit.begin(block % plan.columnSplit.count);
  const Index columns = plan.columnSplit.end(block % plan.columnSplit.count, plan.wide) - column;
  const Index begin = plan.rowSplit.begin(rowBlock);
  const Index end = plan.rowSplit.end(rowBlock, plan.folded);
  const Index room = plan.columnSplit.length;
  double* mean = reinterpret_cast<double*>(task.threadScratch);
  const Moments moments{mean, mean + room};
  float* scratch = reinterpret_cast<float*>(mean + 2 * room);
  for (Index c = 0; c < columns; c++) moments.mean[c] = moments.squares[c] = 0;
  const float* x = task.in<float>(0);
  for (Index row = begin, rows; row < end; row += rows) {
    const Index most = row == begin ? kFirstRows : kPieceRows;
    rows = most < end - row ? most : end - row;
    addPiece(x + row * plan.wide + column, rows, plan.wide, columns, row - begin, moments, scratch);
  }
  const Index rest = plan.isLast(rowBlock) ? plan.rest : 0;
  if (rest > 0)
    addPiece(x + plan.folded * plan.wide, 1, plan.wide, rest * plan.channels, end - begin, moments,
             scratch);
  const Moments partial = momentsOf(task, rowBlock);
  const Index channels = columns / plan.fold;
  for (Index c = 0; c < channels; c++) {
    double& sum = partial.mean[column + c] = moments.mean[c];
    double& squares = partial.squares[column + c] = moments.squares[c];
    Index before = end - begin + (rest > 0);
    for (Index j = 1; j < plan.fold; j++) {
      const Index more = end - begin + (j < rest);
      if (more == 0) break;
      addMoments(sum, squares, before, moments.mean[c + j * channels],
                 moments.squares[c + j * channels], more);
      before += more;
    }
  }
}

// Second phase: combines the blocks of rows for some channels, and makes the tables.
void combine(const ChannelsPlan& plan, const Task& task, Index block) {
  const float* gamma = task.in<float>(1);
  const float* beta = task.in<float>(2);
  const double epsilon = task.in<float>(3)[0];
  float* tables = tablesOf(task);
  const Index end = plan.channelSplit.end(block, plan.channels);
  for (Index c = plan.channelSplit.begin(block); c < end; c++) {
    const Moments first = momentsOf(task, 0);
    double mean = first.mean[c];
    double squares = first.squares[c];
    Index before = plan.rowsOf(0);
    for (Index rowBlock = 1; rowBlock < plan.rowSplit.count; rowBlock++) {
      const Moments next = momentsOf(task, rowBlock);
      const Index more = plan.rowsOf(rowBlock);
      addMoments(mean, squares, before, next.mean[c], next.squares[c], more);
      before += more;
    }
    double variance = squares / static_cast<double>(plan.rows);
    if (variance < 0) variance = 0;
    if (plan.rows == 0) mean = kNaN;
    const float rounded = static_cast<float>(mean);
    const float roundedVariance = static_cast<float>(variance);
    const double scale = scaleOf(gamma[c], roundedVariance, epsilon);
    // What rounding takes from the mean goes into the offset.
    const double offset = plan.rows > 0 ? beta[c] - (mean - rounded) * scale : beta[c];
    task.out<float>(1)[c] = rounded;
    task.out<float>(2)[c] = roundedVariance;
    task.out<float>(3)[c] = static_cast<float>(offset);
    for (Index at = c; at < plan.wide; at += plan.channels) {
      tables[at] = rounded;
      tables[plan.wide + at] = static_cast<float>(scale);
      tables[2 * plan.wide + at] = static_cast<float>(offset);
    }
  }
}

// Third phase: a block of elements.
void normalize(const ChannelsPlan& plan, const Task& task, Index block) {
  const float* tables = tablesOf(task);
  withActivation(plan.activation, [&](auto activation) {
    forWideRows(plan, block, [&](Index at, Index column, Index n) {
      const float* x = task.in<float>(0) + at;
      const float* mean = tables + column;
      const float* scale = mean + plan.wide;
      const float* offset = scale + plan.wide;
      writeVectors(task.out<float>(0) + at, n, plan.past, [&](Index i, auto load) {
        fetch(x + i + kAhead);
        const Floats d = load(x + i) - load(mean + i);
        return activated<activation>(normalized(d, load(scale + i), load(offset + i)));
      });
    });
  });
  if (plan.past) endPast();
}

Status runBatchNorm(const Task& task) noexcept {
  const ChannelsPlan& plan = planOf<ChannelsPlan>(task);
  constexpr void (*phases[])(const ChannelsPlan&, const Task&, Index) = {sumBlock, combine,
                                                                         normalize};
  for (Index block = task.begin; block < task.end; block++) phases[task.phase](plan, task, block);
  return Status::ok;
}

}  // namespace

void addBatchNormKernels(KernelList& list) {
  list.push_back({"batchNorm", prepareBatchNorm, runBatchNorm});
}

}  // namespace neurone::NEURONE_ISA
