// Which gradient is whose.
import { gradientTarget } from '../graph/compile.js';
import type { Variable } from '../graph/variable.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';

/** The variable that `valueAndGrad` took a gradient of. */
function targetOf(name: string, gradient: Tensor): Variable {
  const target = gradientTarget(gradient);
  if (target) return target;
  throw new ConfigError(
    `${name}: apply(grads) needs gradients as valueAndGrad returned them; else give the variables too.`,
  );
}

/**
 * @internal Gradients with their variables, without those that have none.
 *
 * @param name the optimizer's, for errors
 * @throws ConfigError for other numbers of both, and if nothing has a gradient; ShapeError for other shapes
 */
export function pairGradients(
  name: string,
  grads: readonly (Tensor | null)[],
  variables: readonly Variable[] | undefined,
): [Tensor[], Variable[]] {
  if (variables && variables.length !== grads.length) {
    throw new ConfigError(
      `${name}: got ${grads.length} gradients for ${variables.length} variables.`,
    );
  }
  const given: Tensor[] = [];
  const targets: Variable[] = [];
  for (const [i, g] of grads.entries()) {
    if (!g) continue;
    const target = variables?.[i] ?? targetOf(name, g);
    const { path, shape } = target;
    if (!sameShape(g.shape, shape)) {
      throw new ShapeError(
        `${name}: expected a gradient of ${formatShape(shape)} for variable "${path}", got ${formatShape(g.shape)}.`,
      );
    }
    given.push(g);
    targets.push(target);
  }
  if (given.length === 0) throw new ConfigError(`${name}: no variable has a gradient.`);
  return [given, targets];
}
