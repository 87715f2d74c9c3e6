// Reductions over any set of axes. Neighbouring axes of one fate are merged; then the last group is
// either reduced (rows) or kept (columns), and the groups before it are walked around that.
import type { DataArray } from '../../../tensor/dtype.js';
import { type Shape, stridesOf } from '../../../tensor/shape.js';
import type { Kernel, KernelRun } from '../kernel.js';
import { listAttr } from './attrs.js';
import { Rows } from './rows.js';

/** How a reduction combines elements; partial results are doubles, so that float32 sums stay exact. */
interface Reducer {
  readonly initial: number;
  /** Combines `accumulated` and the elements of x from `from` to `end`. */
  row(x: DataArray, from: number, end: number, accumulated: number): number;
  /** Combines each accumulated[j] with x[from + j]. */
  columns(x: DataArray, from: number, accumulated: Float64Array): void;
}

const sum: Reducer = {
  initial: 0,
  // Four partial sums: a single one waits 4 cycles for each addition.
  row(x, from, end, accumulated) {
    const whole = from + (end - from - ((end - from) % 4));
    let s0 = accumulated;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let i = from;
    for (; i < whole; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < end; i++) s0 += x[i];
    return s0 + s1 + (s2 + s3);
  },
  columns(x, from, accumulated) {
    for (let j = 0; j < accumulated.length; j++) accumulated[j] += x[from + j];
  },
};

const prod: Reducer = {
  initial: 1,
  row(x, from, end, accumulated) {
    let product = accumulated;
    for (let i = from; i < end; i++) product *= x[i];
    return product;
  },
  columns(x, from, accumulated) {
    for (let j = 0; j < accumulated.length; j++) accumulated[j] *= x[from + j];
  },
};

const prodInt: Reducer = {
  initial: 1,
  row(x, from, end, accumulated) {
    let product = accumulated;
    for (let i = from; i < end; i++) product = Math.imul(product, x[i]);
    return product;
  },
  columns(x, from, accumulated) {
    for (let j = 0; j < accumulated.length; j++) {
      accumulated[j] = Math.imul(accumulated[j], x[from + j]);
    }
  },
};

const max = (initial: number): Reducer => ({
  initial,
  row(x, from, end, accumulated) {
    let best = accumulated;
    for (let i = from; i < end; i++) best = Math.max(best, x[i]);
    return best;
  },
  columns(x, from, accumulated) {
    for (let j = 0; j < accumulated.length; j++) {
      accumulated[j] = Math.max(accumulated[j], x[from + j]);
    }
  },
});

const min = (initial: number): Reducer => ({
  initial,
  row(x, from, end, accumulated) {
    let best = accumulated;
    for (let i = from; i < end; i++) best = Math.min(best, x[i]);
    return best;
  },
  columns(x, from, accumulated) {
    for (let j = 0; j < accumulated.length; j++) {
      accumulated[j] = Math.min(accumulated[j], x[from + j]);
    }
  },
});

interface Group {
  size: number;
  stride: number;
  readonly reduced: boolean;
}

/** The axes of `shape` without those of size 1, neighbours of one fate merged; at least one. */
function groupAxes(shape: Shape, reducedAxes: readonly number[]): Group[] {
  const strides = stridesOf(shape);
  const groups: Group[] = [];
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const reduced = reducedAxes.includes(axis);
    const outer = groups.at(-1);
    if (outer?.reduced === reduced) {
      outer.size *= size;
      outer.stride = strides[axis];
    } else {
      groups.push({ size, stride: strides[axis], reduced });
    }
  }
  return groups.length > 0 ? groups : [{ size: 1, stride: 1, reduced: true }];
}

const walk = (groups: readonly Group[]): Rows =>
  new Rows(
    groups.map((group) => group.size),
    [{ strides: groups.map((group) => group.stride) }],
  );

/** y[kept] = the combination of one run of `length` elements: the usual case, without the walk. */
function reduceRuns(reducer: Reducer, kept: Rows, length: number): KernelRun {
  return (inputs, outputs) => {
    for (let more = kept.first(); more; more = kept.next()) {
      for (let { i, end, p, dp } = kept; i < end; i++, p += dp) {
        outputs[0][i] = reducer.row(inputs[0], p, p + length, reducer.initial);
      }
    }
  };
}

/** y[kept] = the combination of several runs of `length` elements. */
function reduceRows(reducer: Reducer, kept: Rows, reduced: Rows, length: number): KernelRun {
  return (inputs, outputs) => {
    const x = inputs[0];
    for (let more = kept.first(); more; more = kept.next()) {
      for (let { i, end, p, dp } = kept; i < end; i++, p += dp) {
        let accumulated = reducer.initial;
        for (let inner = reduced.first(); inner; inner = reduced.next()) {
          for (let { i: j, end: last, p: from, dp: step } = reduced; j < last; j++, from += step) {
            accumulated = reducer.row(x, p + from, p + from + length, accumulated);
          }
        }
        outputs[0][i] = accumulated;
      }
    }
  };
}

/** y[kept, 0..width) = the combination of rows of `width` elements. */
function reduceColumns(reducer: Reducer, kept: Rows, reduced: Rows, width: number): KernelRun {
  const accumulated = new Float64Array(width);
  return (inputs, outputs) => {
    const x = inputs[0];
    const y = outputs[0];
    for (let more = kept.first(); more; more = kept.next()) {
      for (let { i, end, p, dp } = kept; i < end; i++, p += dp) {
        accumulated.fill(reducer.initial);
        for (let inner = reduced.first(); inner; inner = reduced.next()) {
          for (let { i: j, end: last, p: from, dp: step } = reduced; j < last; j++, from += step) {
            reducer.columns(x, p + from, accumulated);
          }
        }
        for (let j = 0, at = i * width; j < width; j++, at++) y[at] = accumulated[j];
      }
    }
  };
}

const reduction =
  (float: Reducer, other = float): Kernel =>
  ({ inputs: [{ shape, dtype }], attrs }) => {
    const reducer = dtype === 'float32' ? float : other;
    const groups = groupAxes(shape, listAttr(attrs, 'axes'));
    const last = groups.pop()!;
    const kept = walk(groups.filter((group) => !group.reduced));
    const reduced = walk(groups.filter((group) => group.reduced));
    if (last.reduced && reduced.single) return reduceRuns(reducer, kept, last.size);
    const plan = last.reduced ? reduceRows : reduceColumns;
    return plan(reducer, kept, reduced, last.size);
  };

const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

export const reduceKernels: Record<string, Kernel> = {
  sum: reduction(sum),
  prod: reduction(prod, prodInt),
  max: reduction(max(-Infinity), max(int32.min)),
  min: reduction(min(Infinity), min(int32.max)),
  any: reduction(max(0)),
  all: reduction(min(1)),
};
