// Optimizer updates of many tensors at once. Operands come in groups of `count`: all weights, all slots
// of each kind, all gradients; then the rule's scalars, the decay of weights, and the updates done so
// far where a rule counts them.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { listAttr, numberAttr } from './attrs.js';

/** The arrays of one weight. New values may share the old ones' arrays: read before writing. */
export interface Arrays {
  w: DataArray;
  g: DataArray;
  readonly slots: DataArray[];
  nextW: DataArray;
  readonly nextSlots: DataArray[];
  /** Elements of each. */
  n: number;
}

/** Updates one weight; `scalars` are the rule's, `t` is the number of this update, 1 for the first. */
export type UpdateLoop = (arrays: Arrays, scalars: readonly number[], t: number) => void;

/** What a rule's operands are. */
export interface Operands {
  readonly slots: number;
  readonly scalars: number;
  /** Whether it counts updates. */
  readonly counts?: boolean;
}

/** w − w·decay into the new weights, which the update then reads. */
function decayed(arrays: Arrays, decay: number): void {
  const { w, nextW, n } = arrays;
  for (let i = 0; i < n; i++) nextW[i] = w[i] - w[i] * decay;
  arrays.w = nextW;
}

/** The kernel of a rule, of the loop over the elements of one weight. */
export function updateKernel(
  { slots, scalars, counts = false }: Operands,
  makeLoop: (float64: boolean) => UpdateLoop,
): Kernel {
  return ({ inputs: infos, attrs, float64 }) => {
    const count = numberAttr(attrs, 'count');
    const decays = listAttr(attrs, 'decays');
    const sizes = infos.slice(0, count).map(({ shape }) => sizeOf(shape));
    const loop = makeLoop(float64);
    const first = (2 + slots) * count;
    const values = new Array<number>(scalars).fill(0);
    const none = new Uint8Array(0);
    const empty = (): DataArray[] => new Array<DataArray>(slots).fill(none);
    const arrays = { w: none, g: none, nextW: none, n: 0 };
    const of: Arrays = { ...arrays, slots: empty(), nextSlots: empty() };
    return (inputs, outputs) => {
      for (let i = 0; i < scalars; i++) values[i] = inputs[first + i][0];
      const t = counts ? inputs[first + scalars + 1][0] + 1 : 1;
      for (let tensor = 0; tensor < count; tensor++) {
        of.n = sizes[tensor];
        of.w = inputs[tensor];
        of.g = inputs[(1 + slots) * count + tensor];
        of.nextW = outputs[tensor];
        for (let k = 0; k < slots; k++) {
          of.slots[k] = inputs[(1 + k) * count + tensor];
          of.nextSlots[k] = outputs[(1 + k) * count + tensor];
        }
        if (decays[tensor]) decayed(of, inputs[first + scalars][0]);
        loop(of, values, t);
      }
    };
  };
}
