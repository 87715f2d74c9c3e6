// Cases of pooling kernels, against loops over every place of every window.
import type { Value } from '../../support/kernel.js';
import { count, f32, flat, indicesOf, type KernelCase, random } from './case.js';

interface Geometry {
  readonly size: readonly number[];
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const pooledSizes = ({ size, window, strides, before, after }: Geometry): number[] =>
  size.map((s, i) => Math.floor((s + before[i] + after[i] - window[i]) / strides[i]) + 1);

/** For each element of the result, the offsets that its window covers inside the image. */
function covered(geometry: Geometry, batch: number, channels: number): number[][] {
  const { size, window, strides, before } = geometry;
  const image = [batch, ...size, channels];
  return indicesOf([batch, ...pooledSizes(geometry), channels]).map((index) =>
    indicesOf(window).flatMap((k) => {
      const at = k.map((j, i) => index[i + 1] * strides[i] - before[i] + j);
      if (at.some((j, i) => j < 0 || j >= size[i])) return [];
      return [flat(image, [index[0], ...at, index[index.length - 1]])];
    }),
  );
}

/** The place of the maximum: the first NaN, or the first of the largest. */
const maximumOf = (x: readonly number[], places: readonly number[]): number => {
  const nan = places.find((p) => Number.isNaN(x[p]));
  const most = Math.max(...places.map((p) => x[p]));
  return nan ?? places.find((p) => x[p] === most) ?? -1;
};

const scattered = (n: number, pairs: readonly (readonly [number, number])[]): number[] => {
  const sums = new Array<number>(n).fill(0);
  for (const [at, v] of pairs) sums[at] += v;
  return sums;
};

function casesOf(title: string, x: Value, geometry: Geometry): KernelCase[] {
  const { size, ...attrs } = geometry;
  const [batch, channels] = [x.shape[0], x.shape[x.shape.length - 1]];
  const windows = covered(geometry, batch, channels);
  const maxima = windows.map((places) => maximumOf(x.data, places));
  const pooled = { dtype: 'float32', shape: [batch, ...pooledSizes(geometry), channels] } as const;
  const image = { dtype: 'float32', shape: x.shape } as const;
  const dy = random(pooled.shape, 5);
  const t = random(x.shape, 6);
  const mean = (places: readonly number[]) =>
    places.reduce((sum, p) => sum + x.data[p], 0) / places.length;
  const shares = windows.flatMap((places, o) =>
    places.map((p) => [p, dy.data[o] / places.length] as const),
  );
  return [
    {
      kernel: 'maxPool',
      title,
      inputs: [x],
      outputs: [pooled],
      attrs,
      expected: [maxima.map((p) => x.data[p])],
    },
    {
      kernel: 'maxPoolGrad',
      title,
      inputs: [dy, x],
      outputs: [image],
      attrs,
      expected: [
        scattered(
          count(x.shape),
          maxima.map((p, o) => [p, dy.data[o]]),
        ),
      ],
      scale: 1,
    },
    {
      kernel: 'maxPoolPick',
      title,
      inputs: [t, x],
      outputs: [pooled],
      attrs,
      expected: [maxima.map((p) => t.data[p])],
    },
    {
      kernel: 'averagePool',
      title,
      inputs: [x],
      outputs: [pooled],
      attrs,
      expected: [windows.map(mean)],
      scale: 1,
    },
    {
      kernel: 'averagePoolGrad',
      title,
      inputs: [dy],
      outputs: [image],
      attrs: { size, ...attrs },
      expected: [scattered(count(x.shape), shares)],
      scale: 1,
    },
  ];
}

const plain = (window: number, stride: number, size: readonly number[]): Geometry => ({
  size,
  window: size.map(() => window),
  strides: size.map(() => stride),
  before: size.map(() => 0),
  after: size.map(() => 0),
});

const geometries: readonly (readonly [string, Geometry, number, number])[] = [
  ['2 by 2', plain(2, 2, [4, 6]), 2, 3],
  ['2 by 2, 40 channels', plain(2, 2, [4, 4]), 3, 40],
  ['with a rest', plain(2, 2, [5, 7]), 2, 1],
  ['overlapping', plain(3, 2, [7, 9]), 2, 17],
  ['with gaps', plain(2, 3, [8, 7]), 1, 4],
  ['of the whole image', plain(5, 1, [5, 5]), 2, 8],
  ['padded', { ...plain(3, 2, [6, 5]), before: [0, 1], after: [1, 1] }, 2, 5],
  ['padded on both sides', { ...plain(3, 1, [4, 4]), before: [1, 1], after: [1, 1] }, 1, 16],
  [
    'one row',
    { size: [1, 9], window: [1, 4], strides: [1, 2], before: [0, 1], after: [0, 2] },
    2,
    3,
  ],
  ['volumes', plain(2, 2, [4, 5, 6]), 2, 3],
  [
    'volumes, padded',
    { size: [3, 4, 5], window: [2, 3, 1], strides: [2, 1, 2], before: [0, 1, 0], after: [1, 1, 0] },
    1,
    9,
  ],
  ['no images', plain(2, 2, [4, 4]), 0, 3],
  ['no channels', plain(2, 2, [4, 4]), 2, 0],
];

const odd = [NaN, 1, -0, 0, -Infinity, Infinity, NaN, NaN, 2, 2, -Infinity, -Infinity];
const oddities = f32(
  [1, 8, 6, 2],
  Array.from({ length: 96 }, (_, i) => odd[(i * 7 + (i >> 3)) % odd.length]),
);
const ties = f32(
  [2, 6, 6, 3],
  Array.from({ length: 216 }, (_, i) => (i * 5) % 3),
);

export const poolingCases: readonly KernelCase[] = [
  ...geometries.flatMap(([title, geometry, batch, channels]) =>
    casesOf(title, random([batch, ...geometry.size, channels], 3), geometry),
  ),
  ...casesOf('NaN and infinities', oddities, plain(2, 2, [8, 6])),
  ...casesOf('equal elements', ties, plain(3, 1, [6, 6])),
];
