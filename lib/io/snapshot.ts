// The values of many variables at one moment, without copies: each is a version that no later step changes.
import { evaluate } from '../graph/evaluate.js';
import type { Variable } from '../graph/variable.js';
import type { DataArray } from '../tensor/dtype.js';
import type { Attributes, ElementType, Entry } from './protocol.js';

/** A group or a data set to be written, whose values are yet to be taken. */
export interface Planned {
  readonly path: string;
  readonly attributes?: Attributes;
  readonly variable?: Variable;
  /** Numbers that no variable holds: as they are now. */
  readonly values?: Float32Array;
}

export type Snapshot = ReadonlyMap<Variable, DataArray>;

/**
 * Takes the values of variables once every step that was queued before has run. Which variables there are must be
 * known in the same turn of the event loop: a first step adds an optimizer's slots.
 */
export async function takeSnapshot(variables: Iterable<Variable>): Promise<Snapshot> {
  const versions = [...variables].map((variable) => ({ variable, value: variable.value }));
  await evaluate(...versions.map(({ value }) => value));
  return new Map(
    versions.map(({ variable, value: { source } }) => {
      if (source.kind !== 'value') throw new Error(`${variable.path} has no value`);
      return [variable, source.data];
    }),
  );
}

/** Counts of steps, and of what Normalization has seen, are int64 in Keras's files. */
const typeOf = (variable: Variable): ElementType => {
  if (variable.dtype === 'int32')
    return ['iterations', 'count'].includes(variable.name) ? 'int64' : 'int32';
  return variable.dtype === 'float32' ? 'float32' : 'uint8';
};

/** What was planned, with its values. */
export function* entriesOf(plan: readonly Planned[], snapshot: Snapshot): Generator<Entry> {
  for (const { path, attributes = {}, variable, values: plain } of plan) {
    if (plain) {
      yield { path, attributes, data: { type: 'float32', shape: [plain.length], values: plain } };
      continue;
    }
    const data = variable && snapshot.get(variable);
    if (!variable || !data) {
      yield { path, attributes };
      continue;
    }
    const values = data instanceof Float64Array ? Float32Array.from(data) : data;
    yield { path, attributes, data: { type: typeOf(variable), shape: variable.shape, values } };
  }
}
