// @ts-check
// Along one axis, which inputs an output is made of and how much of each: the interpolations of
// TensorFlow's `tf.image.resize` (no antialiasing, half-pixel centers) and of Pillow's `Image.resize`
// (the kernel grows when an image shrinks).

/**
 * The inputs `first … first + weights.length − 1` of one output.
 * @typedef {{ readonly first: number, readonly weights: readonly number[] }} Span
 */

/** @typedef {(inputs: number, outputs: number) => Span[]} Spans */

const { fround } = Math;

/** @param {number} outputs @param {(i: number) => Span} span @returns {Span[]} */
const spansOf = (outputs, span) => Array.from({ length: outputs }, (_, i) => span(i));

/** @param {number} inputs @param {number} outputs */
const singleScale = (inputs, outputs) => fround(inputs / outputs);

/** Where the center of an output lies, counted in inputs. @param {number} i @param {number} scale */
const center = (i, scale) => fround(fround(i + 0.5) * scale);

/** @type {Spans} */
function nearest(inputs, outputs) {
  const scale = singleScale(inputs, outputs);
  return spansOf(outputs, (i) => ({
    first: Math.min(Math.floor(center(i, scale)), inputs - 1),
    weights: [1],
  }));
}

/** @type {Spans} */
function bilinear(inputs, outputs) {
  const scale = singleScale(inputs, outputs);
  return spansOf(outputs, (i) => {
    const at = fround(center(i, scale) - 0.5);
    const below = Math.floor(at);
    if (below < 0 || below + 1 >= inputs) return { first: Math.max(below, 0), weights: [1] };
    const upper = fround(at - below);
    return { first: below, weights: [fround(1 - upper), upper] };
  });
}

/** Keys's cubic with a = −½. @param {number} x @returns {number} */
function cubic(x) {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

const cubicSteps = 1024;

/** TensorFlow reads the cubic from a table of 1,024 steps, and leaves out inputs beyond the edge. @type {Spans} */
function bicubic(inputs, outputs) {
  const scale = singleScale(inputs, outputs);
  return spansOf(outputs, (i) => {
    const at = fround(center(i, scale) - 0.5);
    const below = Math.floor(at);
    const offset = Math.round(fround(at - below) * cubicSteps) / cubicSteps;
    const first = Math.max(below - 1, 0);
    const last = Math.min(below + 2, inputs - 1);
    const weights = [];
    for (let j = first; j <= last; j++) weights.push(cubic(j - below - offset));
    return normalized({ first, weights });
  });
}

/** @param {Span} span @returns {Span} */
function normalized({ first, weights }) {
  const sum = weights.reduce((a, b) => a + b, 0);
  return { first, weights: sum === 0 ? weights : weights.map((w) => w / sum) };
}

/** The mean of all that an output covers. @type {Spans} */
function area(inputs, outputs) {
  const scale = singleScale(inputs, outputs);
  return spansOf(outputs, (i) => {
    const [begin, end] = [i * scale, (i + 1) * scale];
    const first = Math.floor(begin);
    const last = Math.min(Math.ceil(end), inputs) - 1;
    const weights = [];
    for (let j = first; j <= last; j++) {
      weights.push((Math.min(j + 1, end) - Math.max(j, begin)) / scale);
    }
    return { first, weights };
  });
}

/** @param {number} x */
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** @param {number} radius */
const lanczos = (radius) => ({
  radius,
  /** @param {number} x */
  weight: (x) => (Math.abs(x) < radius ? sinc(x) * sinc(x / radius) : 0),
});

const gaussian = {
  radius: 1.5,
  /** @param {number} x */
  weight: (x) => (Math.abs(x) < 1.5 ? Math.exp((-x * x) / (2 * 0.5 ** 2)) : 0),
};

const mitchell = {
  radius: 2,
  /** @param {number} x */
  weight(x) {
    const d = Math.abs(x);
    if (d < 1) return ((7 / 6) * d - 2) * d * d + 8 / 9;
    return d < 2 ? (((-7 / 18) * d + 2) * d - 10 / 3) * d + 16 / 9 : 0;
  },
};

/** @typedef {{ readonly radius: number, readonly weight: (x: number) => number }} Kernel */

/** A kernel at its own size around each center. @param {Kernel} kernel @returns {Spans} */
const sampled =
  ({ radius, weight }) =>
  (inputs, outputs) => {
    const scale = singleScale(inputs, outputs);
    return spansOf(outputs, (i) => {
      const at = center(i, scale);
      const first = Math.max(Math.ceil(at - radius - 0.5), 0);
      const last = Math.min(Math.floor(at + radius - 0.5), inputs - 1);
      const weights = [];
      for (let j = first; j <= last; j++) weights.push(weight(j + 0.5 - at));
      return normalized({ first, weights });
    });
  };

/** By the names of `tf.image.resize`. @type {Readonly<Record<string, Spans>>} */
export const tensorflowSpans = {
  nearest,
  bilinear,
  bicubic,
  area,
  lanczos3: sampled(lanczos(3)),
  lanczos5: sampled(lanczos(5)),
  gaussian: sampled(gaussian),
  mitchellcubic: sampled(mitchell),
};

/**
 * Spans of outputs that lie on a part of the inputs.
 * @typedef {(inputs: number, outputs: number, part: { readonly begin: number, readonly length: number }) => Span[]} PartSpans
 */

/** @type {PartSpans} */
function pillowNearest(inputs, outputs, { begin, length }) {
  const scale = length / outputs;
  let at = begin + scale * 0.5;
  // Pillow adds up, and so rounds, in this order.
  return spansOf(outputs, () => {
    const first = Math.min(Math.floor(at), inputs - 1);
    at += scale;
    return { first, weights: [1] };
  });
}

/** A kernel as wide as what an output covers; it may reach beyond the part. @param {Kernel} kernel @returns {PartSpans} */
const covering =
  ({ radius, weight }) =>
  (inputs, outputs, { begin, length }) => {
    const scale = length / outputs;
    const width = Math.max(scale, 1);
    const support = radius * width;
    return spansOf(outputs, (i) => {
      const at = begin + (i + 0.5) * scale;
      const first = Math.max(Math.trunc(at - support + 0.5), 0);
      const end = Math.min(Math.trunc(at + support + 0.5), inputs);
      const weights = [];
      for (let j = first; j < end; j++) weights.push(weight((j - at + 0.5) / width));
      return normalized({ first, weights });
    });
  };

/** By the names of Keras's `load_img`. @type {Readonly<Record<string, PartSpans>>} */
export const pillowSpans = {
  nearest: pillowNearest,
  bilinear: covering({ radius: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) }),
  bicubic: covering({ radius: 2, weight: cubic }),
  lanczos: covering(lanczos(3)),
  box: covering({ radius: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) }),
  hamming: covering({
    radius: 1,
    weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0),
  }),
};
