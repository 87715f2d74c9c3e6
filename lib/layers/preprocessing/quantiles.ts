// Approximate quantiles of data that comes in batches, by Keras's algorithm: summaries of values and
// how many elements each stands for, kept small by interpolation.

/** Values in ascending order, and the number of elements that each stands for. */
export interface Summary {
  readonly values: Float32Array;
  readonly weights: Float32Array;
}

/** The summary of nothing. */
export const emptySummary: Summary = {
  values: new Float32Array(0),
  weights: new Float32Array(0),
};

/** The summary of `data`: about 1 / `epsilon` of its values, evenly spaced in order. */
export function summarize(data: ArrayLike<number>, epsilon: number): Summary {
  const sorted = Float32Array.from(data).sort();
  const step = Math.max(sorted.length / (1 / epsilon), 1);
  const stride = Math.trunc(step);
  const picked: number[] = [];
  for (let i = Math.trunc(step - 1); i < sorted.length; i += stride) picked.push(sorted[i]);
  return { values: Float32Array.from(picked), weights: new Float32Array(picked.length).fill(step) };
}

/** The piecewise linear function through `(xs, ys)` at `x`; its ends go on level. */
function interpolate(x: number, xs: ArrayLike<number>, ys: ArrayLike<number>): number {
  const last = xs.length - 1;
  if (x < xs[0]) return ys[0];
  if (x >= xs[last]) return ys[last];
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  if (xs[low] === x) return ys[low];
  return ((ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low])) * (x - xs[low]) + ys[low];
}

/** The summary with about 1 / `epsilon` values. */
function compress(summary: Summary, epsilon: number): Summary {
  const { values, weights } = summary;
  if (values.length * epsilon < 1) return summary;
  const totals = new Float32Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total = Math.fround(total + weights[i]);
    totals[i] = total;
  }
  const shares = totals.map((t) => t / total);
  const count = Math.ceil(1 / epsilon);
  const at = Array.from({ length: count }, (_, i) => epsilon + i * epsilon);
  const ends = at.map((x) => interpolate(x, shares, totals));
  return {
    values: Float32Array.from(at, (x) => interpolate(x, shares, values)),
    weights: Float32Array.from(ends, (end, i) => end - (i === 0 ? 0 : ends[i - 1])),
  };
}

/** Two summaries as one. */
export function mergeSummaries(a: Summary, b: Summary, epsilon: number): Summary {
  const values = [...a.values, ...b.values];
  const weights = [...a.weights, ...b.weights];
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  return compress(
    {
      values: Float32Array.from(order, (i) => values[i]),
      weights: Float32Array.from(order, (i) => weights[i]),
    },
    epsilon,
  );
}

/** The boundaries between `bins` bins of about equally many elements. */
export const boundariesOf = (summary: Summary, bins: number): number[] => [
  ...compress(summary, 1 / bins).values.slice(0, -1),
];
