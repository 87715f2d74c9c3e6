// Every composite op's kernel against its decomposition into simpler ops.
import { describe, expect, it } from 'vitest';
import { callAll } from '../../lib/ops/define.js';
import { expectTensor } from '../support/close.js';
import { opNamed } from '../support/ops.js';
import { decompositions } from './decompositions.js';
import '../../lib/graph/evaluate.js';

describe('the kernel equals the decomposition', () => {
  it.each(decompositions)('$op $title', ({ op: name, inputs, attrs }) => {
    const op = opNamed(name);
    const fused = callAll(op, inputs, attrs);
    const simple = op.decompose?.(inputs, attrs) ?? [];
    expect(fused.length).toBe(simple.length);
    for (const [i, expected] of simple.entries()) {
      expect(fused[i].dtype).toBe(expected.dtype);
      expectTensor(fused[i], expected.shape, expected.dataSync(), {
        relative: 1e-5,
        absolute: 3e-6,
      });
    }
  });
});
