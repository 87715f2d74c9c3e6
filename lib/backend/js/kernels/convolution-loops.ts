// Convolution and its gradients as loops over all pairs of a place and a kernel element, with sums in
// double precision: what is exact, and what the faster ways are held to.
import type { DataArray } from '../../../tensor/dtype.js';
import { type ConvGeometry, eachContact } from './convolution-geometry.js';

type Loops = (a: DataArray, b: DataArray, out: DataArray) => void;

/** Numbers of elements of one image, and of the parts of a group. */
function extents({ size, places, kernel, channels, filters, groups }: ConvGeometry) {
  const pixels = size[0] * size[1] * size[2];
  const count = places[0] * places[1] * places[2];
  const elements = kernel[0] * kernel[1] * kernel[2];
  return {
    xImage: pixels * channels,
    yImage: count * filters,
    weights: elements * (channels / groups) * filters,
    perGroup: channels / groups,
    filtersPerGroup: filters / groups,
  };
}

/** y = conv(x, w). */
export function planConvLoops(geometry: ConvGeometry): Loops {
  const { batch, channels, filters, groups } = geometry;
  const { xImage, yImage, perGroup, filtersPerGroup } = extents(geometry);
  const sums = new Float64Array(yImage);
  return (x, w, y) => {
    for (let n = 0; n < batch; n++) {
      sums.fill(0);
      eachContact(geometry, (place, element, pixel) => {
        for (let g = 0; g < groups; g++) {
          const from = n * xImage + pixel * channels + g * perGroup;
          const to = place * filters + g * filtersPerGroup;
          for (let c = 0; c < perGroup; c++) {
            const row = (element * perGroup + c) * filters + g * filtersPerGroup;
            const value = x[from + c];
            for (let o = 0; o < filtersPerGroup; o++) sums[to + o] += value * w[row + o];
          }
        }
      });
      y.set(sums, n * yImage);
    }
  };
}

/** dx from dy and w. */
export function planInputGradLoops(geometry: ConvGeometry): Loops {
  const { batch, channels, filters, groups } = geometry;
  const { xImage, yImage, perGroup, filtersPerGroup } = extents(geometry);
  const sums = new Float64Array(xImage);
  return (dy, w, dx) => {
    for (let n = 0; n < batch; n++) {
      sums.fill(0);
      eachContact(geometry, (place, element, pixel) => {
        for (let g = 0; g < groups; g++) {
          const from = n * yImage + place * filters + g * filtersPerGroup;
          const to = pixel * channels + g * perGroup;
          for (let c = 0; c < perGroup; c++) {
            const row = (element * perGroup + c) * filters + g * filtersPerGroup;
            let sum = 0;
            for (let o = 0; o < filtersPerGroup; o++) sum += dy[from + o] * w[row + o];
            sums[to + c] += sum;
          }
        }
      });
      dx.set(sums, n * xImage);
    }
  };
}

/** dw from x and dy. */
export function planKernelGradLoops(geometry: ConvGeometry): Loops {
  const { batch, channels, filters, groups } = geometry;
  const { xImage, yImage, weights, perGroup, filtersPerGroup } = extents(geometry);
  const sums = new Float64Array(weights);
  return (x, dy, dw) => {
    sums.fill(0);
    for (let n = 0; n < batch; n++) {
      eachContact(geometry, (place, element, pixel) => {
        for (let g = 0; g < groups; g++) {
          const from = n * xImage + pixel * channels + g * perGroup;
          const at = n * yImage + place * filters + g * filtersPerGroup;
          for (let c = 0; c < perGroup; c++) {
            const row = (element * perGroup + c) * filters + g * filtersPerGroup;
            const value = x[from + c];
            for (let o = 0; o < filtersPerGroup; o++) sums[row + o] += value * dy[at + o];
          }
        }
      });
    }
    dw.set(sums);
  };
}
