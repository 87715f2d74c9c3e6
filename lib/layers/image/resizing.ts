// Resizing and CenterCrop: images of one size from images of any.
import { asFloat } from '../../ops/convert.js';
import { scope } from '../../ops/define.js';
import { type Interpolation, interpolationOf, resize } from '../../ops/image-resize.js';
import { sliceAxis } from '../../ops/movement.js';
import { perAxis } from '../../ops/windows.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { toNamed } from '../../util/options.js';
import { checkLayerOptions, layerOptionNames, layers } from '../layer.js';
import { ImageLayer, type ImageLayerOptions } from './image-layer.js';

export interface ResizingOptions extends ImageLayerOptions {
  /** Rows of the output. */
  readonly height?: number;
  /** Columns of the output. */
  readonly width?: number;
  /** How pixels between pixels are made. Default `bilinear`. */
  readonly interpolation?: Interpolation | (string & {});
  /** Whether images are cut to the proportions of the output first. Default false. */
  readonly cropToAspectRatio?: boolean;
  /** Whether images are padded to the proportions of the output first. Default false. */
  readonly padToAspectRatio?: boolean;
  /** `constant`, the only way to pad. */
  readonly fillMode?: 'constant' | (string & {});
  /** What is padded with. Default 0. */
  readonly fillValue?: number;
  /** Whether shrinking averages over all that a pixel covers. Default false. */
  readonly antialias?: boolean;
}

const resizingNames = [
  'interpolation',
  'cropToAspectRatio',
  'padToAspectRatio',
  'fillMode',
  'fillValue',
  'antialias',
  'dataFormat',
] as const;

/** Height and width given by position or in options, checked. */
function sizeOption(where: string, options: { height?: number; width?: number }): number[] {
  return [
    ...perAxis(where, 'height', options.height, 1),
    ...perAxis(where, 'width', options.width, 1),
  ];
}

/**
 * Images in another size, `[batch, rows, columns, channels]`: float32 in models and in whatever is compiled, as
 * Keras has it there. Called directly, the layer keeps the dtype: bytes are rounded.
 *
 * @example new Resizing(224, 224, { cropToAspectRatio: true })
 */
export class Resizing extends ImageLayer<true> {
  readonly height: number;
  readonly width: number;
  readonly interpolation: Interpolation;
  readonly cropToAspectRatio: boolean;
  readonly padToAspectRatio: boolean;
  readonly fillValue: number;
  readonly antialias: boolean;

  constructor(height: number | ResizingOptions, width?: number, rest: ResizingOptions = {}) {
    const options = toNamed<ResizingOptions>(
      'Resizing',
      [height, width, rest],
      ['height', 'width'],
      [...resizingNames, ...layerOptionNames],
    );
    super(options);
    [this.height, this.width] = sizeOption('Resizing', options);
    this.interpolation = interpolationOf('Resizing', options.interpolation ?? 'bilinear');
    this.cropToAspectRatio = options.cropToAspectRatio ?? false;
    this.padToAspectRatio = options.padToAspectRatio ?? false;
    this.fillValue = options.fillValue ?? 0;
    this.antialias = options.antialias ?? false;
    if ((options.fillMode ?? 'constant') !== 'constant') {
      throw new ConfigError(`Resizing: fillMode must be constant, got "${options.fillMode}".`);
    }
    if (this.cropToAspectRatio && this.padToAspectRatio) {
      throw new ConfigError('Resizing: images are cut or padded to the aspect ratio, not both.');
    }
  }

  protected override draw(): true {
    return true;
  }

  protected override transform(images: Tensor): Tensor {
    return this.resized(scope.trace ? asFloat(images) : images, this.interpolation);
  }

  protected override transformMasks(masks: Tensor): Tensor {
    return this.resized(masks, 'nearest');
  }

  private resized(images: Tensor, interpolation: Interpolation): Tensor {
    const { cropToAspectRatio, padToAspectRatio, fillValue, antialias } = this;
    const options = { interpolation, cropToAspectRatio, padToAspectRatio, fillValue, antialias };
    return resize(images, [this.height, this.width], options);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      height: this.height,
      width: this.width,
      interpolation: this.interpolation,
      crop_to_aspect_ratio: this.cropToAspectRatio,
      pad_to_aspect_ratio: this.padToAspectRatio,
      fill_mode: 'constant',
      fill_value: this.fillValue,
      antialias: this.antialias,
    };
  }
}
layers.add('Resizing', Resizing);

export interface CropOptions extends ImageLayerOptions {
  /** Rows of the output. */
  readonly height?: number;
  /** Columns of the output. */
  readonly width?: number;
}

/** @internal The size of a crop, by position or in options. */
export function cropOptions<O extends CropOptions>(
  where: string,
  args: readonly unknown[],
  others: readonly (keyof O & string)[] = [],
): { options: Partial<O>; size: number[] } {
  const options = toNamed<O>(
    where,
    args,
    ['height', 'width'],
    ['dataFormat', ...others, ...layerOptionNames],
  );
  checkLayerOptions(where, options, ['height', 'width', 'dataFormat', ...others]);
  return { options, size: sizeOption(where, options) };
}

/** @internal The middle of images, in the proportions of the size, resized to it. */
export function smartResize(images: Tensor, [height, width]: readonly number[]): Tensor {
  const [, rows, columns] = images.shape;
  const cropped = [
    Math.max(Math.min(rows, Math.trunc((columns * height) / width)), 1),
    Math.max(Math.min(columns, Math.trunc((rows * width) / height)), 1),
  ];
  const middle = cropped.reduce((t, length, i) => {
    const from = Math.trunc((t.shape[i + 1] - length) / 2);
    return sliceAxis(t, i + 1, from, from + length);
  }, images);
  return resize(middle, [height, width]);
}

/**
 * The middle of images, in float32. Of images that are smaller, as much as has the proportions of the
 * output, resized to it.
 */
export class CenterCrop extends ImageLayer<true> {
  readonly height: number;
  readonly width: number;

  constructor(height: number | CropOptions, width?: number, rest: CropOptions = {}) {
    const { options, size } = cropOptions<CropOptions>('CenterCrop', [height, width, rest]);
    super(options);
    [this.height, this.width] = size;
  }

  protected override draw(): true {
    return true;
  }

  protected override transform(images: Tensor): Tensor {
    const { height, width } = this;
    const x = asFloat(images);
    const above = Math.floor((x.shape[1] - height) / 2);
    const beside = Math.floor((x.shape[2] - width) / 2);
    if (x.shape[1] < height || x.shape[2] < width) return smartResize(x, [height, width]);
    return sliceAxis(sliceAxis(x, 1, above, above + height), 2, beside, beside + width);
  }

  protected override transformMasks(masks: Tensor): Tensor {
    return this.transform(masks);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), height: this.height, width: this.width };
  }
}
layers.add('CenterCrop', CenterCrop);
