// Interpolation along one axis as TensorFlow does it: for each place of the output, which places of the
// input it is made of, and with what weights. In float32 where rounding decides which neighbour is meant.

const { fround } = Math;

/** How pixels between pixels are made. */
export type Interpolation = 'nearest' | 'bilinear' | 'bicubic' | 'area' | 'lanczos3' | 'lanczos5';

/** The places of the input that each place of the output is made of, and their weights. */
export interface Taps {
  readonly places: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
}

const between = (low: number, value: number, high: number): number =>
  Math.min(Math.max(value, low), high);

/** Where the centre of output pixel `i` lies in the input, in pixels from its edge. */
const centreOf = (i: number, scale: number): number => fround(fround(i + 0.5) * scale);

/** Of each output pixel, the input pixel that its centre lies in. */
export function nearestPlaces(from: number, to: number): number[] {
  const scale = fround(from / to);
  return Array.from({ length: to }, (_, i) => Math.min(Math.floor(centreOf(i, scale)), from - 1));
}

function linearTap(i: number, from: number, scale: number): [number[], number[]] {
  const at = fround(centreOf(i, scale) - 0.5);
  const low = Math.floor(at);
  const share = fround(at - low);
  return [
    [Math.max(low, 0), Math.min(Math.ceil(at), from - 1)],
    [1 - share, share],
  ];
}

/** TensorFlow reads cubic weights from a table of 1024 steps. */
const cubicSteps = 1024;

const roundToEven = (x: number): number => {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest > 0.5 ? down + 1 : down;
  return down % 2 === 0 ? down : down + 1;
};

/** Keys's cubic kernel with a = −½. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x >= 2) return 0;
  if (x >= 1) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return (1.5 * x - 2.5) * x * x + 1;
}

function cubicTap(i: number, from: number, scale: number): [number[], number[]] {
  const at = fround(centreOf(i, scale) - 0.5);
  const low = Math.floor(at);
  const step = roundToEven(fround(at - low) * cubicSteps) / cubicSteps;
  const places = [low - 1, low, low + 1, low + 2];
  const inside = places.map((p) => p >= 0 && p < from);
  const weights = places.map((_, k) => (inside[k] ? cubic(k - 1 - step) : 0));
  return [places.map((p) => between(0, p, from - 1)), weights];
}

interface Kernel {
  readonly radius: number;
  readonly weight: (distance: number) => number;
}

const pi = fround(Math.PI);
const sine = (angle: number): number => fround(Math.sin(angle));

/** In float32 throughout: so near to where the sines vanish, rounding is what TensorFlow's weights have in common. */
const lanczos = (radius: number): Kernel => ({
  radius,
  weight: (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    const angle = fround(pi * x);
    const sines = fround(fround(radius * sine(angle)) * sine(fround(angle / radius)));
    return fround(sines / fround(fround(fround(pi * pi) * x) * x));
  },
});

const kernels: Readonly<Record<Exclude<Interpolation, 'nearest' | 'area'>, Kernel>> = {
  bilinear: { radius: 1, weight: (x) => Math.max(0, 1 - x) },
  bicubic: { radius: 2, weight: cubic },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

/** By a kernel that is as wide as an output pixel where the image shrinks, if aliases are to be avoided. */
function kernelTap(
  i: number,
  from: number,
  scale: number,
  { radius, weight, width }: Kernel & { readonly width: number },
): [number[], number[]] {
  const centre = centreOf(i, scale);
  const reach = fround(radius * width);
  const first = between(0, Math.ceil(fround(fround(centre - reach) - 0.5)), from - 1);
  const last = between(0, Math.floor(fround(fround(centre + reach) - 0.5)), from - 1);
  const places = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  return [
    places,
    places.map((p) => weight(Math.abs(fround(fround(p + 0.5 - centre) * fround(1 / width))))),
  ];
}

/** Every input pixel by as much of it as the output pixel covers. */
function areaTap(i: number, from: number, scale: number): [number[], number[]] {
  const low = fround(i * scale);
  const high = fround((i + 1) * scale);
  const first = Math.floor(low);
  const covered = Array.from({ length: Math.ceil(high) - first }, (_, k) => first + k);
  return [
    covered.map((p) => Math.min(p, from - 1)),
    covered.map((p) => fround(Math.min(p + 1, high) - Math.max(p, low))),
  ];
}

const normalized = (weights: readonly number[]): number[] => {
  const share = fround(1 / weights.reduce((sum, w) => fround(sum + fround(w)), 0));
  return weights.map((w) => fround(fround(w) * share));
};

/** How an axis of `from` pixels becomes one of `to` pixels. */
export function tapsOf(
  from: number,
  to: number,
  interpolation: Exclude<Interpolation, 'nearest'>,
  antialias: boolean,
): Taps {
  const scale = fround(from / to);
  const width = antialias ? Math.max(scale, 1) : 1;
  const tap = (i: number): [number[], number[]] => {
    if (interpolation === 'area') return areaTap(i, from, scale);
    if (interpolation === 'bilinear' && !antialias) return linearTap(i, from, scale);
    if (interpolation === 'bicubic' && !antialias) return cubicTap(i, from, scale);
    return kernelTap(i, from, scale, { ...kernels[interpolation], width });
  };
  const taps = Array.from({ length: to }, (_, i) => tap(i));
  return { places: taps.map(([p]) => p), weights: taps.map(([, w]) => normalized(w)) };
}
