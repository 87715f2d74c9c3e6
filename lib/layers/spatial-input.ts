// What layers of images and their like say of inputs that do not fit: axes, channels, and sizes. A layer that
// takes `[batch, height, width, channels]` is often given grey images without channels, or channels first.
import { formatShape, type Shape } from '../tensor/shape.js';
import { ShapeError } from '../util/errors.js';
import type { DataFormat } from './data-format.js';
import { type Named, titleOf, within } from './input-spec.js';
import type { SymbolicShape } from './structure.js';

/** A layer with spatial axes beside the batch's and the channels'. */
export interface SpatialLayer extends Named {
  readonly dataFormat: DataFormat;
}

const spatialNames = [['steps'], ['height', 'width'], ['depth', 'height', 'width']];

/** The axis of the channels, of `rank` in all. */
export const channelAxisOf = (dataFormat: DataFormat, rank: number): number =>
  dataFormat === 'channels_last' ? rank - 1 : 1;

/** `[batch, height, width, channels]` */
export function layoutOf(dataFormat: DataFormat, axes: number): string {
  const names = spatialNames[axes - 1];
  const all = dataFormat === 'channels_last' ? [...names, 'channels'] : ['channels', ...names];
  return `[batch, ${all.join(', ')}]`;
}

/** @throws ShapeError for what the layer was given, with what to do about it. */
export function refuseInput(layer: Named, expected: string, got: string, remedy: string): never {
  throw new ShapeError(
    `${titleOf(layer)}: expected ${expected}, got ${got}${within(layer)}. ${remedy}`,
  );
}

/** The sizes of one sample with an axis for one channel: what `Reshape` is told. */
const withChannel = (dataFormat: DataFormat, sizes: SymbolicShape): SymbolicShape =>
  dataFormat === 'channels_last' ? [...sizes, 1] : [1, ...sizes];

/** @throws ShapeError unless there are `axes` spatial axes. */
export function checkAxes(layer: SpatialLayer, axes: number, shape: SymbolicShape): void {
  if (shape.length === axes + 2) return;
  const { dataFormat } = layer;
  const sizes = shape.slice(1);
  const reshape = sizes.includes(null)
    ? ''
    : `new Reshape(${formatShape(withChannel(dataFormat, sizes))}) before the layer or `;
  const expand = `ops.expandDims(x, ${dataFormat === 'channels_last' ? -1 : 1})`;
  const remedy =
    shape.length === axes + 1
      ? `If it has no channels, add an axis for them with ${reshape}${expand}; otherwise take the layer for that many axes.`
      : 'Reshape the data, or take the layer for that many axes.';
  refuseInput(layer, `input ${layoutOf(dataFormat, axes)}`, formatShape(shape), remedy);
}

/** `1 channel` */
export const countChannels = (n: number): string => (n === 1 ? '1 channel' : `${n} channels`);

/** Where the axes of channels that are in the other place belong: what `Permute` or `transpose` is told. */
export function rearranged(dataFormat: DataFormat, rank: number, batch: boolean): string {
  const spatial = Array.from(
    { length: rank - 2 },
    (_, i) => i + (dataFormat === 'channels_last' ? 2 : 1),
  );
  const rest = dataFormat === 'channels_last' ? [...spatial, 1] : [rank - 1, ...spatial];
  return formatShape(batch ? [0, ...rest] : rest);
}

/** How users write the other data format. */
export const otherFormat = (dataFormat: DataFormat): string =>
  dataFormat === 'channels_last' ? 'channelsFirst' : 'channelsLast';

/** @throws ShapeError for another number of channels than `expected`, in an input of the right rank. */
export function checkChannels(layer: SpatialLayer, shape: Shape, expected: number): void {
  const { dataFormat } = layer;
  const rank = shape.length;
  const axis = channelAxisOf(dataFormat, rank);
  if (shape[axis] === expected) return;
  const elsewhere = shape[axis === 1 ? rank - 1 : 1] === expected;
  refuseInput(
    layer,
    `input ${layoutOf(dataFormat, rank - 2)} of ${countChannels(expected)}`,
    `${formatShape(shape)}, which has ${countChannels(shape[axis])}`,
    elsewhere
      ? `It fits dataFormat: '${otherFormat(dataFormat)}': make the layer with that, or put new Permute(${rearranged(dataFormat, rank, false)}) before it.`
      : 'Check whether images are grey or in colour, and the layer before this one.',
  );
}

/** Windows that move over an input: a kernel's, or those of pooling. */
export interface Windows {
  /** `a kernel of [5, 5]` */
  readonly name: string;
  /** What each spans, with dilation. */
  readonly spans: readonly number[];
  /** What can be made smaller: `a smaller kernel`. */
  readonly smaller: string;
}

/** @throws ShapeError for an input that is smaller than what one window spans. */
export function checkFits(layer: SpatialLayer, shape: SymbolicShape, windows: Windows): void {
  const { dataFormat } = layer;
  const first = dataFormat === 'channels_last' ? 1 : 2;
  const at = windows.spans.findIndex((span, i) => {
    const length = shape[first + i];
    return typeof length === 'number' && length < span;
  });
  if (at < 0) return;
  const axes = windows.spans.length;
  const larger = axes === 1 ? 'more steps' : axes === 2 ? 'larger images' : 'larger volumes';
  refuseInput(
    layer,
    `input ${layoutOf(dataFormat, axes)} of at least ${windows.spans[at]} along axis ${first + at} for ${windows.name}`,
    formatShape(shape),
    `Use ${larger}, ${windows.smaller}, less pooling before it, or padding: 'same'.`,
  );
}
