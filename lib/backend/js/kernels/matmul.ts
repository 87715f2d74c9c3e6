// matmul over broadcast leading axes, and dense: a product with its bias and activation.
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { flagAttr, numberAttr } from './attrs.js';
import { planGemm } from './gemm.js';
import { broadcastStrides, Rows } from './rows.js';
import { unaryKernels } from './unary.js';

/** Strides, in elements, between the matrices of an operand as they meet those of the output. */
const matrixStrides = (operand: Shape, output: Shape): number[] =>
  broadcastStrides(operand.slice(0, -2), output.slice(0, -2)).map(
    (stride) => stride * sizeOf(operand.slice(-2)),
  );

const matmul: Kernel = ({ inputs: [a, b], outputs: [y], attrs, float64 }) => {
  const transposeA = flagAttr(attrs, 'transposeA');
  const transposeB = flagAttr(attrs, 'transposeB');
  const [m, n] = y.shape.slice(-2);
  const k = a.shape.at(transposeA ? -2 : -1) ?? 1;
  const gemm = planGemm({ m, n, k, transposeA, transposeB }, float64);
  const rows = new Rows(y.shape.slice(0, -2), [
    { strides: matrixStrides(a.shape, y.shape) },
    { strides: matrixStrides(b.shape, y.shape) },
  ]);
  const at = { a: 0, b: 0, y: 0 };
  return (inputs, outputs) => {
    for (let more = rows.first(); more; more = rows.next()) {
      for (let { i, end, p, q, dp, dq } = rows; i < end; i++, p += dp, q += dq) {
        at.a = p;
        at.b = q;
        at.y = i * m * n;
        gemm(inputs[0], inputs[1], outputs[0], at);
      }
    }
  };
};

/** By the value of dense's attribute `activation`. */
const activations: readonly (Kernel | undefined)[] = [
  undefined,
  unaryKernels.relu,
  unaryKernels.sigmoid,
  unaryKernels.tanh,
];

const dense: Kernel = ({ inputs: [, w, bias], outputs, attrs, float64 }) => {
  const [k, n] = w.shape;
  const m = sizeOf(outputs[0].shape.slice(0, -1));
  const gemm = planGemm({ m, n, k, transposeA: false, transposeB: false }, float64);
  const activation = activations[numberAttr(attrs, 'activation')];
  const activate = activation?.({ inputs: outputs, outputs, attrs: {}, float64 });
  const at = { a: 0, b: 0, y: 0 };
  return (inputs, outputs) => {
    gemm(inputs[0], inputs[1], outputs[0], at, bias && inputs[2]);
    activate?.(outputs, outputs);
  };
};

export const matmulKernels: Record<string, Kernel> = { matmul, dense };
