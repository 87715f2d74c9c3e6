// Seeded numbers for tests: the same on every run, so that a failure can be repeated.

export interface Random {
  /** Uniform on [0, 1). */
  next(): number;
  uniforms(n: number, low?: number, high?: number): number[];
  /** Whole numbers from `low` up to, not including, `high`. */
  integers(n: number, low: number, high: number): number[];
  /** 0 … n − 1 in another order. */
  permutation(n: number): number[];
}

/** mulberry32 */
export function seeded(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const uniforms = (n: number, low = -1, high = 1): number[] =>
    Array.from({ length: n }, () => low + next() * (high - low));
  return {
    next,
    uniforms,
    integers: (n, low, high) => uniforms(n, low, high).map(Math.floor),
    permutation: (n) => {
      const order = Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    },
  };
}
