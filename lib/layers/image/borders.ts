// ZeroPadding and Cropping: layers that add to the borders of images, or cut from them.
import { pad, slice } from '../../ops/movement.js';
import type { ChannelOrder } from '../../ops/windows.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError, ShapeError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { type DataFormat, dataFormatOf } from '../data-format.js';
import { titleOf } from '../input-spec.js';
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from '../layer.js';
import { checkAxes } from '../spatial-input.js';
import { unmasked } from '../view.js';

/** Elements before and after along one axis. */
type Pair = readonly [number, number];

/** One number for all borders, one for each axis, or `[before, after]` for each axis. */
export type Borders = number | readonly number[] | readonly Pair[];

const isCount = (n: unknown): n is number => Number.isInteger(n) && Number(n) >= 0;

const pairOf = (given: unknown): Pair | undefined => {
  if (isCount(given)) return [given, given];
  const whole = Array.isArray(given) && given.length === 2 && given.every(isCount);
  return whole ? [given[0], given[1]] : undefined;
};

/** The pair of each axis. Along one axis, a list of two numbers is its pair. */
function bordersOf(where: string, name: string, given: unknown, axes: number): Pair[] {
  const each = isCount(given) || axes === 1 ? Array.from({ length: axes }, () => given) : given;
  const pairs = Array.isArray(each) && each.length === axes ? each.map(pairOf) : [];
  const known = pairs.filter((pair) => pair !== undefined);
  if (known.length === axes) return known;
  const lists =
    axes === 1
      ? 'or a list [before, after]'
      : `a list of ${axes} of them, or of ${axes} lists [before, after]`;
  throw new ConfigError(
    `${where}: ${name} must be a whole number ≥ 0, ${lists}, got ${JSON.stringify(given)}.`,
  );
}

/** A layer with pairs of numbers, one for each spatial axis. */
abstract class BorderLayer extends Layer {
  readonly dataFormat: DataFormat;

  constructor(
    options: LayerOptions & { readonly dataFormat?: ChannelOrder | null },
    protected readonly borders: readonly Pair[],
  ) {
    super(options);
    this.dataFormat = dataFormatOf(new.target.name, options.dataFormat);
  }

  override build(inputShape: SymbolicShape): void {
    checkAxes(this, this.borders.length, inputShape);
  }

  /** The pairs of all axes of the input. */
  protected get allBorders(): readonly Pair[] {
    const none: Pair = [0, 0];
    return this.dataFormat === 'channels_first'
      ? [none, none, ...this.borders]
      : [none, ...this.borders, none];
  }
}

export interface ZeroPaddingOptions extends LayerOptions {
  /** Rows, columns, … of zeros to add. Default 1. */
  readonly padding?: Borders;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null;
}

const isRecord = <O extends object>(given: Borders | O): given is O =>
  typeof given === 'object' && !Array.isArray(given);

abstract class ZeroPadding extends BorderLayer {
  constructor(padding: Borders | ZeroPaddingOptions, rest: ZeroPaddingOptions, axes: number) {
    const options = isRecord(padding)
      ? padding
      : { ...optionsAfter(new.target.name, rest), padding };
    const where = new.target.name;
    checkLayerOptions(where, options, ['padding', 'dataFormat']);
    super(options, bordersOf(where, 'padding', options.padding ?? 1, axes));
  }

  override call(x: Tensor): Tensor {
    checkAxes(this, this.borders.length, x.shape);
    return unmasked(x, pad(x, this.allBorders));
  }

  override getConfig(): Record<string, unknown> {
    const { borders, dataFormat } = this;
    const padding = borders.length === 1 ? borders[0] : borders;
    return { ...super.getConfig(), padding, data_format: dataFormat };
  }
}

/** Zeros before and after the time steps: `[batch, steps, features]`. */
export class ZeroPadding1D extends ZeroPadding {
  constructor(padding: Borders | ZeroPaddingOptions = {}, rest: ZeroPaddingOptions = {}) {
    super(padding, rest, 1);
  }
}
layers.add('ZeroPadding1D', ZeroPadding1D);

/**
 * Zeros around images: `[batch, rows, columns, channels]`.
 *
 * @example new ZeroPadding2D([[1, 0], [2, 2]]) // [8, 28, 28, 3] → [8, 29, 32, 3]
 */
export class ZeroPadding2D extends ZeroPadding {
  constructor(padding: Borders | ZeroPaddingOptions = {}, rest: ZeroPaddingOptions = {}) {
    super(padding, rest, 2);
  }
}
layers.add('ZeroPadding2D', ZeroPadding2D);

/** Zeros around volumes: `[batch, depth, rows, columns, channels]`. */
export class ZeroPadding3D extends ZeroPadding {
  constructor(padding: Borders | ZeroPaddingOptions = {}, rest: ZeroPaddingOptions = {}) {
    super(padding, rest, 3);
  }
}
layers.add('ZeroPadding3D', ZeroPadding3D);

export interface CroppingOptions extends LayerOptions {
  /** Rows, columns, … to cut off. Default 1, but 0 for Cropping2D. */
  readonly cropping?: Borders;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null;
}

abstract class Cropping extends BorderLayer {
  constructor(
    cropping: Borders | CroppingOptions,
    rest: CroppingOptions,
    { axes, fallback = 1 }: { axes: number; fallback?: number },
  ) {
    const options = isRecord(cropping)
      ? cropping
      : { ...optionsAfter(new.target.name, rest), cropping };
    const where = new.target.name;
    checkLayerOptions(where, options, axes === 1 ? ['cropping'] : ['cropping', 'dataFormat']);
    super(options, bordersOf(where, 'cropping', options.cropping ?? fallback, axes));
  }

  override call(x: Tensor): Tensor {
    checkAxes(this, this.borders.length, x.shape);
    const { allBorders } = this;
    const shape = x.shape.map((d, i) => d - allBorders[i][0] - allBorders[i][1]);
    if (allBorders.some(([before, after], i) => before + after > 0 && shape[i] <= 0)) {
      throw new ShapeError(
        `${titleOf(this)}: cropping ${JSON.stringify(this.borders)} leaves nothing of input ${formatShape(x.shape)}. Crop less, or check the layer before it.`,
      );
    }
    const starts = allBorders.map(([before]) => before);
    return unmasked(x, slice(x, starts, shape));
  }

  override getConfig(): Record<string, unknown> {
    const { borders, dataFormat } = this;
    if (borders.length === 1) return { ...super.getConfig(), cropping: borders[0] };
    return { ...super.getConfig(), cropping: borders, data_format: dataFormat };
  }
}

/** Cuts time steps off both ends: `[batch, steps, features]`. */
export class Cropping1D extends Cropping {
  constructor(cropping: Borders | CroppingOptions = {}, rest: CroppingOptions = {}) {
    super(cropping, rest, { axes: 1 });
  }
}
layers.add('Cropping1D', Cropping1D);

/**
 * Cuts rows and columns off images: `[batch, rows, columns, channels]`.
 *
 * @example new Cropping2D([[2, 2], [4, 4]]) // [8, 28, 28, 3] → [8, 24, 20, 3]
 */
export class Cropping2D extends Cropping {
  constructor(cropping: Borders | CroppingOptions = {}, rest: CroppingOptions = {}) {
    super(cropping, rest, { axes: 2, fallback: 0 });
  }
}
layers.add('Cropping2D', Cropping2D);

/** Cuts the borders off volumes: `[batch, depth, rows, columns, channels]`. */
export class Cropping3D extends Cropping {
  constructor(cropping: Borders | CroppingOptions = {}, rest: CroppingOptions = {}) {
    super(cropping, rest, { axes: 3 });
  }
}
layers.add('Cropping3D', Cropping3D);
