// Gradients of every op against central differences, first and second order.
import { describe, expect, it } from 'vitest';
import { nodeOf, topological } from '../../lib/graph/walk.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { checkGradient } from '../support/gradcheck.js';
import type { GradientCase } from './gradients/case.js';
import { gradientCases } from './gradients/index.js';
import { composedCases } from './gradients/movement.js';

/** The names of the ops that a case calls. */
function opsIn({ fn, operands }: GradientCase): Set<string> {
  const xs = operands.map(({ shape }) =>
    tensor(new Float32Array(shape.reduce((n, d) => n * d, 1)), { shape }),
  );
  const nodes = topological([fn(...xs)].flat().flatMap((y) => nodeOf(y) ?? []));
  return new Set(nodes.map((node) => node.op.name));
}

describe.each(Object.entries(gradientCases))('gradient of %s', (name, cases) => {
  for (const [i, { title = 'plain', ...rest }] of cases.entries()) {
    it(title, () => {
      expect([...opsIn(rest)]).toContain(name);
      checkGradient(rest.fn, rest.operands, { seed: i + 1, order: rest.order ?? 2 });
    });
  }
});

describe.each(Object.entries(composedCases))('gradient of %s', (_name, cases) => {
  for (const [i, { title = 'plain', operands, fn, order = 2 }] of cases.entries()) {
    it(title, () => checkGradient(fn, operands, { seed: i + 1, order }));
  }
});
