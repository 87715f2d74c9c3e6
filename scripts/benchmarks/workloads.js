// What is trained or predicted: networks with the shape of their samples. Row counts are whole batches,
// so that nobody has to compile a second program for a tail.

import {
  digits,
  floatingPointOperations,
  mobileNetV2,
  perceptron,
  resnet20,
  resnet50,
  vggLike,
} from './networks.js';

const classifier = { mode: 'train', loss: 'sparse_categorical_crossentropy', dtype: 'float32' };

/** A regression on 32 features. */
export const tinyOf = (hidden) => ({
  mode: 'train',
  input: [32],
  layers: perceptron(hidden, 1, { isClassifier: false }),
  outputs: 1,
  loss: 'mse',
  optimizer: 'adam',
  dtype: 'float32',
  batchSize: 32,
  rows: 65_536,
});

const mnist = {
  ...classifier,
  input: [784],
  layers: perceptron([512, 512], 10, { rate: 0.2, scale: 1 / 255 }),
  outputs: 10,
  optimizer: 'adam',
  dtype: 'uint8', // scaled by 1/255 inside the model
  batchSize: 128,
  rows: 468 * 128,
};

const predicted = { ...mnist, layers: mnist.layers.slice(1), dtype: 'float32' };
const one = { mode: 'predictOne', batchSize: 1, rows: 1 };
const many = { mode: 'predict', batchSize: 256, rows: 100 * 256 };

const cnn = {
  ...classifier,
  input: [28, 28, 1],
  layers: digits,
  outputs: 10,
  optimizer: 'adam',
  batchSize: 128,
  rows: 60 * 128,
};

const cifar = { ...cnn, input: [32, 32, 3], optimizer: 'momentum', rows: 10 * 128 };

const imagenet = { ...cnn, input: [224, 224, 3], layers: resnet50, outputs: 1000 };

export const workloads = {
  tiny32: tinyOf([64, 32]),
  tiny256: { ...tinyOf([64, 32]), batchSize: 256 },
  mnist,
  /** For contestants that take 0.2 s a step. */
  mnistShort: { ...mnist, rows: 5 * 128 },
  mnistOneBatch: { ...mnist, rows: 128 },
  large: {
    ...classifier,
    input: [1024],
    layers: perceptron([4096, 4096], 1000),
    outputs: 1000,
    optimizer: 'momentum',
    batchSize: 256,
    rows: 8 * 256,
  },
  /** 100 MB of weights, and no optimizer state yet. */
  file: {
    ...classifier,
    input: [2500],
    layers: perceptron([5000], 2500),
    outputs: 2500,
    optimizer: 'adam',
    batchSize: 128,
    rows: 128,
  },
  predictOne: { ...predicted, ...one },
  predictBatches: { ...predicted, ...many },
  cnn,
  cnnShort: { ...cnn, rows: 2 * 128 },
  resnet20: { ...cifar, layers: resnet20 },
  vgg: { ...cifar, layers: vggLike, batchSize: 64, rows: 4 * 64 },
  mobilenet: {
    ...{ ...cifar, input: [96, 96, 3], layers: mobileNetV2(0.35, 1000), outputs: 1000 },
    ...{ batchSize: 32, rows: 8 * 32 },
  },
  cnnOne: { ...cnn, ...one },
  cnnBatches: { ...cnn, ...many, rows: 20 * 256 },
  resnet50One: { ...imagenet, mode: 'predict', batchSize: 1, rows: 2 },
  resnet50Batches: { ...imagenet, mode: 'predict', batchSize: 32, rows: 32 },
};

/** FLOPs of products in a training step, per sample: the first layer needs no input gradient. */
export function trainingFlops({ layers, input }) {
  const { flops, first } = floatingPointOperations(layers, input);
  return 3 * flops - first;
}
