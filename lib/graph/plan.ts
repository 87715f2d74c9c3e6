// Memory planning: offsets in the arena for every value that no slot holds, so that values alive at
// the same time never overlap, and in-place kernels write over operands that nobody reads again.
import type { DType } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import { align, type Storage } from './program.js';

/** A value while its storage is being decided. */
export interface DraftValue {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly bytes: number;
  storage: Storage | undefined;
  /** The value that it is a view of, or whose buffer it takes over. */
  alias: number | undefined;
}

interface Step {
  /** Roots of the operands. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly inPlace: (output: number) => number | readonly number[] | undefined;
}

interface Lifetime {
  readonly id: number;
  readonly bytes: number;
  readonly first: number;
  last: number;
  offset: number;
}

/** Gives every value without storage a place in the arena; returns the arena's size in bytes. */
export function assignArena(values: DraftValue[], steps: readonly Step[]): number {
  const lifetimes = findLifetimes(values, steps);
  const placed: Lifetime[] = [];
  let total = 0;
  // Large values first: the usual order that packs interval graphs well.
  const order = [...lifetimes.values()].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const value of order) {
    value.offset = lowestGap(value, placed);
    placed.push(value);
    values[value.id].storage = { kind: 'arena', offset: value.offset };
    total = Math.max(total, value.offset + align(value.bytes));
  }
  return total;
}

function findLifetimes(values: DraftValue[], steps: readonly Step[]): Map<number, Lifetime> {
  const lastUse = new Map<number, number>();
  for (const [i, step] of steps.entries()) for (const id of step.inputs) lastUse.set(id, i);
  const lifetimes = new Map<number, Lifetime>();
  const ownerOf = new Map<number, number>();
  const owner = (id: number): number => ownerOf.get(id) ?? id;
  for (const [i, step] of steps.entries()) {
    for (const [position, id] of step.outputs.entries()) {
      if (values[id].storage) continue;
      const last = lastUse.get(id) ?? i;
      const reused =
        step.outputs.length === 1 ? reusable(values, step, position, i, lastUse) : undefined;
      const lifetime = reused === undefined ? undefined : lifetimes.get(owner(reused));
      if (reused !== undefined && lifetime && lifetime.last === i) {
        lifetime.last = last;
        ownerOf.set(id, lifetime.id);
        values[id].alias = lifetime.id;
        continue;
      }
      lifetimes.set(id, { id, bytes: values[id].bytes, first: i, last, offset: 0 });
    }
  }
  return lifetimes;
}

/** The operand whose buffer the output may take over: read for the last time, by this step alone. */
function reusable(
  values: readonly DraftValue[],
  step: Step,
  position: number,
  index: number,
  lastUse: ReadonlyMap<number, number>,
): number | undefined {
  const allowed = step.inPlace(position);
  if (allowed === undefined) return undefined;
  const bytes = values[step.outputs[position]].bytes;
  for (const place of [allowed].flat()) {
    const id = step.inputs[place];
    if (id === undefined || values[id].bytes !== bytes || lastUse.get(id) !== index) continue;
    if (step.inputs.filter((other) => other === id).length > 1) continue;
    if (values[id].storage === undefined) return id;
  }
  return undefined;
}

function lowestGap(value: Lifetime, placed: readonly Lifetime[]): number {
  const busy = placed
    .filter((other) => other.first <= value.last && value.first <= other.last)
    .sort((a, b) => a.offset - b.offset);
  let offset = 0;
  for (const other of busy) {
    if (other.offset >= offset + align(value.bytes)) break;
    offset = Math.max(offset, other.offset + align(other.bytes));
  }
  return offset;
}
