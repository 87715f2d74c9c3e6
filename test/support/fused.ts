// Graphs for the tests of fusing: lowered with and without rules, and run.
import { record } from '../../lib/graph/compile.js';
import { lower, type PassName } from '../../lib/graph/lower.js';
import { CompiledGraph } from '../../lib/graph/run.js';
import { Trace, variable } from '../../lib/graph/variable.js';
import { verify } from '../../lib/graph/verify.js';
import { ops, type Tensor, tensor } from '../../lib/index.js';
import { scope } from '../../lib/ops/define.js';
import type { Shape } from '../../lib/tensor/shape.js';
import { seeded } from './random.js';

export const random = (shape: readonly number[], seed: number, [low, high] = [-1, 1]): Tensor =>
  tensor(
    Float32Array.from(
      seeded(seed).uniforms(
        shape.reduce((n, d) => n * d, 1),
        low,
        high,
      ),
    ),
    { shape },
  );

export const image = random([2, 5, 6, 3], 1);
export const kernel = random([3, 3, 3, 4], 2);
export const [mean, scale, offset] = [3, 4, 5].map((seed) => random([4], seed));
export const variance = random([4], 6, [0.5, 2]);

/** Lowers a function of one tensor, an image unless another shape is given, in a trace of its own. */
export function lowered(
  fn: (x: Tensor) => readonly Tensor[],
  without: readonly PassName[] = [],
  shape: Shape = image.shape,
) {
  const trace = new Trace();
  const x = trace.addArgument(shape, 'float32');
  const randomKey = () => variable(tensor([0, 0, 0, 0], { dtype: 'int32' }));
  const outputs = record(trace, { randomKey }, () => fn(x));
  const before = { ...scope };
  Object.assign(scope, { trace, path: '' });
  try {
    return lower({ name: 'test', trace, outputs }, without);
  } finally {
    Object.assign(scope, before);
  }
}

export const kernelsOf = (fn: (x: Tensor) => readonly Tensor[], without?: readonly PassName[]) =>
  lowered(fn, without).program.instructions.map(({ kernel: name }) => name);

export const run = (
  fn: (x: Tensor) => readonly Tensor[],
  without?: readonly PassName[],
): number[] => {
  const low = lowered(fn, without);
  verify(low.program);
  return new CompiledGraph(low).run({ args: [image] }).outputs.flatMap((t) => [...t.dataSync()]);
};

export const normalized = (y: Tensor): Tensor =>
  ops.batchNormalization(y, mean, variance, -1, { scale, offset });
