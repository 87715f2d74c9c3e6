// Adaptive pooling: an output of one size for inputs of any.
import { adaptiveAveragePool, adaptiveMaxPool } from '../../ops/adaptive-pooling.js';
import { type ChannelOrder, type PerAxis, perAxis } from '../../ops/windows.js';
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
import { checkAxes } from '../spatial-input.js';

export interface AdaptivePoolingOptions extends LayerOptions {
  /** Number of windows, along all axes or along each. */
  readonly outputSize?: PerAxis;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null;
}

type Given = PerAxis | AdaptivePoolingOptions;

const isOptions = (given: Given): given is AdaptivePoolingOptions =>
  typeof given === 'object' && !Array.isArray(given);

abstract class AdaptivePooling extends Layer {
  readonly outputSize: readonly number[];
  readonly dataFormat: DataFormat;

  constructor(
    private readonly pool: typeof adaptiveMaxPool,
    private readonly axes: number,
    outputSize: Given,
    rest: AdaptivePoolingOptions,
  ) {
    const options = isOptions(outputSize)
      ? outputSize
      : { ...optionsAfter(new.target.name, rest), outputSize };
    super(options);
    const where = new.target.name;
    checkLayerOptions(where, options, ['outputSize', 'dataFormat']);
    this.outputSize = perAxis(where, 'outputSize', options.outputSize, axes);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
  }

  override build(inputShape: SymbolicShape): void {
    checkAxes(this, this.axes, inputShape);
  }

  override call(x: Tensor): Tensor {
    checkAxes(this, this.axes, x.shape);
    return this.pool(x, this.outputSize, { dataFormat: this.dataFormat });
  }

  override getConfig(): Record<string, unknown> {
    const { outputSize, dataFormat } = this;
    return { ...super.getConfig(), output_size: outputSize, data_format: dataFormat };
  }
}

/** Averages of `outputSize` windows of time steps: `[batch, steps, features] → [batch, outputSize, features]`. */
export class AdaptiveAveragePooling1D extends AdaptivePooling {
  constructor(outputSize: Given, rest: AdaptivePoolingOptions = {}) {
    super(adaptiveAveragePool, 1, outputSize, rest);
  }
}
layers.add('AdaptiveAveragePooling1D', AdaptiveAveragePooling1D);

/**
 * Averages of a grid of windows of an image, so many that the output has the size asked for.
 *
 * @example new AdaptiveAveragePooling2D([7, 7]) // [8, 30, 20, 3] → [8, 7, 7, 3]
 */
export class AdaptiveAveragePooling2D extends AdaptivePooling {
  constructor(outputSize: Given, rest: AdaptivePoolingOptions = {}) {
    super(adaptiveAveragePool, 2, outputSize, rest);
  }
}
layers.add('AdaptiveAveragePooling2D', AdaptiveAveragePooling2D);

/** Averages of a grid of windows of a volume, `[batch, depth, rows, columns, channels]`. */
export class AdaptiveAveragePooling3D extends AdaptivePooling {
  constructor(outputSize: Given, rest: AdaptivePoolingOptions = {}) {
    super(adaptiveAveragePool, 3, outputSize, rest);
  }
}
layers.add('AdaptiveAveragePooling3D', AdaptiveAveragePooling3D);

/** The largest elements of `outputSize` windows of time steps. */
export class AdaptiveMaxPooling1D extends AdaptivePooling {
  constructor(outputSize: Given, rest: AdaptivePoolingOptions = {}) {
    super(adaptiveMaxPool, 1, outputSize, rest);
  }
}
layers.add('AdaptiveMaxPooling1D', AdaptiveMaxPooling1D);

/** The largest elements of a grid of windows of an image, so many that the output has the size asked for. */
export class AdaptiveMaxPooling2D extends AdaptivePooling {
  constructor(outputSize: Given, rest: AdaptivePoolingOptions = {}) {
    super(adaptiveMaxPool, 2, outputSize, rest);
  }
}
layers.add('AdaptiveMaxPooling2D', AdaptiveMaxPooling2D);

/** The largest elements of a grid of windows of a volume, `[batch, depth, rows, columns, channels]`. */
export class AdaptiveMaxPooling3D extends AdaptivePooling {
  constructor(outputSize: Given, rest: AdaptivePoolingOptions = {}) {
    super(adaptiveMaxPool, 3, outputSize, rest);
  }
}
layers.add('AdaptiveMaxPooling3D', AdaptiveMaxPooling3D);
