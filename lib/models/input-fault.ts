// Whether data fits an input of a model, and what is wrong with it where it doesn't. Where the input comes to
// a layer that has channels, messages speak of those.
import type { DataFormat } from '../layers/data-format.js';
import type { AnyLayer } from '../layers/layer.js';
import {
  channelAxisOf,
  countChannels,
  layoutOf,
  otherFormat,
  rearranged,
} from '../layers/spatial-input.js';
import { type SymbolicShape, tensorsOf } from '../layers/structure.js';
import type { LayerNode, SymbolicTensor } from '../layers/symbolic.js';
import { cast } from '../ops/elementwise.js';
import { expandDims, squeeze } from '../ops/movement.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

const fitsSize = (size: number | null, wanted: number | null): boolean =>
  wanted === null || size === null || size === wanted;

const fitsShape = (shape: SymbolicShape, wanted: SymbolicShape): boolean =>
  shape.length === wanted.length && shape.every((d, i) => fitsSize(d, wanted[i]));

/** `t` with an axis of size 1 at its end added or taken away, as the input says; undefined if it doesn't fit. */
export function fitted(t: Tensor, symbol: SymbolicTensor): Tensor | undefined {
  let out = t;
  if (t.rank === symbol.rank + 1 && t.shape.at(-1) === 1) out = squeeze(t, -1);
  if (t.rank === symbol.rank - 1 && symbol.shape.at(-1) === 1) out = expandDims(t, -1);
  out = cast(out, symbol.dtype);
  return fitsShape(out.shape, symbol.shape) ? out : undefined;
}

const formatOf = (layer: AnyLayer): DataFormat | undefined => {
  const format: unknown = 'dataFormat' in layer ? layer.dataFormat : undefined;
  return format === 'channels_last' || format === 'channels_first' ? format : undefined;
};

/** The data format of the first layer with one that the input reaches with its axes still there. */
function formatFor(nodes: readonly LayerNode[], symbol: SymbolicTensor): DataFormat | undefined {
  const reached = new Set<Tensor>([symbol]);
  for (const { layer, input, output } of nodes) {
    if (!input || !tensorsOf(input).some((t) => reached.has(t))) continue;
    const format = formatOf(layer);
    if (format) return format;
    for (const t of tensorsOf(output)) if (t.rank === symbol.rank) reached.add(t);
  }
  return undefined;
}

const checkShape = "Check the data's shape, or the model's input shape.";

/** What is wrong with the channels of `shape`, if it is these. */
function channelFault(
  format: DataFormat,
  wanted: SymbolicShape,
  shape: SymbolicShape,
): { readonly fault: string; readonly remedy: string } | undefined {
  const rank = wanted.length;
  const axis = channelAxisOf(format, rank);
  const expected = wanted[axis];
  if (expected === null) return undefined;
  const without = wanted.filter((_, i) => i !== axis);
  if (fitsShape(shape, without)) {
    const load =
      expected === 1
        ? `ops.expandDims(x, ${axis === 1 ? 1 : -1})`
        : `data of ${countChannels(expected)}`;
    return {
      fault: ', which has no channels',
      remedy: `Give it ${load}, or change the model's input shape.`,
    };
  }
  const given = shape.length === rank ? shape[axis] : undefined;
  if (given === undefined || given === null || given === expected) return undefined;
  const place = axis === 1 ? rank - 1 : 1;
  const moved = shape.filter((_, i) => i !== place);
  moved.splice(axis, 0, shape[place]);
  if (fitsShape(moved, wanted)) {
    return {
      fault: '',
      remedy: `It fits ${layoutOf(format === 'channels_last' ? 'channels_first' : 'channels_last', rank - 2)}: give it ops.transpose(x, ${rearranged(format, rank, true)}), or make the model's layers with dataFormat: '${otherFormat(format)}'.`,
    };
  }
  if (
    !fitsShape(
      shape.filter((_, i) => i !== axis),
      without,
    )
  )
    return undefined;
  return {
    fault: `, which has ${countChannels(given)}, not ${expected}`,
    remedy: `Give it data of ${countChannels(expected)}, or change the model's input shape.`,
  };
}

/** `[null, 28, 28, 3], got [null, 28, 28, 1], …`: an input that data of `shape` doesn't fit, and what to do. */
export function inputFault(
  nodes: readonly LayerNode[],
  symbol: SymbolicTensor,
  shape: SymbolicShape,
): string {
  const format = symbol.rank >= 3 && symbol.rank <= 5 ? formatFor(nodes, symbol) : undefined;
  const channels = format && channelFault(format, symbol.shape, shape);
  const { fault = '', remedy = checkShape } = channels ?? {};
  return `${formatShape(symbol.shape)}, got ${formatShape(shape)}${fault}. ${remedy}`;
}
