// Small statistics over rounds.

/** The value below which `fraction` of the sorted values lie (nearest rank). */
export function quantile(values, fraction) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))];
}

export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, minimum and maximum of the rounds. */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** `a[i] / b[i]` by round: what drifts during a run drifts for both. */
export function ratios(a, b) {
  return a.slice(0, b.length).map((value, round) => value / b[round]);
}
