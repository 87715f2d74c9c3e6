// What is trained or predicted: multilayer perceptrons, described as plain data that every contestant
// reads. Row counts are whole batches, so that nobody has to compile a second program for a tail.

const tiny = {
  mode: 'train',
  features: 32,
  hidden: [64, 32],
  outputs: 1,
  dropout: 0,
  loss: 'mse',
  optimizer: 'adam',
  dtype: 'float32',
  rows: 65_536,
};

const mnist = {
  mode: 'train',
  features: 784,
  hidden: [512, 512],
  outputs: 10,
  dropout: 0.2,
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'adam',
  dtype: 'uint8', // scaled by 1/255 inside the model
  batchSize: 128,
  rows: 468 * 128,
};

export const workloads = {
  tiny32: { ...tiny, batchSize: 32 },
  tiny256: { ...tiny, batchSize: 256 },
  mnist,
  /** For contestants that take 0.2 s a step. */
  mnistShort: { ...mnist, rows: 5 * 128 },
  mnistOneBatch: { ...mnist, rows: 128 },
  large: {
    mode: 'train',
    features: 1024,
    hidden: [4096, 4096],
    outputs: 1000,
    dropout: 0,
    loss: 'sparse_categorical_crossentropy',
    optimizer: 'momentum',
    dtype: 'float32',
    batchSize: 256,
    rows: 8 * 256,
  },
  /** 100 MB of weights, and no optimizer state yet. */
  file: { ...mnist, features: 2500, hidden: [5000], outputs: 2500, dropout: 0, dtype: 'float32' },
  predictOne: { ...mnist, mode: 'predictOne', dtype: 'float32', batchSize: 1, rows: 1 },
  predictBatches: { ...mnist, mode: 'predict', dtype: 'float32', batchSize: 256, rows: 100 * 256 },
};

/** Multiply-adds of all weight matrices, for one sample. */
function multiplyAdds({ features, hidden, outputs }) {
  const widths = [features, ...hidden, outputs];
  return widths.slice(1).reduce((sum, width, i) => sum + width * widths[i], 0);
}

/** FLOPs of matrix products in a training step, per sample: the first layer needs no input gradient. */
export function trainingFlops(workload) {
  return 6 * multiplyAdds(workload) - 2 * workload.features * workload.hidden[0];
}
