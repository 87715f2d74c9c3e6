// What users may write where an op wants a tensor, made into tensors of one dtype.
import { type DType, promote } from '../tensor/dtype.js';
import {
  fromData,
  isTypedArray,
  literal,
  Tensor,
  type TensorHolder,
  type TensorLike,
  tensor,
} from '../tensor/tensor.js';
import { call, defineOp, recordable } from './define.js';

const castOp = defineOp({
  name: 'cast',
  kind: 'unary',
  rows: 'independent',
  kernelAttrs: [],
  infer: ([x], attrs) => [{ shape: x.shape, dtype: castTypes[attrs.dtype as number] }],
  vjp: ({ grads: [dy], inputs: [x], outputs: [y] }) => [
    x.dtype === 'float32' && y.dtype === 'float32' ? dy : undefined,
  ],
});

const castTypes: readonly DType[] = ['float32', 'int32', 'uint8', 'bool'];

/** `x` as `dtype`; floats are truncated towards zero, and anything but 0 is `true`. */
export const cast = recordable('cast', (x: TensorLike, dtype: DType): Tensor => {
  const t = asTensor(x);
  return t.dtype === dtype ? t : call(castOp, [t], { dtype: castTypes.indexOf(dtype) });
});

const isHolder = (x: TensorLike): x is TensorHolder =>
  typeof x === 'object' && !Array.isArray(x) && !isTypedArray(x) && 'value' in x;

/** Makes whatever stands for a tensor into one. A number becomes a literal, bound at each run. */
export const asTensor = (x: TensorLike): Tensor => {
  if (x instanceof Tensor) return x;
  if (typeof x === 'number') return literal(x);
  if (isHolder(x)) return x.value;
  return tensor(x);
};

/** `x` as a tensor beside another operand: whole numbers take on an integer type. */
function asOperand(x: TensorLike, other: TensorLike): Tensor {
  if (typeof x === 'number' && typeof other !== 'number' && asTensor(other).dtype !== 'float32') {
    if (Number.isInteger(x)) return fromData(Int32Array.of(x), [], 'int32');
  }
  return asTensor(x);
}

/** Both operands in the dtype that holds both; bytes and booleans count in int32. */
export function asOperands(a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  const x = asOperand(a, b);
  const y = asOperand(b, a);
  const common = promote(x.dtype, y.dtype);
  const dtype = common === 'float32' ? 'float32' : 'int32';
  return [cast(x, dtype), cast(y, dtype)];
}

/** `x` as float32. */
export const asFloat = (x: TensorLike): Tensor => cast(x, 'float32');
