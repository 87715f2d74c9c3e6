// Bytes per second of kernels that memory should limit, taken from the profile of training steps.

const FLOAT = 4;
const STEPS = 8;

/**
 * Bytes that an op must move for x of [rows, n]: operands once; twice what a reduction over the rows has
 * to be finished for before it is read again.
 */
const traffic = {
  batchNorm: (rows, n) => 3 * rows * n * FLOAT,
  batchNormGrad: (rows, n) => 5 * rows * n * FLOAT,
  layerNorm: (rows, n) => 2 * rows * n * FLOAT,
  layerNormGrad: (rows, n) => 3 * rows * n * FLOAT,
  sparseSoftmaxCrossEntropy: (rows, n) => rows * (n + 2) * FLOAT,
  sparseSoftmaxCrossEntropyGrad: (rows, n) => 2 * rows * (n + 1) * FLOAT,
};

/** Weights and slots are read and written, the gradient is read. */
const slots = { sgd: 0, momentum: 1, rmsprop: 1, adam: 2 };
const WEIGHTS = 4096;

async function bestSeconds(model, x, y, kernels) {
  const best = new Map();
  for (let i = 0; i < STEPS; i++) {
    const { rows } = await model.profile(x, y, { steps: 1 });
    for (const { kernel, seconds } of rows) {
      if (!kernels.includes(kernel)) continue;
      best.set(kernel, Math.min(seconds, best.get(kernel) ?? Number.POSITIVE_INFINITY));
    }
  }
  return kernels.map((kernel) => ({ kernel, seconds: best.get(kernel) }));
}

/** `{ shape, kernel, bytes, seconds }` of a step through BatchNorm, LayerNorm and cross-entropy. */
async function ofLayers(neurone, [rows, n]) {
  const { Activation, BatchNormalization, LayerNormalization } = neurone.layers;
  const model = new neurone.Sequential([
    new BatchNormalization(),
    new LayerNormalization(),
    new Activation('softmax'),
  ]);
  model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
  const values = Float32Array.from({ length: rows * n }, (_, i) => ((i * 7919) % 1009) / 500 - 1);
  const x = neurone.tensor(values, { shape: [rows, n] });
  const y = neurone.tensor(Int32Array.from({ length: rows }, (_, i) => (i * 31) % n));
  const times = await bestSeconds(model, x, y, Object.keys(traffic));
  const shape = `${rows}×${n}`;
  return times.map((time) => ({ ...time, shape, bytes: traffic[time.kernel](rows, n) }));
}

/** The same of optimizers' updates of one matrix. */
async function ofUpdates(neurone) {
  const { Adam, RMSprop, SGD } = neurone.optimizers;
  const optimizers = [new SGD(), new SGD(0.01, { momentum: 0.9 }), new RMSprop(), new Adam()];
  const found = [];
  for (const [i, kernel] of Object.keys(slots).entries()) {
    const model = new neurone.Sequential([new neurone.layers.Dense(WEIGHTS, { useBias: false })]);
    model.compile({ optimizer: optimizers[i], loss: 'mse' });
    const operand = () =>
      neurone.tensor(new Float32Array(WEIGHTS).fill(0.5), { shape: [1, WEIGHTS] });
    const [time] = await bestSeconds(model, operand(), operand(), [kernel]);
    const bytes = (3 + 2 * slots[kernel]) * WEIGHTS ** 2 * FLOAT;
    found.push({ ...time, shape: `${WEIGHTS}×${WEIGHTS}`, bytes });
  }
  return found;
}

/** One set of operands at a time: what is asked for is a shape, or the updates. */
export async function bandwidth(neurone, { shape }) {
  return { kernels: shape ? await ofLayers(neurone, shape) : await ofUpdates(neurone) };
}
