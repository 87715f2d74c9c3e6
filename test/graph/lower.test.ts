// Lowering: whatever the graph, the program computes what its ops compute one by one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, valueAndGrad } from '../../lib/graph/compile.js';
import type { PassName } from '../../lib/graph/lower.js';
import { formatProgram } from '../../lib/graph/print.js';
import { CompiledGraph } from '../../lib/graph/run.js';
import { type Variable, variable } from '../../lib/graph/variable.js';
import { verify } from '../../lib/graph/verify.js';
import { add, exp, multiply, square } from '../../lib/ops/elementwise.js';
import { dense, matmul } from '../../lib/ops/gemm.js';
import { broadcastTo, reshape, transpose } from '../../lib/ops/movement.js';
import { mean } from '../../lib/ops/reduce.js';
import { sgdUpdate } from '../../lib/ops/update-descent.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { lowered as loweredOf } from '../support/fused.js';
import { seeded } from '../support/random.js';
import { carryOut, type Recipe, recipes } from './random-graph.js';

const values = (seed: number): Float32Array => Float32Array.from(seeded(seed).uniforms(16));
const matrix = (seed: number): Tensor => tensor(values(seed), { shape: [4, 4] });
const makeVariables = (): Variable[] => [variable(matrix(2)), variable(matrix(3))];
const read = (ts: readonly (Tensor | Variable)[]): number[] =>
  ts.flatMap((t) => [...('value' in t ? t.value : t).dataSync()]);

/** Lowers a function of one matrix in a trace of its own. */
const lowered = (fn: (x: Tensor) => readonly Tensor[], without?: readonly PassName[]) =>
  loweredOf(fn, without, [4, 4]);

const kernelsOf = (fn: (x: Tensor) => readonly Tensor[], without?: readonly PassName[]) =>
  lowered(fn, without).program.instructions.map(({ kernel }) => kernel);

const one = (f: (x: Tensor) => Tensor) => (x: Tensor) => [f(x)];

/** Two steps, run op by op: what the program has to equal. */
function opByOp(recipe: Recipe): number[] {
  const variables = makeVariables();
  const results = [0, 1].flatMap((i) =>
    read(carryOut(recipe, matrix(10 + i), variables, (t) => t.dataSync())),
  );
  return [...results, ...read(variables)];
}

function compiled(recipe: Recipe, without: readonly PassName[]): number[] {
  const variables = makeVariables();
  const low = lowered((x) => carryOut(recipe, x, variables), without);
  verify(low.program);
  const graph = new CompiledGraph(low);
  const results = [0, 1].flatMap((i) => read(graph.run({ args: [matrix(10 + i)] }).outputs));
  return [...results, ...read(variables)];
}

const switches: readonly (readonly PassName[])[] = [
  [],
  ['foldTranspose'],
  ['foldBroadcast'],
  ['foldViews'],
  ['merge'],
  ['fuseActivation'],
  ['foldTranspose', 'foldBroadcast', 'foldViews', 'fuseActivation', 'merge'],
];

describe('random graphs', () => {
  it.each(switches.map((without) => ({ without })))(
    'equal their ops one by one, without $without',
    ({ without }) => {
      fc.assert(
        fc.property(recipes, (recipe) => {
          expectClose(compiled(recipe, without), opByOp(recipe), {
            relative: 1e-4,
            absolute: 1e-5,
          });
        }),
        { numRuns: 150, seed: 7 },
      );
    },
  );

  it('have the derivatives of their ops, whatever is simplified', () => {
    const gradients = (recipe: Recipe, without?: readonly PassName[]): number[] => {
      const variables = makeVariables();
      const loss = (x: Tensor) => () =>
        carryOut({ ...recipe, assigned: [] }, x, variables)
          .map((t) => mean(square(t)))
          .reduce((a, b) => add(a, b));
      if (!without) {
        const { value, grads } = valueAndGrad(loss(matrix(10)), variables);
        return read([value, ...grads]);
      }
      const low = lowered((x) => {
        const { value, grads } = valueAndGrad(loss(x), variables);
        return [value, ...grads];
      }, without);
      verify(low.program);
      return read(new CompiledGraph(low).run({ args: [matrix(10)] }).outputs);
    };
    fc.assert(
      fc.property(recipes, (recipe) => {
        const expected = gradients(recipe);
        for (const without of [switches[0], switches.at(-1)]) {
          expectClose(gradients(recipe, without), expected, { relative: 1e-3, absolute: 1e-5 });
        }
      }),
      { numRuns: 100, seed: 8 },
    );
  });
});

describe('the rules', () => {
  it('a transposed operand of matmul is read as it lies', () => {
    const fn = one((x) => matmul(transpose(x), x));
    expect(kernelsOf(fn)).toEqual(['matmul']);
    expect(kernelsOf(fn, ['foldTranspose'])).toEqual(['transpose', 'matmul']);
  });

  it('elementwise ops broadcast by themselves, unless that loses the shape', () => {
    const row = tensor([1, 2, 3, 4]);
    expect(kernelsOf(one((x) => add(x, broadcastTo(row, [4, 4]))))).toEqual(['add']);
    const both = one(() => add(broadcastTo(row, [4, 4]), broadcastTo(row, [4, 4])));
    expect(kernelsOf(both)).toContain('broadcastTo');
  });

  it('views cost nothing', () => {
    expect(kernelsOf(one((x) => exp(reshape(reshape(x, [16]), [4, 4]))))).toEqual(['exp']);
    expect(kernelsOf(one((x) => exp(reshape(x, [2, 8]))))).toEqual(['exp']);
  });

  it('equal calls are made once', () => {
    const fn = one((x) => multiply(exp(x), exp(x)));
    expect(kernelsOf(fn)).toEqual(['exp', 'multiply']);
    expect(kernelsOf(fn, ['merge'])).toEqual(['exp', 'exp', 'multiply']);
  });

  it('what nobody needs is not computed', () => {
    const fn = (x: Tensor) => [exp(x), square(x)].slice(1);
    expect(kernelsOf(fn)).toEqual(['square']);
  });
});

describe('plans', () => {
  it('a chain of elementwise ops uses one buffer', () => {
    const { program } = lowered(one((x) => matmul(exp(exp(exp(x))), x)));
    expect(program.arenaBytes).toBe(64);
  });

  it('an update in place writes the state without copies, in the commit', () => {
    const w = variable(matrix(1));
    const { program } = lowered((x) => {
      const { value, grads } = valueAndGrad(() => mean(square(dense(x, w.value))), [w]);
      const { weights } = sgdUpdate({
        weights: [w.value],
        gradients: grads,
        slots: {},
        scalars: { learningRate: 0.1 },
        step: tensor(0, { dtype: 'int32' }),
      });
      w.assign(weights[0]);
      return [value];
    });
    const commit = program.instructions.slice(program.commit);
    expect(commit.map(({ kernel }) => kernel)).toEqual(['sgd']);
    expect(program.instructions.some(({ kernel }) => kernel === 'copy')).toBe(false);
  });

  it('print as text', () => {
    const w = variable(matrix(1));
    const text = formatProgram(
      lowered((x) => {
        w.assign(add(w.value, exp(x)));
        return [transpose(x)];
      }).program,
    );
    expect(text).toContain('slots: 1 inputs, 0 feeds, 1 states, 1 outputs, 0 bindings');
    expect(text).toMatch(
      /output0:f32\[4, 4\] = transpose\(input0:f32\[4, 4\]\) permutation=\[1,0\]/,
    );
    expect(text).toMatch(
      /commit:\n {2}state0:f32\[4, 4\] = add\(state0:f32\[4, 4\], %\d+@0:f32\[4, 4\]\)/,
    );
  });

  it('programs are plain data', () => {
    const { program } = lowered(one((x) => matmul(x, add(x, 1))));
    expect(JSON.parse(JSON.stringify(program))).toEqual(program);
  });
});

it('a compiled function equals its program', () => {
  const fn = (x: Tensor): Tensor => matmul(x, add(x, 1));
  expect(read([compile(fn)(matrix(1))])).toEqual(
    read(new CompiledGraph(lowered(one(fn))).run({ args: [matrix(1)] }).outputs),
  );
});
