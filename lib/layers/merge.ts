// The base of layers that make one tensor of several: what shapes fit, and the masks.
import { logicalOr } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { titleOf } from './input-spec.js';
import { type CallOptions, Layer, type LayerOptions, type SymbolicShape } from './layer.js';

type Masks = readonly (Tensor | undefined)[];

/** `[2, 3] and [2, 4]` */
const listed = (shapes: readonly SymbolicShape[]): string => shapes.map(formatShape).join(' and ');

/** The size that two broadcast to, null if one is unknown, undefined if they do not fit. */
function broadcastSize(a: number | null, b: number | null): number | null | undefined {
  if (a === null || b === null) return null;
  if (a === 1) return b;
  return b === 1 || a === b ? a : undefined;
}

/** The shape that two broadcast to, aligned at their ends; undefined if they do not fit. */
function broadcastSymbolic(a: SymbolicShape, b: SymbolicShape): SymbolicShape | undefined {
  if (a.length < b.length) return broadcastSymbolic(b, a);
  const offset = a.length - b.length;
  const out = a.map((d, i) => (i < offset ? d : broadcastSize(d, b[i - offset])));
  return out.every((d) => d !== undefined) ? out : undefined;
}

/** `[batch, …]` as `[batch, 1, …]` with `rank` axes. */
function expandBehindBatch(x: Tensor, rank: number): Tensor {
  const missing = Array.from({ length: rank - x.rank }, () => 1);
  return reshape(x, [x.shape[0], ...missing, ...x.shape.slice(1)]);
}

/** A layer of several tensors, combined element by element: `new Add().apply([a, b])`. */
export abstract class Merge extends Layer<readonly Tensor[]> {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }

  /** What it makes of tensors of one rank. */
  protected abstract merge(xs: readonly Tensor[], masks: Masks): Tensor;

  override build(inputShapes: readonly SymbolicShape[]): void {
    this.checkList(inputShapes);
    let shape: SymbolicShape | undefined = inputShapes[0].slice(1);
    for (const next of inputShapes.slice(1))
      shape = shape && broadcastSymbolic(shape, next.slice(1));
    if (shape) return;
    throw new ShapeError(
      `${titleOf(this)}: expected inputs whose shapes broadcast, got ${listed(inputShapes)}.`,
    );
  }

  /** @throws ShapeError unless the layer is called with a list, of `count` if that is given. */
  protected checkList(given: readonly unknown[], count?: number): void {
    const list =
      Array.isArray(given) && given.every((one) => typeof one === 'object' && one !== null);
    if (list && given.length > 0 && (count === undefined || given.length === count)) return;
    const got = list ? `${given.length}` : 'a single tensor';
    throw new ShapeError(
      `${titleOf(this)}: expected a list of ${count ?? 'one or more'} tensors, as in apply([a, b]), got ${got}.`,
    );
  }

  override call(xs: readonly Tensor[], { masks = [] }: CallOptions): Tensor {
    this.checkList(xs);
    if (xs.some((x) => x.shape[0] !== xs[0].shape[0])) {
      throw new ShapeError(
        `${titleOf(this)}: expected inputs with the same batch size, got ${listed(xs.map((x) => x.shape))}.`,
      );
    }
    const rank = Math.max(...xs.map((x) => x.rank));
    // As in Keras, axes are added behind the batch's, to a tensor of its own, which has no mask.
    const ranked = xs.map((x) => expandBehindBatch(x, rank));
    return this.merge(
      ranked,
      masks.map((mask, i) => (ranked[i] === xs[i] ? mask : undefined)),
    );
  }

  /** Steps that count in any of the inputs; none if one has no mask. */
  override computeMask(_xs: readonly Tensor[], masks: Masks): Tensor | undefined {
    return masks.reduce((a, b) => a && b && logicalOr(a, b));
  }
}
