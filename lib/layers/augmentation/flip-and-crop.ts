// RandomFlip and RandomCrop.
import { asFloat, cast } from '../../ops/convert.js';
import { add, lessEqual, where } from '../../ops/elementwise.js';
import { resize } from '../../ops/image-resize.js';
import { arange, gather, reverse, sliceAxis } from '../../ops/movement.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { type CropOptions, cropOptions } from '../image/resizing.js';
import { checkLayerOptions, layers } from '../layer.js';
import { RandomImageLayer, type RandomImageOptions } from './random-image.js';

export interface RandomFlipOptions extends RandomImageOptions {
  /** `horizontal`, `vertical`, or (default) `horizontalAndVertical`. */
  readonly mode?: 'horizontal' | 'vertical' | 'horizontalAndVertical' | (string & {});
}

const modes: readonly string[] = ['horizontal', 'vertical', 'horizontal_and_vertical'];

/**
 * In training flips each image with a probability of ½: left and right, top and bottom, or (the default)
 * both at once.
 */
export class RandomFlip extends RandomImageLayer<{ readonly flips: Tensor }> {
  readonly mode: string;

  constructor(mode: string | RandomFlipOptions = {}, rest: RandomFlipOptions = {}) {
    const options =
      typeof mode === 'string' ? { ...optionsAfter(new.target.name, rest), mode } : mode;
    super(options);
    checkLayerOptions('RandomFlip', options, ['mode', 'seed', 'dataFormat']);
    const given = options.mode ?? 'horizontal_and_vertical';
    this.mode = given.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    if (!modes.includes(this.mode)) {
      throw new ConfigError(
        `RandomFlip: mode must be horizontal, vertical or horizontalAndVertical, got "${given}".`,
      );
    }
  }

  protected override drawFor(images: Tensor): { flips: Tensor } {
    return { flips: lessEqual(this.uniform([images.shape[0], 1, 1, 1], [0, 1]), 0.5) };
  }

  protected override transform(images: Tensor, drawn: { readonly flips: Tensor }): Tensor {
    return this.flipped(asFloat(images), drawn);
  }

  protected override transformMasks(masks: Tensor, drawn: { readonly flips: Tensor }): Tensor {
    return this.flipped(masks, drawn);
  }

  private flipped(images: Tensor, { flips }: { readonly flips: Tensor }): Tensor {
    const across = this.mode === 'vertical' ? images : reverse(images, 2);
    const flipped = this.mode === 'horizontal' ? across : reverse(across, 1);
    return cast(where(flips, flipped, images), images.dtype);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), mode: this.mode };
  }
}
layers.add('RandomFlip', RandomFlip);

export interface RandomCropOptions extends CropOptions, RandomImageOptions {}

/** Where a crop begins: a scalar int32 of each axis. */
interface Corner {
  readonly top: Tensor | number;
  readonly left: Tensor | number;
}

/**
 * In training cuts a window of the size given out of all images of a batch, at one random place. Images
 * that are not larger than the window are cut in the middle and resized to it. Otherwise images stay as
 * they are, as in Keras: put a CenterCrop or a Resizing beside it.
 */
export class RandomCrop extends RandomImageLayer<Corner> {
  readonly height: number;
  readonly width: number;

  constructor(height: number | RandomCropOptions, width?: number, rest: RandomCropOptions = {}) {
    const { options, size } = cropOptions<RandomCropOptions>(
      'RandomCrop',
      [height, width, rest],
      ['seed'],
    );
    super(options);
    [this.height, this.width] = size;
  }

  protected override drawFor(images: Tensor): Corner {
    const [, rows, columns] = images.shape;
    const { height, width } = this;
    if (rows > height && columns > width) {
      const [top, left] = [rows - height, columns - width].map((room) =>
        cast(this.uniform([], [0, room + 1]), 'int32'),
      );
      return { top, left };
    }
    const kept = (size: number, other: number, ratio: number) =>
      Math.trunc((size - Math.max(Math.min(size, Math.trunc(other * ratio)), 1)) / 2);
    return {
      top: kept(rows, columns, height / width),
      left: kept(columns, rows, width / height),
    };
  }

  protected override transform(images: Tensor, drawn: Corner): Tensor {
    return this.cropped(asFloat(images), drawn, 'bilinear');
  }

  protected override transformMasks(masks: Tensor, drawn: Corner): Tensor {
    return this.cropped(masks, drawn, 'nearest');
  }

  private cropped(images: Tensor, { top, left }: Corner, interpolation: string): Tensor {
    const { height, width } = this;
    const cut = window(window(images, 1, top, height), 2, left, width);
    return resize(cut, [height, width], { interpolation });
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), height: this.height, width: this.width };
  }
}
layers.add('RandomCrop', RandomCrop);

/** `length` places of an axis from `start` on, or as many as there are. */
function window(x: Tensor, axis: number, start: Tensor | number, length: number): Tensor {
  if (typeof start === 'number') {
    return sliceAxis(x, axis, start, Math.min(start + length, x.shape[axis]));
  }
  return gather(x, add(arange(0, length), start), axis);
}
