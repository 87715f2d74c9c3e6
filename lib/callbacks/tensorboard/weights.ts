// Weights as TensorBoard shows them: histograms, and images of kernels.
import type { Variable } from '../../graph/variable.js';
import { reshape, squeeze, transpose } from '../../ops/movement.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Bytes } from './protobuf.js';
import { histogram, type Images, image } from './summary.js';

/** A weight as images `[count, height, width, channels]`, as Keras lays them out; if it can be one. */
function asImages(weight: Tensor): Tensor | undefined {
  const squeezed = squeeze(weight);
  const { shape } = squeezed;
  if (shape.length === 1) return reshape(squeezed, [1, shape[0], 1, 1]);
  if (shape.length === 2) {
    const wide = shape[0] > shape[1] ? transpose(squeezed) : squeezed;
    return reshape(wide, [1, ...wide.shape, 1]);
  }
  if (shape.length === 3) return reshape(transpose(squeezed, [2, 0, 1]), [...rolled(shape), 1]);
  return shape.length === 4 && [1, 3, 4].includes(shape[3]) ? squeezed : undefined;
}

const rolled = ([a, b, c]: readonly number[]): number[] => [c, a, b];

/** What is logged of one weight. */
export async function weightSummaries(weight: Variable, withImages: boolean): Promise<Bytes[]> {
  const path = weight.path.replaceAll(':', '_');
  const { value } = weight;
  const summaries = [histogram(`${path}/histogram`, await value.data())];
  const images = withImages ? asImages(value) : undefined;
  if (images) {
    const [count, height, width, channels] = images.shape;
    const shape: Images['shape'] = [count, height, width, channels];
    summaries.push(image(`${path}/image`, { shape, data: await images.data() }));
  }
  return summaries;
}
