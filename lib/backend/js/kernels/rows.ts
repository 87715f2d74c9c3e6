// Walks of several strided operands over one shape, row by row. Neighbouring axes are merged when the
// walk is planned, so the usual dense or bias-like operands give few and long rows.
import { type Shape, sizeOf, stridesOf } from '../../../tensor/shape.js';

/** Where one operand lies: the element at index `i` is at `offset + Σ i[k]·strides[k]`. */
export interface Operand {
  readonly strides: readonly number[];
  readonly offset?: number;
}

/** Strides with which `shape` is read when it is broadcast to `to`. */
export function broadcastStrides(shape: Shape, to: Shape): number[] {
  const strides = stridesOf(shape);
  return to.map((_, i) => {
    const axis = i - (to.length - shape.length);
    return axis < 0 || shape[axis] === 1 ? 0 : strides[axis];
  });
}

interface Axis {
  size: number;
  /** Step of each operand along the axis. */
  steps: number[];
}

/** The axes of a walk, without those of size 1, merged where no operand can tell. */
function mergeAxes(shape: Shape, operands: readonly Operand[]): Axis[] {
  const axes: Axis[] = [];
  for (const [k, size] of shape.entries()) {
    if (size === 1) continue;
    const steps = operands.map((operand) => operand.strides[k]);
    const outer = axes.at(-1);
    if (outer?.steps.every((step, o) => step === steps[o] * size)) {
      outer.size *= size;
      outer.steps = steps;
    } else {
      axes.push({ size, steps });
    }
  }
  return axes;
}

/**
 * A walk of up to three operands p, q, r, in row-major order. Its fields describe the current row:
 * elements `i` to `end` of the whole, beginning at `p`, `q`, `r` and stepping by `dp`, `dq`, `dr`.
 *
 * @example for (let more = rows.first(); more; more = rows.next()) loop(x, y, rows);
 */
export class Rows {
  i = 0;
  end = 0;
  p = 0;
  q = 0;
  r = 0;
  readonly dp: number;
  readonly dq: number;
  readonly dr: number;
  /** Elements of a row. */
  readonly length: number;
  /** Whether there is one row of one element. */
  readonly single: boolean;
  private readonly empty: boolean;
  private readonly offsets: readonly number[];
  /** Outer axes, innermost first. */
  private readonly axes: readonly Axis[];
  private readonly indices: number[];

  constructor(shape: Shape, operands: readonly Operand[]) {
    const three = [0, 1, 2].map((o) => operands[o] ?? { strides: shape.map(() => 0) });
    const axes = mergeAxes(shape, three).reverse();
    const inner = axes.shift() ?? { size: 1, steps: [0, 0, 0] };
    [this.dp, this.dq, this.dr] = inner.steps;
    this.length = inner.size;
    this.empty = sizeOf(shape) === 0;
    this.offsets = three.map((operand) => operand.offset ?? 0);
    this.axes = axes;
    this.single = axes.length === 0 && inner.size === 1;
    this.indices = axes.map(() => 0);
  }

  /** Goes to the first row; false if there is none. */
  first(): boolean {
    this.i = 0;
    this.end = this.length;
    [this.p, this.q, this.r] = this.offsets;
    this.indices.fill(0);
    return !this.empty;
  }

  /** Goes to the next row; false after the last. */
  next(): boolean {
    this.i = this.end;
    this.end += this.length;
    for (let k = 0; k < this.axes.length; k++) {
      const { size, steps } = this.axes[k];
      this.p += steps[0];
      this.q += steps[1];
      this.r += steps[2];
      if (++this.indices[k] < size) return true;
      this.indices[k] = 0;
      this.p -= steps[0] * size;
      this.q -= steps[1] * size;
      this.r -= steps[2] * size;
    }
    return false;
  }
}
