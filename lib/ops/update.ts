// Optimizer updates over all weights at once: one kernel call per step, whatever the layer count.
import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { asTensor, cast } from './convert.js';
import { callAll, defineOp, type ValueInfo } from './define.js';
import { add, divide, multiply, power, sqrt, square, subtract } from './elementwise.js';

const total = (infos: readonly ValueInfo[]): number =>
  infos.reduce((n, info) => n + sizeOf(info.shape), 0);

/** Splits the operand list of a multi-tensor op into its groups of `count`, and the scalars after. */
function groups(inputs: readonly Tensor[], count: number, lists: number): [Tensor[][], Tensor[]] {
  const split = Array.from({ length: lists }, (_, i) => inputs.slice(i * count, (i + 1) * count));
  return [split, inputs.slice(lists * count)];
}

const adamOp = defineOp({
  name: 'adam',
  kind: 'update',
  rows: 'independent',
  infer: (inputs, attrs) => inputs.slice(0, 3 * (attrs.count as number)),
  inPlace: (output) => output,
  flops: (_, outputs) => 4 * total(outputs),
  decompose: (inputs, attrs) => {
    const count = attrs.count as number;
    const [[ws, ms, vs, gs], [lr, beta1, beta2, epsilon, rate1, rate2, step]] = groups(
      inputs,
      count,
      4,
    );
    const t = add(cast(step, 'float32'), 1);
    const corrected = divide(
      multiply(lr, sqrt(subtract(1, power(beta2, t)))),
      subtract(1, power(beta1, t)),
    );
    const m = ms.map((m, i) => add(m, multiply(subtract(gs[i], m), rate1)));
    const v = vs.map((v, i) => add(v, multiply(subtract(square(gs[i]), v), rate2)));
    const w = ws.map((w, i) =>
      subtract(w, divide(multiply(m[i], corrected), add(sqrt(v[i]), epsilon))),
    );
    return [...w, ...m, ...v];
  },
});

export interface AdamScalars {
  readonly learningRate: Tensor | number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Updates done so far, int32. */
  readonly step: Tensor;
}

/** Adam's new weights and moments. Kingma & Ba 2014, as Keras computes it. */
export function adamUpdate(
  weights: readonly Tensor[],
  momentums: readonly Tensor[],
  velocities: readonly Tensor[],
  gradients: readonly Tensor[],
  scalars: AdamScalars,
): { weights: readonly Tensor[]; momentums: readonly Tensor[]; velocities: readonly Tensor[] } {
  const count = weights.length;
  const { learningRate, beta1, beta2, epsilon, step } = scalars;
  // 1 − β is taken in double precision: of float32's 0.999 it would be wrong in the fifth digit.
  const floats = [learningRate, beta1, beta2, epsilon, 1 - beta1, 1 - beta2].map(asTensor);
  const out = callAll(
    adamOp,
    [...weights, ...momentums, ...velocities, ...gradients, ...floats, step],
    { count },
  );
  return {
    weights: out.slice(0, count),
    momentums: out.slice(count, 2 * count),
    velocities: out.slice(2 * count),
  };
}

const sgdOp = defineOp({
  name: 'sgd',
  kind: 'update',
  rows: 'independent',
  infer: (inputs, attrs) => inputs.slice(0, attrs.count as number),
  inPlace: (output) => output,
  flops: (_, outputs) => 2 * total(outputs),
  decompose: (inputs, attrs) => {
    const [[ws, gs], [lr]] = groups(inputs, attrs.count as number, 2);
    return ws.map((w, i) => subtract(w, multiply(lr, gs[i])));
  },
});

/** w − lr · g for every weight. */
export const sgdUpdate = (
  weights: readonly Tensor[],
  gradients: readonly Tensor[],
  learningRate: Tensor | number,
): readonly Tensor[] =>
  callAll(sgdOp, [...weights, ...gradients, asTensor(learningRate)], { count: weights.length });

const momentumOp = defineOp({
  name: 'momentum',
  kind: 'update',
  rows: 'independent',
  infer: (inputs, attrs) => inputs.slice(0, 2 * (attrs.count as number)),
  inPlace: (output) => output,
  flops: (_, outputs) => 2 * total(outputs),
  decompose: (inputs, attrs) => {
    const [[ws, ms, gs], [lr, momentum]] = groups(inputs, attrs.count as number, 3);
    const m = ms.map((m, i) => subtract(multiply(momentum, m), multiply(lr, gs[i])));
    const w = ws.map((w, i) =>
      attrs.nesterov
        ? add(w, subtract(multiply(momentum, m[i]), multiply(lr, gs[i])))
        : add(w, m[i]),
    );
    return [...w, ...m];
  },
});

/** Momentum, m = μm − lr·g, and the weights moved by it (Nesterov: by μm − lr·g). */
export function momentumUpdate(
  weights: readonly Tensor[],
  momentums: readonly Tensor[],
  gradients: readonly Tensor[],
  options: { learningRate: Tensor | number; momentum: number; nesterov: boolean },
): { weights: readonly Tensor[]; momentums: readonly Tensor[] } {
  const count = weights.length;
  const scalars = [options.learningRate, options.momentum].map(asTensor);
  const out = callAll(momentumOp, [...weights, ...momentums, ...gradients, ...scalars], {
    count,
    nesterov: options.nesterov ? 1 : 0,
  });
  return { weights: out.slice(0, count), momentums: out.slice(count) };
}
