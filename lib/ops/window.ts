// Windows that move over the spatial axes of a tensor: how many places one has, and how a tensor is
// padded for it. Convolution and pooling stand on it.
import { ConfigError } from '../util/errors.js';
import { atPath } from './define.js';

/** How a tensor is padded: not at all; so that stride 1 keeps its size; before its first element only. */
export type Padding = 'valid' | 'same' | 'causal';

/** A window along one axis. */
export interface AxisWindow {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/** What a window spans, with the gaps that dilation makes. */
export const spanOf = ({ size, dilation }: Omit<AxisWindow, 'stride'>): number =>
  (size - 1) * dilation + 1;

/** In how many places a window fits on `length` elements, padding included; 0 or less if in none. */
export const placesOf = (length: number, window: AxisWindow): number =>
  Math.floor((length - spanOf(window)) / window.stride) + 1;

/** Elements of padding before and after `length` elements; `same` as TensorFlow has it. */
export function paddingOf(padding: Padding, length: number, window: AxisWindow): [number, number] {
  if (padding === 'valid') return [0, 0];
  const span = spanOf(window);
  if (padding === 'causal') return [span - 1, 0];
  const places = Math.ceil(length / window.stride);
  const total = Math.max((places - 1) * window.stride + span - length, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** One whole number ≥ `least` for each of `rank` axes, from one for all or from a list. */
export function perAxis(
  where: string,
  what: string,
  given: number | readonly number[],
  rank: number,
  least = 1,
): readonly number[] {
  const list = typeof given === 'number' ? Array<number>(rank).fill(given) : given;
  if (list.length === rank && list.every((n) => Number.isInteger(n) && n >= least)) return list;
  const each = `whole ${rank === 1 ? 'number' : 'numbers'} of at least ${least}`;
  throw new ConfigError(
    `${where}: ${what} must be one whole number of at least ${least}, or a list of ${rank} ${each}, got ${JSON.stringify(given)}${atPath()}.`,
  );
}
