// Python's indexing of tensors: what `x[:, 0, ::2]` is in Keras's files.
import { normalizeAxis, reshape, reverse, slice } from '../../ops/movement.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError, ShapeError } from '../../util/errors.js';

/** `start:stop:step` of one axis; null where Python has nothing. */
export interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;
}

/** What stands between the brackets, axis by axis; null makes a new axis. */
export type Index = number | Slice | '...' | null;

/** The elements that Python's slice picks from an axis of `size`: from `begin`, `count` of them. */
function picked({ start, stop, step: given }: Slice, size: number) {
  const step = given ?? 1;
  if (!Number.isInteger(step) || step === 0) {
    throw new ConfigError(`getItem: a slice cannot have step ${step}.`);
  }
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const bound = (at: number | null, otherwise: number): number =>
    at === null ? otherwise : Math.min(most, Math.max(least, at < 0 ? at + size : at));
  const begin = bound(start, step > 0 ? 0 : size - 1);
  const end = bound(stop, step > 0 ? size : -1);
  return { begin, step, count: Math.max(0, Math.ceil((end - begin) / step)) };
}

/** An index for each axis of `rank`: the ellipsis, or what is missing at the end, stands for whole axes. */
function perAxis(index: readonly Index[], rank: number): Index[] {
  const whole: Slice = { start: null, stop: null, step: null };
  const axes = index.filter((one) => one !== null && one !== '...').length;
  const rest = new Array<Index>(Math.max(0, rank - axes)).fill(whole);
  const at = index.indexOf('...');
  return at < 0 ? [...index, ...rest] : [...index.slice(0, at), ...rest, ...index.slice(at + 1)];
}

const isList = (index: Index | readonly Index[]): index is readonly Index[] => Array.isArray(index);

/**
 * The elements of `x` that an index picks: a number takes one and drops the axis, a slice keeps it.
 *
 * @throws ShapeError for more indices than axes, and for a number outside of its axis
 */
export function getItem(x: Tensor, index: Index | readonly Index[]): Tensor {
  const given = isList(index) ? index : [index];
  const all = perAxis(given, x.rank);
  if (all.filter((one) => one !== null).length !== x.rank) {
    throw new ShapeError(
      `getItem: ${given.length} indices are too many for ${formatShape(x.shape)}.`,
    );
  }
  const begin: number[] = [];
  const counts: number[] = [];
  const steps: number[] = [];
  const shape: number[] = [];
  const backwards: number[] = [];
  for (const one of all) {
    if (one === null || one === '...') {
      shape.push(1);
      continue;
    }
    const axis = begin.length;
    const size = x.shape[axis];
    const {
      begin: from,
      step,
      count,
    } = typeof one === 'number'
      ? { begin: normalizeAxis(one, size, 'getItem'), step: 1, count: 1 }
      : picked(one, size);
    const first = step < 0 ? from + (count - 1) * step : from;
    if (step < 0) backwards.push(axis);
    begin.push(count === 0 ? 0 : first);
    counts.push(count);
    steps.push(Math.abs(step));
    if (typeof one !== 'number') shape.push(count);
  }
  const taken = slice(x, begin, counts, steps);
  return reshape(
    backwards.reduce((t, axis) => reverse(t, axis), taken),
    shape,
  );
}
