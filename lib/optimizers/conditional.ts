// State that changes only under a condition known when the program runs: programs have no branches, so
// the new values are computed always, and taken or left.
import type { Variable } from '../graph/variable.js';
import { where } from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';

/** Runs `change`, and takes back what it assigned to `variables` where `condition` does not hold. */
export function assignWhere(
  condition: Tensor,
  variables: Iterable<Variable>,
  change: () => void,
): void {
  const before = [...variables].map((variable) => [variable, variable.value] as const);
  change();
  for (const [variable, old] of before) {
    const { value } = variable;
    if (value !== old) variable.assign(where(condition, value, old));
  }
}
