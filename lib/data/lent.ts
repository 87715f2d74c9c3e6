// Batches whose memory is used again as soon as `fit` or `evaluate` has read them, instead of when V8 finds
// that nobody has them: that costs it a pause each time. Only batches that nobody else has seen go back.
import type { Tensor } from '../tensor/tensor.js';

const lent = new WeakMap<Tensor, () => void>();

/** Says what takes the memory of `tensor` back. */
export function lend(tensor: Tensor, takeBack: () => void): Tensor {
  lent.set(tensor, takeBack);
  return tensor;
}

/** @internal Gives back what is lent of these tensors. Nobody may read them afterwards. */
export function giveBack(tensors: Iterable<Tensor | undefined>): void {
  for (const tensor of tensors) {
    const takeBack = tensor && lent.get(tensor);
    if (!takeBack) continue;
    lent.delete(tensor);
    takeBack();
  }
}

const handing = new WeakSet<object>();

/** Says that whoever reads a pass of `source` is the only one to have its elements. */
export function handOver<S extends object>(source: S): S {
  handing.add(source);
  return source;
}

/** Whether the elements of `source` are its reader's alone. */
export const handsOver = (source: object): boolean => handing.has(source);
