// Programs for tests of the addon: training steps of models whose layers call kernels of every family.
import type { Program } from '../../lib/graph/program.js';
import { scan } from '../../lib/graph/scan.js';
import '../../lib/ops/methods.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Layer } from '../../lib/layers/layer.js';
import { Sequential } from '../../lib/models/sequential.js';
import { convolve, type Geometry } from '../../lib/ops/convolution.js';
import { conv } from '../../lib/ops/convolve.js';
import { add, cast, clip, exp, greater, multiply, tanh, where } from '../../lib/ops/elementwise.js';
import { matmul } from '../../lib/ops/gemm.js';
import {
  broadcastTo,
  concatenate,
  gather,
  oneHot,
  pad,
  reshape,
  slice,
  transpose,
} from '../../lib/ops/movement.js';
import { averagePool, maxPool } from '../../lib/ops/pooling.js';
import { normal, uniform } from '../../lib/ops/random.js';
import { argmax, max, mean, sum } from '../../lib/ops/reduce.js';
import { logSoftmax, softmax } from '../../lib/ops/softmax.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import type { Tensor } from '../../lib/tensor/tensor.js';

class Through extends Layer {
  constructor(private readonly fn: (x: Tensor) => Tensor) {
    super();
  }
  override call(x: Tensor): Tensor {
    return this.fn(x);
  }
}

/** Images of `x`'s rows, and a kernel made of all of them. */
const convolved = (x: Tensor, image: number[], kernel: number[], geometry: Partial<Geometry>) => {
  const simple = { strides: [1, 1], dilations: [1, 1], before: [1, 1], after: [1, 0], groups: 1 };
  const w = reshape(sum(x, 0), kernel);
  return convolve(reshape(x, [x.shape[0], ...image]), w, { ...simple, ...geometry });
};
const flat = (x: Tensor): Tensor =>
  reshape(x, [x.shape[0], x.shape.slice(1).reduce((n, d) => n * d, 1)]);

/** Functions from `[batch, 6]` to `[batch, anything]`. */
const functions: readonly ((x: Tensor) => Tensor)[] = [
  (x) => concatenate([softmax(x), logSoftmax(x), exp(clip(x, -1, 1))], 1),
  (x) => {
    const square = reshape(x, [x.shape[0], 2, 3]);
    const product = matmul(square, transpose(square, [0, 2, 1]));
    return reshape(product, [x.shape[0], 4]);
  },
  (x) => {
    const indices = argmax(x, 1);
    return add(oneHot(indices, 6), gather(transpose(x), indices, 1).sum().mul(x));
  },
  (x) => where(greater(x, 0), multiply(x, uniform(x.shape)), normal(x.shape)),
  (x) =>
    add(
      pad(slice(x, [0, 1], [x.shape[0], 4]), [
        [0, 0],
        [1, 1],
      ]),
      mean(x, 1, { keepDims: true }),
    ),
  (x) =>
    broadcastTo(add(max(x, 1, { keepDims: true }), sum(cast(greater(x, 0), 'float32'))), x.shape),
  (x) => {
    const y = convolved(x, [3, 2, 1], [2, 1, 1, 3], { strides: [2, 1] });
    return flat(maxPool(y, 2, { strides: 1, padding: 'same' }));
  },
  (x) => {
    const y = convolved(x, [1, 2, 3], [2, 1, 1, 3], { groups: 3 });
    return flat(averagePool(y, [2, 1], { padding: 'same' }));
  },
  (x) =>
    transpose(
      scan((c: Tensor, t: Tensor) => [add(c, exp(t)), multiply(c, t)], x.sum(1), transpose(x))[1],
    ),
  // Every algorithm of convolutions: pointwise, Winograd's, direct, depthwise, im2col.
  (x) => {
    const batch = x.shape[0];
    const pixels = reshape(x, [batch, 3, 2, 1]);
    let image = concatenate([pixels, pixels, pixels, pixels], 1);
    image = conv(image, normal([1, 1, 1, 8]));
    image = conv(image, normal([3, 3, 8, 10]), { padding: 'same' });
    image = conv(image, normal([3, 3, 10, 9]), { padding: 'same', strides: 2 });
    image = conv(image, normal([3, 3, 1, 9]), { padding: 'same' });
    image = conv(image, normal([2, 1, 3, 6]), { dilationRate: 2 });
    return tanh(reshape(image, [batch, sizeOf(image.shape) / batch]));
  },
];

/** Training steps, and one prediction, of small models. */
export async function addonPrograms(): Promise<readonly Program[]> {
  const programs: Program[] = [];
  for (const [i, fn] of functions.entries()) {
    const model = new Sequential([
      new Dense(6, { activation: 'tanh', inputShape: [5] }),
      new Dropout(0.5),
      new Through(fn),
      new Dense(3, { activation: 'softmax' }),
    ]);
    const loss = i % 2 ? 'categorical_crossentropy' : 'sparse_categorical_crossentropy';
    const optimizer = i % 3 ? new SGD(0.1, { momentum: 0.9 * ((i % 3) - 1) }) : 'adam';
    model.compile({ optimizer, loss, metrics: ['accuracy'] });
    programs.push(model.program('train'), model.program('predict'));
  }
  return programs;
}
