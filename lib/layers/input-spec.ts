// What layers expect of the shapes they are given, and the errors for other shapes.
import { scope } from '../ops/define.js';
import { formatShape } from '../tensor/shape.js';
import { ShapeError } from '../util/errors.js';
import type { SymbolicShape } from './structure.js';

/** What a layer takes; what is absent does not matter. */
export interface InputSpec {
  /** Number of axes, with the batch's. */
  readonly rank?: number;
  readonly minRank?: number;
  /** Sizes by axis; negative axes count from the end. */
  readonly axes?: Readonly<Record<number, number | null | undefined>>;
}

/** A layer, for messages. */
export interface Named {
  readonly name: string;
  readonly className: string;
}

/** `Dense "dense_1"`: how messages name a layer. */
export const titleOf = ({ className, name }: Named): string => `${className} "${name}"`;

/** ` (in sequential)`: what a layer is in; nothing if that is the layer itself. */
export function within({ name }: Named): string {
  const path = scope.path.split('/');
  const outer = path.at(-1) === name ? path.slice(0, -1) : path;
  return outer.length > 0 && outer[0] !== '' ? ` (in ${outer.join('/')})` : '';
}

const axesText = (n: number): string => (n === 1 ? '1 axis' : `${n} axes`);

/** @throws ShapeError for a shape that a layer does not take. */
export function checkInput(layer: Named, shape: SymbolicShape, spec: InputSpec): void {
  const { rank, minRank, axes = {} } = spec;
  const refuse = (expected: string): never => {
    throw new ShapeError(
      `${titleOf(layer)}: expected input ${expected}, got ${formatShape(shape)}${within(layer)}. Check the data, or the layer before it.`,
    );
  };
  if (rank !== undefined && shape.length !== rank) {
    refuse(`with ${axesText(rank)} (the batch's included)`);
  }
  if (minRank !== undefined && shape.length < minRank) {
    refuse(`with at least ${axesText(minRank)} (the batch's included)`);
  }
  for (const [axis, size] of Object.entries(axes)) {
    const given = shape.at(Number(axis));
    if (typeof size !== 'number' || given === null || given === size) continue;
    refuse(`of size ${size} along axis ${axis}`);
  }
}
