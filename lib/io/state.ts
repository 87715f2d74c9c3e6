// What we keep in files beside what Keras does, where Keras does not look: how far the random numbers have come.
import type { Variable } from '../graph/variable.js';
import type { Model } from '../models/model.js';
import { tensor } from '../tensor/tensor.js';
import type { Snapshot } from './snapshot.js';

/** The version of Keras whose layout our files have. */
export const kerasVersion = '3.15.1';

/** Where the shuffles and the dropout of a model stand. */
export interface State {
  readonly fits: number;
  readonly key: Variable | undefined;
}

export const stateOf = ({ fits, randomState }: Model): State => ({ fits, key: randomState });

/** The same as text. */
export function stateText({ fits, key }: State, snapshot: Snapshot): string {
  const words = key && snapshot.get(key);
  return JSON.stringify({ fits, ...(words && { random_key: [...words] }) });
}

const isKey = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length === 4 && value.every((word) => Number.isInteger(word));

/** Goes on where the file left off; a file of Keras's says nothing of it. */
export function restoreState(model: Model, state: unknown): void {
  if (typeof state !== 'object' || state === null) return;
  const { fits, random_key } = state as { fits?: unknown; random_key?: unknown };
  if (typeof fits === 'number' && Number.isSafeInteger(fits)) model.fits = fits;
  if (isKey(random_key)) model.randomKey().assign(tensor(random_key, { dtype: 'int32' }));
}
