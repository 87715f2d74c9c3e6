// Passes over image files: decoded and resized by workers, some images ahead of what is read.
import { viewOf } from '../tensor/dtype.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { fromData, type Tensor } from '../tensor/tensor.js';
import { DataError, FormatError } from '../util/errors.js';
import { Dataset } from './dataset.js';
import type { LabelledFiles } from './image-files.js';
import { type BatchInMemory, BatchMemory, ImageMemory, StagedImages } from './image-memory.js';
import type { CheckedOptions } from './image-options.js';
import { imagesUnderWay, load, NoSharpError } from './image-worker.js';
import { handOver, lend } from './lent.js';
import { generatorOf } from './mersenne.js';
import { groups } from './passes.js';

class FailedImage {
  constructor(
    readonly path: string,
    readonly error: unknown,
  ) {}
}

/** What to do about a file that is no image; of one that cannot be opened, the system says enough. */
const withRemedy = (error: Error): Error =>
  error instanceof FormatError
    ? new FormatError(
        `${error.message} Replace or remove it, or give onError: 'skip' to leave such images out.`,
        { cause: error },
      )
    : error;

/** Which images cannot be read, and what becomes of them. */
class Unreadable {
  readonly left = new Map<string, Error>();

  constructor(
    private readonly where: string,
    private readonly onError: CheckedOptions['onError'],
  ) {}

  /** Leaves the image out, or throws. */
  async settle({ path, error }: FailedImage): Promise<void> {
    const { onError } = this;
    if (!(error instanceof Error) || error instanceof NoSharpError) throw error;
    if (onError === 'throw') throw withRemedy(error);
    const answer = onError === 'skip' ? 'skip' : await onError(path, error);
    if (answer === 'throw') throw error;
    this.left.set(path, error);
  }

  /** Says what was left out of a pass over `all` files, if that is news. */
  report(all: number, before: number): void {
    const count = this.left.size;
    if (count === 0) return;
    const [first] = this.left.values();
    if (count === all) {
      throw new DataError(
        `${this.where}: none of the ${all} images can be read. The first: ${first.message}`,
        { cause: first },
      );
    }
    if (count === before || this.onError !== 'skip') return;
    process.emitWarning(
      `${this.where}: left out ${count} of ${all} images that cannot be read. The first: ${first.message}`,
      'NeuroneWarning',
    );
  }
}

/** Labels as a tensor `[...axis, …]`, by label mode. */
function labelTensor(
  labels: readonly number[],
  axis: readonly number[],
  { labelMode, classes }: { labelMode: CheckedOptions['labelMode']; classes: number },
): Tensor {
  if (labelMode === 'int') return fromData(Int32Array.from(labels), axis, 'int32');
  if (labelMode === 'binary') return fromData(Float32Array.from(labels), [...axis, 1], 'float32');
  const oneHot = new Float32Array(labels.length * classes);
  for (const [i, label] of labels.entries()) oneHot[i * classes + label] = 1;
  return fromData(oneHot, [...axis, classes], 'float32');
}

/** Images, and labels if there are any. */
export type Sample = Tensor | [Tensor, Tensor];

const batchesAhead = 2;

/** The images of some files, to be read in passes. */
export class ImageStream {
  private readonly unreadable: Unreadable;
  private readonly shape: Shape;
  private readonly dtype: 'uint8' | 'float32';
  private passes = 0;

  /** @param seed another order in each pass, which follows from it; undefined: as the files are */
  constructor(
    private readonly files: LabelledFiles,
    private readonly options: CheckedOptions,
    where: string,
    private readonly seed: number | undefined,
  ) {
    const { size, channels, channelsFirst, interpolation, onError } = options;
    this.unreadable = new Unreadable(where, onError);
    this.shape = channelsFirst ? [channels, ...size] : [...size, channels];
    this.dtype = interpolation === 'nearest' ? 'uint8' : 'float32';
  }

  /** Images that could not be read. */
  get left(): ReadonlyMap<string, Error> {
    return this.unreadable.left;
  }

  private async *numbers(): AsyncGenerator<number> {
    const { seed, unreadable } = this;
    const { paths } = this.files;
    const order =
      seed === undefined ? undefined : await generatorOf(seed, this.passes++).order(paths.length);
    for (let i = 0; i < paths.length; i++) {
      const file = order ? order[i] : i;
      if (!unreadable.left.has(paths[file])) yield file;
    }
  }

  /** What `read` gives for each file that can be read. */
  private async *pass<T>(read: (file: number) => Promise<T>): AsyncGenerator<T> {
    const { unreadable } = this;
    const { paths } = this.files;
    const before = unreadable.left.size;
    // An image that fails is settled in its turn: whoever is asked hears of them in the order of the pass.
    const readOrFail = async (file: number): Promise<T | FailedImage> => {
      try {
        return await read(file);
      } catch (error) {
        return new FailedImage(paths[file], error);
      }
    };
    const files = new Dataset(() => this.numbers());
    for await (const element of files.map(readOrFail, { parallel: imagesUnderWay })) {
      if (element instanceof FailedImage) await unreadable.settle(element);
      else yield element;
    }
    unreadable.report(paths.length, before);
  }

  private request(file: number) {
    const { channels, size, interpolation, fit, channelsFirst } = this.options;
    const path = this.files.paths[file];
    const like = 'tensorflow';
    return { path, channels, size, interpolation, fit, channelsFirst, like } as const;
  }

  /** Tensors of files, whose images lie in `memory`. */
  private sample(
    { memory, takeBack }: BatchInMemory,
    files: readonly number[],
    axis: readonly number[],
  ): Sample {
    const shape = [...axis, ...this.shape];
    const images = fromData(viewOf(this.dtype, memory, 0, sizeOf(shape)), shape, this.dtype);
    if (takeBack) lend(images, takeBack);
    const { labels, classNames = [] } = this.files;
    if (!labels) return images;
    const { labelMode } = this.options;
    const given = files.map((file) => labels[file]);
    return [images, labelTensor(given, axis, { labelMode, classes: classNames.length })];
  }

  /** Images one by one. */
  samples(): Dataset<Sample> {
    const read = async (file: number): Promise<Sample> => {
      const { data } = await load(this.request(file));
      return this.sample({ memory: data.buffer, takeBack: undefined }, [file], []);
    };
    return new Dataset(() => this.pass(read), this.count(1)).prefetch(imagesUnderWay);
  }

  /** Batches of `size`; the last one may have fewer. */
  batches(size: number): Dataset<Sample> {
    const bytes = sizeOf(this.shape) * (this.dtype === 'uint8' ? 1 : 4);
    const imageMemory = new ImageMemory(bytes);
    const batchMemory = new BatchMemory(bytes * size);
    const open = async function* (this: ImageStream): AsyncGenerator<Sample> {
      const staged = new StagedImages(imageMemory);
      const read = async (file: number) => ({
        file,
        image: await staged.load(this.request(file)),
      });
      // Ahead by images too: the workers go on while a batch is put together.
      const loaded = new Dataset(() => this.pass(read)).prefetch(imagesUnderWay);
      try {
        for await (const group of groups(loaded, size)) {
          const images = group.map(({ image }) => image);
          const batch = await batchMemory.batchOf(images);
          staged.done(images);
          const files = group.map(({ file }) => file);
          yield this.sample(batch, files, [files.length]);
        }
      } finally {
        staged.end();
      }
    };
    return handOver(new Dataset(() => open.call(this), this.count(size))).prefetch(batchesAhead);
  }

  /** Elements of a pass, if none may be left out. */
  private count(size: number): number | undefined {
    const { onError } = this.options;
    return onError === 'throw' ? Math.ceil(this.files.paths.length / size) : undefined;
  }
}
