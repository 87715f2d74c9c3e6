// Special functions and Philox, written in another way than the kernels' own.

/** By the series 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, all of whose terms have one sign. */
export function erf(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const normalMass = (z: number): number => (1 + erf(z / Math.SQRT2)) / 2;

/** A standard normal restricted to (−2, 2) from a fraction of its mass, by bisection. */
export function truncatedNormal(fraction: number): number {
  const below = normalMass(-2);
  const p = below + fraction * (normalMass(2) - below);
  let [low, high] = [-2, 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalMass(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const word = (x: bigint): bigint => BigInt.asUintN(32, x);

/** Philox 4×32-10 in big integers; words are unsigned. */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let c = counter.map((x) => word(BigInt(x)));
  let [k0, k1] = key.map((x) => word(BigInt(x)));
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c[0];
    const product1 = 0xcd9e8d57n * c[2];
    c = [
      (product1 >> 32n) ^ c[1] ^ k0,
      word(product1),
      (product0 >> 32n) ^ c[3] ^ k1,
      word(product0),
    ];
    k0 = word(k0 + 0x9e3779b9n);
    k1 = word(k1 + 0xbb67ae85n);
  }
  return c.map(Number);
}

/** Unsigned words 0 to n − 1 of a stream. */
export function words(n: number, stream: number, key: readonly number[]): number[] {
  const blocks = Array.from({ length: Math.ceil(n / 4) }, (_, block) =>
    philox([block, stream, key[2], key[3]], key.slice(0, 2)),
  );
  return blocks.flat().slice(0, n);
}
