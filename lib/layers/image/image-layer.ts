// The base of layers that treat images as data: Resizing, crops, and all augmentation. They take images
// alone, or a record of images with what belongs to them.
import { asFloat } from '../../ops/convert.js';
import { reshape } from '../../ops/movement.js';
import { type ChannelOrder, toChannelsFirst, toChannelsLast } from '../../ops/windows.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { DataError, ShapeError } from '../../util/errors.js';
import { type DataFormat, dataFormatOf } from '../data-format.js';
import { titleOf } from '../input-spec.js';
import { type CallOptions, Layer, type LayerOptions } from '../layer.js';
import { isList, type Structure } from '../structure.js';
import { unmasked } from '../view.js';

export interface ImageLayerOptions extends LayerOptions {
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null;
}

/** Images with what belongs to them. Other names pass through. */
export interface ImageRecord {
  /** `[batch, rows, columns, channels]`, or one image. */
  readonly images: Tensor;
  /** One row for each image. */
  readonly labels?: Tensor;
  /** Of the images' size, `[batch, rows, columns, channels]`; moved with them, without interpolation. */
  readonly segmentationMasks?: Tensor;
  readonly [name: string]: Tensor | undefined;
}

const maskNames: readonly string[] = ['segmentationMasks', 'segmentation_masks'];
const boxNames: readonly string[] = ['boundingBoxes', 'bounding_boxes'];

/** A record whose images were found. */
type Batch = { readonly [name: string]: Tensor } & { readonly images: Tensor };

const single = (y: Tensor): Tensor => reshape(y, y.shape.slice(1));
const batched = (x: Tensor): Tensor => reshape(x, [1, ...x.shape]);

/**
 * A layer of images. `Drawn` is what a call decides once, for images and what belongs to them alike.
 * Subclasses see batches with channels last.
 */
export abstract class ImageLayer<Drawn> extends Layer<Structure, Structure> {
  readonly dataFormat: DataFormat;

  constructor(options: ImageLayerOptions) {
    super(options);
    this.dataFormat = dataFormatOf(new.target.name, options.dataFormat);
  }

  /** What is done to images of this shape; undefined: nothing but what `unchanged` does. */
  protected abstract draw(images: Tensor, training: boolean): Drawn | undefined;

  /** The images, `[batch, rows, columns, channels]`. */
  protected abstract transform(images: Tensor, drawn: Drawn): Tensor;

  /** Labels beside transformed images. */
  protected transformLabels(labels: Tensor, _drawn: Drawn): Tensor {
    return labels;
  }

  /** Masks beside transformed images: they go where the images go, and keep their dtype. */
  protected transformMasks(masks: Tensor, _drawn: Drawn): Tensor {
    return masks;
  }

  /** Images to which nothing is done: float32, as all that are transformed. */
  protected unchanged(images: Tensor): Tensor {
    return asFloat(images);
  }

  override apply(x: Tensor, options?: CallOptions): Tensor;
  override apply<R extends ImageRecord>(x: R, options?: CallOptions): R;
  override apply(x: Structure, options?: CallOptions): Structure;
  override apply(x: Structure, options?: CallOptions): Structure {
    return super.apply(x, options);
  }

  override call(x: Structure, { training = false }: CallOptions): Structure {
    const record = this.recordOf(x);
    const { images } = record;
    const one = images.rank === 3;
    const batch = one ? batched(images) : images;
    const drawn = this.draw(this.channelsLast(batch), training);
    if (drawn === undefined) {
      const as = this.unchanged(images);
      return x instanceof Tensor ? as : { ...record, images: as };
    }
    const inBatch = (t: Tensor, fn: (t: Tensor) => Tensor) =>
      one ? single(fn(batched(t))) : fn(t);
    const ofImages = (t: Tensor, fn: (t: Tensor) => Tensor) =>
      inBatch(t, (b) => this.fromChannelsLast(fn(this.channelsLast(b))));
    const moved = unmasked(
      images,
      ofImages(images, (t) => this.transform(t, drawn)),
    );
    if (x instanceof Tensor) return moved;
    const out: Record<string, Tensor> = { ...record, images: moved };
    for (const [name, t] of Object.entries(record)) {
      if (name === 'labels') out[name] = inBatch(t, (b) => this.transformLabels(b, drawn));
      if (maskNames.includes(name)) out[name] = ofImages(t, (b) => this.transformMasks(b, drawn));
    }
    return out;
  }

  private channelsLast(x: Tensor): Tensor {
    return this.dataFormat === 'channels_first' ? toChannelsLast(x) : x;
  }

  private fromChannelsLast(x: Tensor): Tensor {
    return this.dataFormat === 'channels_first' ? toChannelsFirst(x) : x;
  }

  /** What was given, as a record of checked images. */
  private recordOf(x: Structure): Batch {
    const record: Readonly<Record<string, Tensor>> =
      x instanceof Tensor ? { images: x } : isList(x) ? {} : x;
    const { images } = record;
    const names = Object.keys(record);
    if (!images) {
      throw new DataError(
        `${titleOf(this)}: expected images, or a record { images, labels, segmentationMasks }, got ${isList(x) ? 'a list' : `{ ${names.join(', ')} }`}.`,
      );
    }
    const boxes = names.find((name) => boxNames.includes(name));
    if (boxes) {
      throw new DataError(
        `${titleOf(this)}: ${boxes} are not supported. Leave them out, or give segmentationMasks.`,
      );
    }
    if (images.rank !== 4 && images.rank !== 3) {
      throw new ShapeError(
        `${titleOf(this)}: expected images with 4 axes (the batch's included), or one image with 3, got ${formatShape(images.shape)}.`,
      );
    }
    return { ...record, images };
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), data_format: this.dataFormat };
  }
}
