// Why a model says what it says: how much each part of the input counts for the score of a class, by
// gradients. Scores are those before a final softmax or sigmoid.
import { compile, grad } from '../graph/compile.js';
import type { AnyLayer } from '../layers/layer.js';
import { logitsBehind } from '../losses/crossentropy.js';
import type { AnyModel } from '../models/model.js';
import { asFloat } from '../ops/convert.js';
import { add, divide, maximum, multiply, relu, subtract } from '../ops/elementwise.js';
import { resize } from '../ops/image-resize.js';
import { broadcastTo, expandDims, oneHot } from '../ops/movement.js';
import { argmax, max, mean, sum } from '../ops/reduce.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, type TensorLike, tensor } from '../tensor/tensor.js';
import { ConfigError, DataError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { applied, checkCall, featuresOf, layerOf, whileTapped } from './tap.js';

/** Whose score is explained. */
export interface ClassOptions {
  /** A class for all samples, or one for each. Default: the one that the model finds most probable. */
  readonly classIndex?: number | readonly number[];
}

/** Scores `[batch, classes]` before the final softmax or sigmoid. */
function scoresOf(where: string, model: AnyModel, x: Tensor): Tensor {
  const output = applied(where, model, x);
  const scores = logitsBehind(output, 'softmax') ?? logitsBehind(output, 'sigmoid') ?? output;
  if (scores.rank === 2) return scores;
  throw new ShapeError(
    `${where}: expected a model that puts out [batch, classes], got ${formatShape(scores.shape)}.`,
  );
}

/** The sum over the batch of each sample's score for its class: its gradient is that of each sample. */
const total = (scores: Tensor, chosen: Tensor): Tensor => sum(multiply(scores, chosen));

/** One-hot rows `[batch, classes]` of the classes to explain. */
function chosenClasses(where: string, scores: Tensor, { classIndex }: ClassOptions): Tensor {
  const [batch, classes] = scores.shape;
  if (classIndex === undefined) return oneHot(argmax(scores, 1), classes);
  const indices = typeof classIndex === 'number' ? Array(batch).fill(classIndex) : [...classIndex];
  const wrong = indices.find((i) => !Number.isInteger(i) || i < 0 || i >= classes);
  if (wrong !== undefined || indices.length !== batch) {
    throw new DataError(
      `${where}: expected classIndex from 0 to ${classes - 1}, one or ${batch}, got ${wrong ?? `${indices.length} of them`}.`,
    );
  }
  return oneHot(tensor(indices, { dtype: 'int32' }), classes);
}

export interface SaliencyOptions extends ClassOptions {
  /** Whether gradients are multiplied with the input. Default true. */
  readonly timesInput?: boolean;
}

/**
 * How much each element of the input counts for the score of a class: gradient × input (Shrikumar et
 * al. 2016, https://arxiv.org/abs/1605.01713), or the gradient alone.
 *
 * @param x samples `[batch, …]`, float32 or converted to it
 * @returns as x; the sum of a row of gradient × input is the score, for a network of rectifiers without
 * biases
 * @example const s = explain.saliency(model, images, { classIndex: 3 });
 */
export function saliency(model: AnyModel, x: TensorLike, options: SaliencyOptions = {}): Tensor {
  const where = 'saliency';
  checkOptions(where, options, ['classIndex', 'timesInput']);
  const samples = asFloat(x);
  checkCall(where, model, samples);
  return compile((input: Tensor) => {
    const chosen = chosenClasses(where, scoresOf(where, model, input), options);
    const gradient = grad((t: Tensor) => total(scoresOf(where, model, t), chosen))(input);
    return (options.timesInput ?? true) ? multiply(gradient, input) : gradient;
  })(samples);
}

export interface IntegratedGradientsOptions extends ClassOptions {
  /** Points of the straight path from the baseline at which gradients are taken. Default 50. */
  readonly steps?: number;
  /** What counts as no input: a number or a tensor that broadcasts beside x. Default 0. */
  readonly baseline?: TensorLike;
}

/**
 * Integrated gradients (Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365): gradients along the
 * straight path from a baseline to the input, times their difference. A sample's attributions add up to
 * the difference of the scores at both ends, the closer the more steps.
 *
 * @param x samples `[batch, …]`, float32 or converted to it
 * @returns as x
 */
export function integratedGradients(
  model: AnyModel,
  x: TensorLike,
  options: IntegratedGradientsOptions = {},
): Tensor {
  const where = 'integratedGradients';
  checkOptions(where, options, ['classIndex', 'steps', 'baseline']);
  const { steps = 50, baseline = 0 } = options;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new ConfigError(`${where}: expected steps of at least 1, got ${steps}.`);
  }
  const samples = asFloat(x);
  checkCall(where, model, samples);
  const chosen = compile((input: Tensor) =>
    chosenClasses(where, scoresOf(where, model, input), options),
  )(samples);
  const from = broadcastTo(asFloat(baseline), samples.shape);
  const along = compile((sums: Tensor, begin: Tensor, end: Tensor, share: Tensor, y: Tensor) => {
    const point = add(begin, multiply(subtract(end, begin), share));
    return add(sums, grad((t: Tensor) => total(scoresOf(where, model, t), y))(point));
  });
  let sums = broadcastTo(0, samples.shape);
  for (let i = 0; i < steps; i++) {
    sums = along(sums, from, samples, tensor((i + 0.5) / steps), chosen);
  }
  return multiply(divide(sums, steps), subtract(samples, from));
}

export interface GradCamOptions extends ClassOptions {
  /** Layer whose feature maps are weighed, `[batch, height, width, channels]`. Default: the last such. */
  readonly layer?: string | number | AnyLayer;
  /** Whether maps are enlarged to the height and width of x, bilinearly. Default true. */
  readonly resize?: boolean;
}

/** The last layer of the model that puts out images. */
function lastOfImages(where: string, model: AnyModel): AnyLayer {
  const found = model.layers.findLast(({ nodes }) => {
    const [output] = [nodes.at(-1)?.output].flat();
    return output !== undefined && 'shape' in output && (output.shape as unknown[]).length === 4;
  });
  if (found) return found;
  throw new ConfigError(
    `${where}: "${model.name}" has no layer that puts out [batch, height, width, channels]; say which layer.`,
  );
}

/**
 * Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391): where in the image the evidence for
 * a class is. Feature maps weighed with the mean gradient of the score, what speaks against it left out.
 *
 * @param x images `[batch, height, width, channels]`
 * @returns `[batch, height, width]`, each map from 0 to 1
 * @example const maps = explain.gradCam(model, images, { layer: 'conv2d_1' });
 */
export function gradCam(model: AnyModel, x: TensorLike, options: GradCamOptions = {}): Tensor {
  const where = 'gradCam';
  checkOptions(where, options, ['classIndex', 'layer', 'resize']);
  const samples = asFloat(x);
  checkCall(where, model, samples);
  const layer =
    options.layer === undefined ? lastOfImages(where, model) : layerOf(where, model, options.layer);
  return compile((input: Tensor) => {
    const chosen = chosenClasses(where, scoresOf(where, model, input), options);
    const maps = featuresOf(where, model, layer, input);
    if (maps.rank !== 4) {
      throw new ShapeError(
        `${where}: expected layer "${layer.name}" to put out [batch, height, width, channels], got ${formatShape(maps.shape)}.`,
      );
    }
    const gradient = grad((t: Tensor) =>
      whileTapped(
        layer,
        () => t,
        () => total(scoresOf(where, model, input), chosen),
      ),
    )(maps);
    const weights = mean(gradient, [1, 2], { keepDims: true });
    const map = relu(sum(multiply(maps, weights), -1));
    const largest = maximum(max(map, [1, 2], { keepDims: true }), 1e-12);
    const scaled = divide(map, largest);
    if (!(options.resize ?? true) || samples.rank !== 4) return scaled;
    const [, height, width] = samples.shape;
    return sum(resize(expandDims(scaled, -1), [height, width]), -1);
  })(samples);
}
