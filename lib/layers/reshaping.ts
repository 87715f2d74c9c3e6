// Layers that give their input another shape: Flatten, Reshape, Permute, RepeatVector.
import { broadcastTo, expandDims, reshape, transpose } from '../ops/movement.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { type DataFormat, dataFormatOf } from './data-format.js';
import { checkInput, titleOf } from './input-spec.js';
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';
import { maskOf } from './structure.js';
import { viewOf } from './view.js';

/** Masks do not pass through these layers, also where nothing changes. */
const withoutMask = (x: Tensor, out: Tensor): Tensor =>
  out === x && maskOf(x) ? viewOf(out) : out;

const isList = (value: unknown): value is readonly number[] => Array.isArray(value);

export interface FlattenOptions extends LayerOptions {
  /** Where the channels are; they are last in the result. Default: `channelsLast`. */
  readonly dataFormat?: string | null;
}

/** All axes but the batch in one: `[batch, 28, 28] → [batch, 784]`. */
export class Flatten extends Layer {
  readonly dataFormat: DataFormat;

  constructor(dataFormat: string | FlattenOptions = {}, rest: FlattenOptions = {}) {
    const options =
      typeof dataFormat === 'string'
        ? { ...optionsAfter(new.target.name, rest), dataFormat }
        : dataFormat;
    super(options);
    checkLayerOptions('Flatten', options, ['dataFormat']);
    this.dataFormat = dataFormatOf('Flatten', options.dataFormat);
  }

  override build(inputShape: SymbolicShape): void {
    checkInput(this, inputShape, { minRank: 1 });
  }

  override call(x: Tensor): Tensor {
    const axes = x.shape.map((_, i) => i);
    const channelsFirst = this.dataFormat === 'channels_first' && x.rank > 1;
    const t = channelsFirst ? transpose(x, [0, ...axes.slice(2), 1]) : x;
    return withoutMask(x, reshape(t, [x.shape[0], sizeOf(x.shape.slice(1))]));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), data_format: this.dataFormat };
  }
}
layers.add('Flatten', Flatten);

export interface ReshapeOptions extends LayerOptions {
  /** Without the batch axis; one size may be −1. */
  readonly targetShape?: Shape;
}

/** The same elements in another shape: `new Reshape([3, -1])`, `[batch, 12] → [batch, 3, 4]`. */
export class Reshape extends Layer {
  readonly targetShape: Shape;

  constructor(targetShape: Shape | ReshapeOptions, rest: ReshapeOptions = {}) {
    const options = isList(targetShape)
      ? { ...optionsAfter(new.target.name, rest), targetShape }
      : targetShape;
    super(options);
    checkLayerOptions('Reshape', options, ['targetShape']);
    const shape = options.targetShape;
    const valid =
      isList(shape) &&
      shape.every((d) => Number.isInteger(d) && d >= -1) &&
      shape.filter((d) => d === -1).length <= 1;
    if (!valid) {
      throw new ConfigError(
        `Reshape: targetShape must be a list of whole numbers ≥ 0, of which one may be −1, got ${JSON.stringify(shape)}.`,
      );
    }
    this.targetShape = [...shape];
  }

  override call(x: Tensor): Tensor {
    const { targetShape } = this;
    const size = sizeOf(x.shape.slice(1));
    const known = sizeOf(targetShape.filter((d) => d !== -1));
    const rest = known === 0 ? Number.NaN : size / known;
    const shape = targetShape.map((d) => (d === -1 ? rest : d));
    if (sizeOf(shape) !== size || !shape.every(Number.isInteger)) {
      throw new ShapeError(
        `${titleOf(this)}: ${formatShape(x.shape.slice(1))} has ${size} elements per sample and cannot become ${formatShape(targetShape)}.`,
      );
    }
    return withoutMask(x, reshape(x, [x.shape[0], ...shape]));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), target_shape: this.targetShape };
  }
}
layers.add('Reshape', Reshape);

export interface PermuteOptions extends LayerOptions {
  /** The axes in their new order, counted from 1; the batch axis stays. */
  readonly dims?: readonly number[];
}

/** Axes in another order: `new Permute([2, 1])`, `[batch, 3, 4] → [batch, 4, 3]`. */
export class Permute extends Layer {
  readonly dims: readonly number[];

  constructor(dims: readonly number[] | PermuteOptions, rest: PermuteOptions = {}) {
    const options = isList(dims) ? { ...optionsAfter(new.target.name, rest), dims } : dims;
    super(options);
    checkLayerOptions('Permute', options, ['dims']);
    const order = options.dims;
    if (!isList(order) || order.toSorted((a, b) => a - b).some((d, i) => d !== i + 1)) {
      throw new ConfigError(
        `Permute: dims must hold each of 1, 2, … once, got ${JSON.stringify(order)}. The batch axis is not counted.`,
      );
    }
    this.dims = [...order];
  }

  override build(inputShape: SymbolicShape): void {
    checkInput(this, inputShape, { rank: this.dims.length + 1 });
  }

  override call(x: Tensor): Tensor {
    checkInput(this, x.shape, { rank: this.dims.length + 1 });
    return withoutMask(x, transpose(x, [0, ...this.dims]));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), dims: this.dims };
  }
}
layers.add('Permute', Permute);

export interface RepeatVectorOptions extends LayerOptions {
  /** How often. */
  readonly n?: number;
}

/** Each row `n` times, as time steps: `[batch, features] → [batch, n, features]`. */
export class RepeatVector extends Layer {
  readonly n: number;

  constructor(n: number | RepeatVectorOptions, rest: RepeatVectorOptions = {}) {
    const options = typeof n === 'number' ? { ...optionsAfter(new.target.name, rest), n } : n;
    super(options);
    checkLayerOptions('RepeatVector', options, ['n']);
    if (options.n === undefined || !Number.isInteger(options.n) || options.n < 1) {
      throw new ConfigError(`RepeatVector: n must be a whole number above 0, got ${options.n}.`);
    }
    this.n = options.n;
  }

  override build(inputShape: SymbolicShape): void {
    checkInput(this, inputShape, { rank: 2 });
  }

  override call(x: Tensor): Tensor {
    checkInput(this, x.shape, { rank: 2 });
    return broadcastTo(expandDims(x, 1), [x.shape[0], this.n, x.shape[1]]);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), n: this.n };
  }
}
layers.add('RepeatVector', RepeatVector);
