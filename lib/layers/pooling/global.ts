// Global pooling: the largest element or the average over all spatial axes.
import { cast } from '../../ops/convert.js';
import { divide, where } from '../../ops/elementwise.js';
import { expandDims } from '../../ops/movement.js';
import { max, mean, sum } from '../../ops/reduce.js';
import type { ChannelOrder } from '../../ops/windows.js';
import type { Tensor } from '../../tensor/tensor.js';
import { optionsAfter } from '../../util/options.js';
import { type DataFormat, dataFormatOf } from '../data-format.js';
import {
  type CallOptions,
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from '../layer.js';
import { checkAxes } from '../spatial-input.js';

export interface GlobalPoolingOptions extends LayerOptions {
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null;
  /** Whether spatial axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
}

abstract class GlobalPooling extends Layer {
  readonly dataFormat: DataFormat;
  readonly keepdims: boolean;

  /** @param axes number of spatial axes */
  constructor(
    private readonly axes: number,
    dataFormat: string | GlobalPoolingOptions,
    rest: GlobalPoolingOptions,
  ) {
    const options =
      typeof dataFormat === 'string'
        ? { ...optionsAfter(new.target.name, rest), dataFormat }
        : dataFormat;
    super(options);
    checkLayerOptions(new.target.name, options, ['dataFormat', 'keepdims']);
    this.dataFormat = dataFormatOf(new.target.name, options.dataFormat);
    this.keepdims = options.keepdims ?? false;
  }

  /** The spatial axes. */
  protected get spatial(): number[] {
    const first = this.dataFormat === 'channels_first' ? 2 : 1;
    return Array.from({ length: this.axes }, (_, i) => first + i);
  }

  override build(inputShape: SymbolicShape): void {
    checkAxes(this, this.axes, inputShape);
  }

  override getConfig(): Record<string, unknown> {
    const { dataFormat, keepdims } = this;
    return { ...super.getConfig(), data_format: dataFormat, keepdims };
  }
}

abstract class GlobalMaxPooling extends GlobalPooling {
  override call(x: Tensor): Tensor {
    checkAxes(this, this.spatial.length, x.shape);
    return cast(max(x, this.spatial, { keepDims: this.keepdims }), x.dtype);
  }
}

abstract class GlobalAveragePooling extends GlobalPooling {
  override call(x: Tensor, _options: CallOptions): Tensor {
    checkAxes(this, this.spatial.length, x.shape);
    return mean(x, this.spatial, { keepDims: this.keepdims });
  }
}

/** The largest element over time: `[batch, steps, features] → [batch, features]`. */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  constructor(dataFormat: string | GlobalPoolingOptions = {}, rest: GlobalPoolingOptions = {}) {
    super(1, dataFormat, rest);
  }
}
layers.add('GlobalMaxPooling1D', GlobalMaxPooling1D, ['GlobalMaxPool1D']);

/** The largest element of each channel: `[batch, rows, columns, channels] → [batch, channels]`. */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  constructor(dataFormat: string | GlobalPoolingOptions = {}, rest: GlobalPoolingOptions = {}) {
    super(2, dataFormat, rest);
  }
}
layers.add('GlobalMaxPooling2D', GlobalMaxPooling2D, ['GlobalMaxPool2D']);

/** The largest element of each channel of a volume: `[batch, …, channels] → [batch, channels]`. */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  constructor(dataFormat: string | GlobalPoolingOptions = {}, rest: GlobalPoolingOptions = {}) {
    super(3, dataFormat, rest);
  }
}
layers.add('GlobalMaxPooling3D', GlobalMaxPooling3D, ['GlobalMaxPool3D']);

/** The average over time, of those steps that the mask has: `[batch, steps, features] → [batch, features]`. */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  constructor(dataFormat: string | GlobalPoolingOptions = {}, rest: GlobalPoolingOptions = {}) {
    super(1, dataFormat, rest);
    this.supportsMasking = true;
  }

  override computeMask(): undefined {
    return undefined;
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    const { mask } = options;
    if (!mask) return super.call(x, options);
    checkAxes(this, 1, x.shape);
    const [steps] = this.spatial;
    const keepDims = this.keepdims;
    const counted = cast(expandDims(mask, 3 - steps), 'bool');
    const counts = sum(cast(counted, 'float32'), steps, { keepDims });
    return divide(sum(where(counted, x, 0), steps, { keepDims }), counts);
  }
}
layers.add('GlobalAveragePooling1D', GlobalAveragePooling1D, ['GlobalAvgPool1D']);

/** The average of each channel: `[batch, rows, columns, channels] → [batch, channels]`. */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  constructor(dataFormat: string | GlobalPoolingOptions = {}, rest: GlobalPoolingOptions = {}) {
    super(2, dataFormat, rest);
  }
}
layers.add('GlobalAveragePooling2D', GlobalAveragePooling2D, ['GlobalAvgPool2D']);

/** The average of each channel of a volume: `[batch, …, channels] → [batch, channels]`. */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  constructor(dataFormat: string | GlobalPoolingOptions = {}, rest: GlobalPoolingOptions = {}) {
    super(3, dataFormat, rest);
  }
}
layers.add('GlobalAveragePooling3D', GlobalAveragePooling3D, ['GlobalAvgPool3D']);
