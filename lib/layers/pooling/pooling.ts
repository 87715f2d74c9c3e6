// Pooling by windows of one size: MaxPooling and AveragePooling over one, two and three axes.
import { averagePool, maxPool, poolPadding } from '../../ops/pooling.js';
import { type ChannelOrder, type PerAxis, perAxis } from '../../ops/windows.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { optionsAfter } from '../../util/options.js';
import { type DataFormat, dataFormatOf } from '../data-format.js';
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from '../layer.js';
import { checkAxes, checkFits } from '../spatial-input.js';

export interface PoolingOptions extends LayerOptions {
  /** Size of the windows, for all axes or for each. */
  readonly poolSize?: PerAxis;
  /** Step from window to window. Default: the pool size. */
  readonly strides?: PerAxis | null;
  /** `valid` (default): windows inside alone; `same`: padded, so that there are ⌈size / stride⌉ windows. */
  readonly padding?: 'valid' | 'same' | (string & {});
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null;
}

const ownNames = ['poolSize', 'strides', 'padding', 'dataFormat'] as const;

const isOptions = (given: PerAxis | PoolingOptions): given is PoolingOptions =>
  typeof given === 'object' && !Array.isArray(given);

abstract class Pooling extends Layer {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: 'valid' | 'same';
  readonly dataFormat: DataFormat;

  /**
   * @param pool what is taken of a window
   * @param axes number of axes that windows move along
   */
  constructor(
    private readonly pool: typeof maxPool,
    private readonly axes: number,
    poolSize: PerAxis | PoolingOptions,
    rest: PoolingOptions,
    defaultSize?: number,
  ) {
    const options = isOptions(poolSize)
      ? poolSize
      : { ...optionsAfter(new.target.name, rest), poolSize };
    super(options);
    const where = new.target.name;
    checkLayerOptions(where, options, ownNames);
    const size = options.poolSize ?? defaultSize;
    this.poolSize = perAxis(where, 'poolSize', size, axes);
    this.strides = perAxis(where, 'strides', options.strides ?? size, axes);
    this.padding = poolPadding(where, options.padding);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
  }

  private check(shape: SymbolicShape): void {
    checkAxes(this, this.axes, shape);
    if (this.padding !== 'valid') return;
    const name = `windows of ${formatShape(this.poolSize)}`;
    checkFits(this, shape, { name, spans: this.poolSize, smaller: 'smaller windows' });
  }

  override build(inputShape: SymbolicShape): void {
    this.check(inputShape);
  }

  override call(x: Tensor): Tensor {
    this.check(x.shape);
    const { strides, padding, dataFormat } = this;
    return this.pool(x, this.poolSize, { strides, padding, dataFormat });
  }

  override getConfig(): Record<string, unknown> {
    const { poolSize, strides, padding, dataFormat } = this;
    return {
      ...super.getConfig(),
      pool_size: poolSize,
      strides,
      padding,
      data_format: dataFormat,
    };
  }
}

/** The largest element of each window of time steps: `[batch, steps, features]`. Default pool size 2. */
export class MaxPooling1D extends Pooling {
  constructor(poolSize: PerAxis | PoolingOptions = {}, rest: PoolingOptions = {}) {
    super(maxPool, 1, poolSize, rest, 2);
  }
}
layers.add('MaxPooling1D', MaxPooling1D, ['MaxPool1D']);

/**
 * The largest element of each window of an image: `[batch, rows, columns, channels]`. Default pool size 2.
 *
 * @example new MaxPooling2D(2) // [8, 28, 28, 3] → [8, 14, 14, 3]
 */
export class MaxPooling2D extends Pooling {
  constructor(poolSize: PerAxis | PoolingOptions = {}, rest: PoolingOptions = {}) {
    super(maxPool, 2, poolSize, rest, 2);
  }
}
layers.add('MaxPooling2D', MaxPooling2D, ['MaxPool2D']);

/**
 * The largest element of each window of a volume: `[batch, depth, rows, columns, channels]`. Default pool size 2.
 * Where several elements of a window are the largest, the first one has the gradient, as with one axis or two, and
 * as TensorFlow compiles it with XLA; run eagerly, TensorFlow gives each of them the whole gradient.
 */
export class MaxPooling3D extends Pooling {
  constructor(poolSize: PerAxis | PoolingOptions = {}, rest: PoolingOptions = {}) {
    super(maxPool, 3, poolSize, rest, 2);
  }
}
layers.add('MaxPooling3D', MaxPooling3D, ['MaxPool3D']);

/** The average of each window of time steps: `[batch, steps, features]`. Padding does not count. */
export class AveragePooling1D extends Pooling {
  constructor(poolSize: PerAxis | PoolingOptions, rest: PoolingOptions = {}) {
    super(averagePool, 1, poolSize, rest);
  }
}
layers.add('AveragePooling1D', AveragePooling1D, ['AvgPool1D']);

/** The average of each window of an image: `[batch, rows, columns, channels]`. Padding does not count. */
export class AveragePooling2D extends Pooling {
  constructor(poolSize: PerAxis | PoolingOptions, rest: PoolingOptions = {}) {
    super(averagePool, 2, poolSize, rest);
  }
}
layers.add('AveragePooling2D', AveragePooling2D, ['AvgPool2D']);

/** The average of each window of a volume: `[batch, depth, rows, columns, channels]`. Padding does not count. */
export class AveragePooling3D extends Pooling {
  constructor(poolSize: PerAxis | PoolingOptions, rest: PoolingOptions = {}) {
    super(averagePool, 3, poolSize, rest);
  }
}
layers.add('AveragePooling3D', AveragePooling3D, ['AvgPool3D']);
