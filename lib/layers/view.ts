// A second name for a tensor.
import { expandDims, reshape } from '../ops/movement.js';
import type { Tensor } from '../tensor/tensor.js';

/** The same values as a tensor of its own, which can have another mask. */
export const viewOf = (t: Tensor): Tensor => reshape(expandDims(t, 0), t.shape);

/** What a layer made of `x`, as a tensor of its own where that is `x` itself: x may have a mask, and the layer drops it. */
export const unmasked = (x: Tensor, y: Tensor): Tensor => (y === x ? viewOf(y) : y);
