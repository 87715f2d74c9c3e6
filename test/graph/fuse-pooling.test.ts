// What convolutions take over from a pooling that follows them: the program's calls, and that nothing
// else changes.
import { describe, expect, it } from 'vitest';
import { valueAndGrad } from '../../lib/graph/compile.js';
import type { PassName } from '../../lib/graph/lower.js';
import { variable } from '../../lib/graph/variable.js';
import { layers, ops, Sequential, type Tensor } from '../../lib/index.js';
import { expectClose } from '../support/close.js';
import { kernel, kernelsOf, lowered, normalized, random, run } from '../support/fused.js';

const all: readonly PassName[] = ['fuseScale', 'fuseActivation'];

describe('a pooling after a convolution', () => {
  const shared = { padding: 'same', strides: 2 } as const;
  const pools = {
    maxPool: (y: Tensor) => ops.maxPool(y, 2, shared),
    averagePool: (y: Tensor) => ops.averagePool(y, [2, 3]),
  };

  it.each(Object.entries(pools))('%s is part of its call', (_, pool) => {
    for (const [fn, activation, scaled] of [
      [(x: Tensor) => pool(ops.conv(x, kernel)), 0, 0],
      [(x: Tensor) => pool(ops.tanh(ops.conv(x, kernel))), 3, 0],
      [(x: Tensor) => pool(ops.relu(normalized(ops.conv(x, kernel)))), 1, 1],
    ] as const) {
      const list = (x: Tensor) => [fn(x)];
      const calls = lowered(list).program.instructions;
      const [call] = calls.filter((i) => i.kernel === 'convPool');
      expect(call.attrs).toMatchObject({ activation, scaled });
      expect(calls.some((i) => ['conv', 'maxPool', 'averagePool'].includes(i.kernel))).toBe(false);
      expect(kernelsOf(list, ['fusePool'])).toContain('conv');
      const plain = run(list, [...all, 'fusePool']);
      for (const without of [[], all, ['fusePool'] as const])
        expectClose(run(list, without), plain, { relative: 1e-4, absolute: 1e-5 });
    }
  });

  it('is part of its call over one axis too', () => {
    const w = random([3, 3, 5], 51);
    const list = (x: Tensor) => [ops.maxPool(ops.conv(ops.reshape(x, [2, 30, 3]), w), 2)];
    expect(kernelsOf(list)).toEqual(['convPool']);
    expectClose(run(list), run(list, ['fusePool']), { relative: 1e-4, absolute: 1e-5 });
  });

  it('is part of its call if windows overlap in many images', () => {
    const pool = (images: number, side: number) => (x: Tensor) => [
      ops.maxPool(ops.conv(ops.reshape(x, [images, side, -1, 3]), random([1, 1, 3, 4], 54)), 2, {
        strides: 1,
      }),
    ];
    expect(kernelsOf(pool(15, 2))).toEqual(['conv', 'maxPool']);
    const many = (x: Tensor) => pool(20, 2)(ops.concatenate([x, x, x, x], 0));
    expect(kernelsOf(many)).toEqual(['concat', 'convPool']);
    expectClose(run(many), run(many, ['fusePool']), { relative: 1e-4, absolute: 1e-5 });
  });

  it('is after an activation that the convolution has already', () => {
    const layer = new layers.Conv2D(4, 3, { activation: 'relu' });
    const model = new Sequential([layer, new layers.MaxPooling2D(2)]);
    model.build([null, 9, 9, 3]);
    expect(model.program('predict').toString()).toMatch(
      /= convPool\(.*activation=1 .*window=\[2,2\]/,
    );
  });

  it.each<[string, (x: Tensor) => readonly Tensor[]]>([
    [
      'something else reads the convolution',
      (x) => {
        const y = ops.relu(ops.conv(x, kernel));
        return [ops.maxPool(y, 2), ops.mean(y)];
      },
    ],
    [
      'it is a result itself',
      (x) => {
        const y = ops.conv(x, kernel);
        return [ops.maxPool(y, 2), y];
      },
    ],
    ['something else lies between', (x) => [ops.maxPool(ops.exp(ops.conv(x, kernel)), 2)]],
    [
      'the output of the convolution has another form',
      (x) => [ops.maxPool(ops.reshape(ops.conv(x, kernel), [2, 4, 3, 4]), 2)],
    ],
    [
      'windows overlap and images are few',
      (x) => [ops.maxPool(ops.conv(x, kernel), 3, { strides: 1 })],
    ],
    [
      'no rows fit in the cache',
      (x) => {
        const wide = ops.broadcastTo(ops.slice(x, [0, 0, 0, 0], [1, 2, 1, 3]), [1, 2, 9000, 3]);
        return [ops.maxPool(ops.conv(wide, random([1, 1, 3, 4], 52)), 2)];
      },
    ],
    [
      'there are three axes',
      (x) => [
        ops.maxPool(ops.conv(ops.reshape(x, [2, 5, 2, 3, 3]), random([1, 1, 1, 3, 4], 53)), 2),
      ],
    ],
    [
      'gradients read the convolution',
      (x) => {
        const w = variable(kernel);
        const { grads } = valueAndGrad(() => ops.sum(ops.maxPool(ops.conv(x, w), 2)), [w]);
        return grads;
      },
    ],
  ])('stays apart where %s', (_, fn) => {
    const kernels = kernelsOf(fn);
    expect(kernels).toContain('conv');
    expect(kernels).not.toContain('convPool');
  });
});
