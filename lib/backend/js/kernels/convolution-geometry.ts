// The sizes and attributes of a convolution with three spatial axes: two become three with a first
// axis of size 1.
import type { Attrs } from '../../../graph/program.js';
import type { Shape } from '../../../tensor/shape.js';
import { listAttr, numberAttr } from './attrs.js';

type Three = readonly [number, number, number];

export interface ConvGeometry {
  readonly batch: number;
  /** Spatial sizes of x, of the kernel and of y. */
  readonly size: Three;
  readonly kernel: Three;
  readonly places: Three;
  readonly strides: Three;
  readonly dilations: Three;
  readonly before: Three;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
}

const three = (sizes: readonly number[], fill = 1): Three => {
  const [a, b, c] = sizes.length === 2 ? [fill, ...sizes] : sizes;
  return [a, b, c];
};

/** The geometry of a call whose operands are x, w and y, wherever they stand in it. */
export const geometryOf = (x: Shape, w: Shape, y: Shape, attrs: Attrs): ConvGeometry => ({
  batch: x[0],
  size: three(x.slice(1, -1)),
  kernel: three(w.slice(0, -2)),
  places: three(y.slice(1, -1)),
  strides: three(listAttr(attrs, 'strides')),
  dilations: three(listAttr(attrs, 'dilations')),
  before: three(listAttr(attrs, 'before'), 0),
  channels: x[x.length - 1],
  filters: y[y.length - 1],
  groups: numberAttr(attrs, 'groups'),
});

/** Calls `visit` with every pair of a place of the kernel and an element of it that lies inside of x. */
export function eachContact(
  { size, kernel, places, strides, dilations, before }: ConvGeometry,
  visit: (place: number, element: number, pixel: number) => void,
): void {
  const [d, h, w] = size;
  for (let i = 0, place = 0; i < places[0]; i++) {
    for (let j = 0; j < places[1]; j++) {
      for (let k = 0; k < places[2]; k++, place++) {
        for (let a = 0, element = 0; a < kernel[0]; a++) {
          const z = i * strides[0] + a * dilations[0] - before[0];
          for (let b = 0; b < kernel[1]; b++) {
            const y = j * strides[1] + b * dilations[1] - before[1];
            for (let c = 0; c < kernel[2]; c++, element++) {
              const x = k * strides[2] + c * dilations[2] - before[2];
              if (z < 0 || z >= d || y < 0 || y >= h || x < 0 || x >= w) continue;
              visit(place, element, (z * h + y) * w + x);
            }
          }
        }
      }
    }
  }
}
