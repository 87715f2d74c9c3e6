// Convolutions by their definition, in doubles: what all three kernels are compared with.

/** Lists have one entry per spatial axis. */
export interface Convolution {
  readonly images: number;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly size: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A convolution of which most is as simple as can be. */
export function convolution(
  [images, channels, filters]: readonly [number, number, number],
  size: readonly number[],
  kernel: readonly number[],
  rest: Partial<Convolution> = {},
): Convolution {
  const all = (n: number) => size.map(() => n);
  const simple = { groups: 1, strides: all(1), dilations: all(1), before: all(0), after: all(0) };
  return { images, channels, filters, size, kernel, ...simple, ...rest };
}

export function outputSize(c: Convolution): number[] {
  return c.size.map((size, i) => {
    const extent = (c.kernel[i] - 1) * c.dilations[i] + 1;
    return Math.max(0, Math.floor((size + c.before[i] + c.after[i] - extent) / c.strides[i]) + 1);
  });
}

export const shapesOf = (c: Convolution) => ({
  x: [c.images, ...c.size, c.channels],
  w: [...c.kernel, c.channels / c.groups, c.filters],
  y: [c.images, ...outputSize(c), c.filters],
});

/** As a kernel takes them, `size` first for the gradients. */
export const attrsOf = (c: Convolution) => ({
  strides: c.strides,
  dilations: c.dilations,
  before: c.before,
  after: c.after,
  groups: c.groups,
});

const indices = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (all, n) => all.flatMap((index) => Array.from({ length: n }, (_, i) => [...index, i])),
    [[]],
  );

/** Calls `visit` with the flat index of x, w and y of every product that the convolution sums. */
export function products(c: Convolution, visit: (x: number, w: number, y: number) => void): void {
  const outputs = indices(outputSize(c));
  const taps = indices(c.kernel);
  const flat = (index: readonly number[], shape: readonly number[]) =>
    index.reduce((at, i, axis) => at * shape[axis] + i, 0);
  const pixels = c.size.reduce((n, d) => n * d, 1);
  const [into, outOf] = [c.channels / c.groups, c.filters / c.groups];
  for (let image = 0; image < c.images; image++) {
    for (const [o, output] of outputs.entries()) {
      for (const [t, tap] of taps.entries()) {
        const at = output.map((q, i) => q * c.strides[i] + tap[i] * c.dilations[i] - c.before[i]);
        if (at.some((p, i) => p < 0 || p >= c.size[i])) continue;
        const pixel = image * pixels + flat(at, c.size);
        for (let f = 0; f < c.filters; f++) {
          const first = Math.floor(f / outOf) * into;
          for (let i = 0; i < into; i++) {
            visit(
              pixel * c.channels + first + i,
              (t * into + i) * c.filters + f,
              (image * outputs.length + o) * c.filters + f,
            );
          }
        }
      }
    }
  }
}
