// Sparse softmax cross-entropy and its gradient, and the check that stops a run at a bad value.
import { sizeOf } from '../../../tensor/shape.js';
import { type Kernel, KernelFailure } from '../kernel.js';
import { rowExpSum, rowMax, softmaxRow } from './activation.js';

const sparseSoftmaxCrossEntropy: Kernel = ({ inputs: [logits, labels] }) => {
  const rows = sizeOf(labels.shape);
  const classes = logits.shape.at(-1) ?? 1;
  return (inputs, outputs) => {
    const x = inputs[0];
    const labels = inputs[1];
    for (let row = 0; row < rows; row++) {
      const label = labels[row];
      if (label < 0 || label >= classes) throw new KernelFailure('indexOutOfRange', row, label);
      const from = row * classes;
      const max = rowMax(x, from, from + classes);
      outputs[0][row] = Math.log(rowExpSum(x, max, from, from + classes)) + (max - x[from + label]);
    }
  };
};

const sparseSoftmaxCrossEntropyGrad: Kernel = ({ inputs: [logits, labels] }) => {
  const rows = sizeOf(labels.shape);
  const classes = logits.shape.at(-1) ?? 1;
  return (inputs, outputs) => {
    const x = inputs[0];
    const labels = inputs[1];
    const dloss = inputs[2];
    const dx = outputs[0];
    for (let row = 0; row < rows; row++) {
      const from = row * classes;
      softmaxRow(x, dx, from, from + classes);
      for (let c = 0; c < classes; c++) {
        dx[from + c] = (dx[from + c] - +(c === labels[row])) * dloss[row];
      }
    }
  };
};

const checkFinite: Kernel = ({ inputs: [{ shape }] }) => {
  const n = sizeOf(shape);
  return ([x]) => {
    for (let i = 0; i < n; i++) {
      if (!Number.isFinite(x[i])) throw new KernelFailure('nonFinite', i, x[i]);
    }
  };
};

export const lossKernels: Record<string, Kernel> = {
  sparseSoftmaxCrossEntropy,
  sparseSoftmaxCrossEntropyGrad,
  checkFinite,
};
