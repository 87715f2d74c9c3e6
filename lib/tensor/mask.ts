// Masks travel beside tensors: which time steps of a sequence, or which values of a loss, count.
import type { Tensor } from './tensor.js';

const masks = new WeakMap<Tensor, Tensor>();

/** Which time steps of `t` count, `[batch, time]` bool, if a layer said so. */
export const maskOf = (t: Tensor): Tensor | undefined => masks.get(t);

/** Says which time steps of `t` count. */
export function setMask(t: Tensor, mask: Tensor | undefined): void {
  if (mask) masks.set(t, mask);
}
