/** Numbers in (−1, 1), the same as in scripts/goldens/optimizers.py: x ← 75x + 74 mod 65537. */
export function draws(seed: number): () => number {
  let x = seed;
  return () => {
    x = (75 * x + 74) % 65537;
    return x / 32768.5 - 1;
  };
}
