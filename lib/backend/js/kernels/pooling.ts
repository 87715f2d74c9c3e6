// Pooling kernels: windows over two or three spatial axes of [batch, …, channels]. A plan lists what
// each window reads, so that a run is loops over windows, their places, and channels.
import type { DataArray } from '../../../tensor/dtype.js';
import type { Shape } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { listAttr } from './attrs.js';

interface Windows {
  readonly batch: number;
  readonly channels: number;
  /** Elements of one image, and of what windows make of it. */
  readonly inner: number;
  readonly outer: number;
  /** Offsets in an image that the windows read, without what is padding; those of window w begin at starts[w]. */
  readonly places: Int32Array;
  readonly starts: Int32Array;
}

type Attrs = Parameters<typeof listAttr>[0];

/** Along one axis: the places inside that each of `count` windows covers. */
function alongAxis(axis: number, size: number, count: number, attrs: Attrs): number[][] {
  const window = listAttr(attrs, 'window')[axis];
  const stride = listAttr(attrs, 'strides')[axis];
  const before = listAttr(attrs, 'before')[axis];
  return Array.from({ length: count }, (_, o) => {
    const from = o * stride - before;
    return Array.from({ length: window }, (_, k) => from + k).filter((i) => i >= 0 && i < size);
  });
}

/** `image` and `pooled` are [batch, …, channels]. */
function planWindows(image: Shape, pooled: Shape, attrs: Attrs): Windows {
  const channels = image[image.length - 1];
  const sizes = image.slice(1, -1);
  let windows: number[][] = [[0]];
  for (const [axis, size] of sizes.entries()) {
    const covered = alongAxis(axis, size, pooled[axis + 1], attrs);
    windows = windows.flatMap((outer) =>
      covered.map((inner) => outer.flatMap((at) => inner.map((i) => at * size + i))),
    );
  }
  const starts = new Int32Array(windows.length + 1);
  for (const [w, places] of windows.entries()) starts[w + 1] = starts[w] + places.length;
  return {
    batch: image[0],
    channels,
    inner: sizes.reduce((n, d) => n * d, 1) * channels,
    outer: windows.length * channels,
    places: Int32Array.from(windows.flat(), (at) => at * channels),
    starts,
  };
}

/** The offset in `x` of the first maximum among `places`, each beside `base`; NaN is one. */
function largest(x: DataArray, base: number, places: Int32Array, from: number, end: number) {
  let at = base + places[from];
  for (let p = from + 1; p < end; p++) {
    const v = x[base + places[p]];
    if (v > x[at] || (Number.isNaN(v) && !Number.isNaN(x[at]))) at = base + places[p];
  }
  return at;
}

/** Calls `visit` with the offset of each window's maximum in `x`, and the window's own in the result. */
function forMaxima(x: DataArray, plan: Windows, visit: (at: number, window: number) => void): void {
  const { batch, channels, inner, places, starts } = plan;
  for (let image = 0, o = 0; image < batch; image++) {
    for (let w = 0; w + 1 < starts.length; w++) {
      for (let c = 0; c < channels; c++, o++) {
        visit(largest(x, image * inner + c, places, starts[w], starts[w + 1]), o);
      }
    }
  }
}

const maxPool: Kernel = ({ inputs: [image], outputs: [pooled], attrs }) => {
  const plan = planWindows(image.shape, pooled.shape, attrs);
  return ([x], [y]) =>
    forMaxima(x, plan, (at, o) => {
      y[o] = x[at];
    });
};

const maxPoolGrad: Kernel = ({ inputs: [pooled, image], attrs }) => {
  const plan = planWindows(image.shape, pooled.shape, attrs);
  return ([dy, x], [dx]) => {
    dx.fill(0);
    forMaxima(x, plan, (at, o) => {
      dx[at] += dy[o];
    });
  };
};

const maxPoolPick: Kernel = ({ inputs: [image], outputs: [pooled], attrs }) => {
  const plan = planWindows(image.shape, pooled.shape, attrs);
  return ([t, x], [y]) =>
    forMaxima(x, plan, (at, o) => {
      y[o] = t[at];
    });
};

const averagePool: Kernel = ({ inputs: [image], outputs: [pooled], attrs }) => {
  const { batch, channels, inner, places, starts } = planWindows(image.shape, pooled.shape, attrs);
  return ([x], [y]) => {
    for (let n = 0, o = 0; n < batch; n++) {
      for (let w = 0; w + 1 < starts.length; w++) {
        for (let c = 0; c < channels; c++, o++) {
          let sum = 0;
          for (let p = starts[w]; p < starts[w + 1]; p++) sum += x[n * inner + c + places[p]];
          y[o] = sum / (starts[w + 1] - starts[w]);
        }
      }
    }
  };
};

const averagePoolGrad: Kernel = ({ inputs: [pooled], outputs: [image], attrs }) => {
  const { batch, channels, inner, places, starts } = planWindows(image.shape, pooled.shape, attrs);
  return ([dy], [dx]) => {
    dx.fill(0);
    for (let n = 0, o = 0; n < batch; n++) {
      for (let w = 0; w + 1 < starts.length; w++) {
        const count = starts[w + 1] - starts[w];
        for (let c = 0; c < channels; c++, o++) {
          const share = dy[o] / count;
          for (let p = starts[w]; p < starts[w + 1]; p++) dx[n * inner + c + places[p]] += share;
        }
      }
    }
  };
};

export const poolingKernels: Record<string, Kernel> = {
  maxPool,
  maxPoolGrad,
  maxPoolPick,
  averagePool,
  averagePoolGrad,
};
