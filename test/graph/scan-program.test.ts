// The programs that scans become: one loop there, one back, and nothing in them that nobody needs.
import { describe, expect, it } from 'vitest';
import { lowerTraced, record } from '../../lib/graph/compile.js';
import { lazyGradient } from '../../lib/graph/gradient.js';
import { formatProgram } from '../../lib/graph/print.js';
import type { Instruction, Program } from '../../lib/graph/program.js';
import { scan } from '../../lib/graph/scan.js';
import { Trace, variable } from '../../lib/graph/variable.js';
import { verify } from '../../lib/graph/verify.js';
import { add, multiply, square } from '../../lib/ops/elementwise.js';
import { sum } from '../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { loops, lossOf, parameters } from '../support/scan.js';
import '../../lib/ops/methods.js';

describe('programs', () => {
  const programOf = (
    fn: (...args: Tensor[]) => Tensor[],
    shapes: readonly (readonly number[])[],
  ) => {
    const trace = new Trace();
    const args = shapes.map((shape) => trace.addArgument(shape, 'float32'));
    const randomKey = () => variable(tensor([0, 0, 0, 0], { dtype: 'int32' }));
    const outputs = record(trace, { randomKey }, () => fn(...args));
    return lowerTraced({ name: 'test', trace, outputs }).program;
  };
  const shapes = parameters.map(({ shape }) => shape);
  const scansOf = ({ instructions }: Program) => instructions.filter(({ body }) => body);

  it('a value and its gradients are one loop there and one back', () => {
    const program = programOf((...ts) => {
      const loss = lossOf(loops)(...ts);
      return [loss, ...lazyGradient(loss, ts)];
    }, shapes);
    expect(() => verify(program)).not.toThrow();
    expect(scansOf(program).map(({ attrs }) => attrs.reverse)).toEqual([0, 1]);
  });

  it('gradients of weights are products after the loop', () => {
    const program = programOf(
      (...ts) => [...lazyGradient(lossOf(loops)(...ts), ts.slice(0, 2))],
      shapes,
    );
    const backward = scansOf(program)[1];
    expect(backward.attrs.carries).toBe(2);
    const after = program.instructions.slice(program.instructions.indexOf(backward) + 1);
    expect(after.map(({ kernel }) => kernel)).toEqual(['matmul', 'matmul']);
  });

  it('stacked results that nobody uses are not made', () => {
    const last = (xs: Tensor) =>
      scan((c: Tensor, x: Tensor) => [add(c, x), square(x)], tensor(0), xs)[0];
    const program = programOf((xs) => [last(xs)], [[5]]);
    const [{ body, outputs }] = scansOf(program);
    expect(body?.instructions.map(({ kernel }) => kernel)).toEqual(['add']);
    expect(outputs.length).toBe(2);
  });

  it('what is the same in every iteration is computed before', () => {
    const program = programOf(
      (w, xs) => [
        scan(
          (c: Tensor, x: Tensor) => [add(c, multiply(x, sum(square(w)))), null],
          tensor(0),
          xs,
        )[0],
      ],
      [[4], [3]],
    );
    expect(program.instructions.map(({ kernel }) => kernel)).toEqual(['square', 'sum', 'scan']);
  });

  it('print their bodies', () => {
    const text = formatProgram(
      programOf((xs) => [scan((c: Tensor, x: Tensor) => [add(c, x), c], tensor(0), xs)[1]], [[5]]),
    );
    expect(text).toMatch(/scan\(.*\) length=5 reverse=0 carries=1 sequences=1/);
    expect(text).toMatch(/\n {4}output0:f32\[\] = add\(input0:f32\[\], input1:f32\[\]\)/);
  });

  it('verify refuses bodies that do not fit', () => {
    const program = programOf(
      (xs) => [scan((c: Tensor, x: Tensor) => [add(c, x), c], tensor(0), xs)[1]],
      [[5]],
    );
    const changed = (
      change: (loop: Instruction, body: Program) => Partial<Instruction>,
    ): Program => ({
      ...program,
      instructions: program.instructions.map((i) => (i.body ? { ...i, ...change(i, i.body) } : i)),
    });
    const refused: [Program, string][] = [
      [changed(({ attrs }) => ({ attrs: { ...attrs, length: 6 } })), 'operand 1 of the wrong size'],
      [changed(({ inputs }) => ({ inputs: inputs.slice(1) })), 'does not bind every operand'],
      [changed((_, body) => ({ body: { ...body, commit: 0 } })), 'has a commit in its body'],
      [changed((_, body) => ({ body: { ...body, arenaBytes: 4096 } })), 'has too little scratch'],
      [
        changed((_, body) => ({ body: { ...body, slots: { ...body.slots, states: 1 } } })),
        'has state in its body',
      ],
    ];
    for (const [wrong, message] of refused) expect(() => verify(wrong)).toThrow(message);
  });
});
