// Intersection over union of classes, from a confusion matrix that is accumulated over the epoch.
import type { Variable } from '../graph/variable.js';
import { epsilon } from '../losses/arithmetic.js';
import { checkNumber, checkWhole } from '../losses/options.js';
import { expandTo } from '../losses/shapes.js';
import { cast } from '../ops/convert.js';
import {
  add,
  divide,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  multiply,
  notEqual,
  subtract,
  where,
} from '../ops/elementwise.js';
import { broadcastTo, gather, oneHot, reshape } from '../ops/movement.js';
import { argmax, sum } from '../ops/reduce.js';
import { segmentSum } from '../ops/segment.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { mainOptions } from '../util/options.js';
import { checkOptions } from '../util/suggest.js';
import { Metric, type MetricOptions, metricOptionNames, metrics } from './metric.js';

export interface IoUOptions extends MetricOptions {
  /** How many classes there are; labels outside of 0 … numClasses − 1 do not count. */
  readonly numClasses: number;
  /** The classes to mean over. */
  readonly targetClassIds: readonly number[];
  /** A label that does not count. Default null: none. */
  readonly ignoreClass?: number | null;
  /** Whether targets are labels, not one-hot. Default true. */
  readonly sparseYTrue?: boolean;
  /** Whether predictions are labels, not scores of classes. Default true. */
  readonly sparseYPred?: boolean;
  /** The axis of the classes of what is not labels. Default −1. */
  readonly axis?: number;
}

/** Keras counts in whole numbers unless told otherwise: then weights are cut to whole numbers too. */
const countsWhole = (dtype: unknown): boolean => !/float/.test(String(dtype ?? 'int64'));

const optionNames = [
  'numClasses',
  'targetClassIds',
  'ignoreClass',
  'sparseYTrue',
  'sparseYPred',
  'axis',
  ...metricOptionNames,
];

/**
 * TP / (TP + FP + FN), meaned over the target classes that occur. With `dtype: 'float32'` weights count
 * with their fractions; by default they are cut to whole numbers, as in Keras.
 */
export class IoU extends Metric {
  protected readonly shared: Readonly<Record<string, unknown>>;
  protected readonly targetClassIds: readonly number[];
  private readonly options: Required<Omit<IoUOptions, keyof MetricOptions>>;
  private readonly whole: boolean;
  private readonly matrix: Variable;

  /** `new IoU(2, [0, 1])` or `new IoU({ numClasses: 2, targetClassIds: [0, 1] })` */
  constructor(
    numberOfClasses: number | IoUOptions,
    classIds?: readonly number[] | Omit<IoUOptions, 'numClasses'>,
    rest?: Partial<IoUOptions>,
  ) {
    const where = new.target.name;
    const main = ['numClasses', 'targetClassIds'] as const;
    const options = mainOptions<IoUOptions>(where, main, [numberOfClasses, classIds, rest]);
    checkOptions(where, options, optionNames);
    super(options);
    const { numClasses, targetClassIds, ignoreClass = null, axis = -1 } = options;
    const { sparseYTrue = true, sparseYPred = true } = options;
    checkWhole(where, 'numClasses', numClasses, 1);
    if (ignoreClass !== null) checkWhole(where, 'ignoreClass', ignoreClass, -Infinity);
    checkWhole(where, 'axis', axis, -Infinity);
    const wrong = targetClassIds?.find(
      (id) => !(Number.isInteger(id) && id >= 0 && id < numClasses),
    );
    if (wrong !== undefined || !targetClassIds || targetClassIds.length === 0) {
      throw new ConfigError(
        `${where}: targetClassIds must name some of the classes 0 … ${numClasses - 1}, got ${wrong ?? 'none'}.`,
      );
    }
    this.whole = countsWhole(options.dtype);
    this.targetClassIds = [...targetClassIds];
    this.options = { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis };
    this.shared = { ignore_class: ignoreClass, axis, dtype: options.dtype ?? 'int64' };
    this.matrix = this.addVariable({
      shape: [numClasses, numClasses],
      name: 'total_confusion_matrix',
      dtype: this.whole ? 'int32' : 'float32',
    });
  }

  /** Labels of what may be scores of classes. */
  private labels(t: Tensor, sparse: boolean): Tensor {
    return sparse ? cast(t, 'int32') : argmax(t, this.options.axis);
  }

  private weights(sampleWeight: Tensor, values: Tensor): Tensor {
    const w = expandTo(cast(sampleWeight, this.whole ? 'int32' : 'float32'), values.rank);
    const fits = broadcastShapes(w.shape, values.shape);
    if (fits && sameShape(fits, values.shape)) return cast(broadcastTo(w, values.shape), 'float32');
    if (w.size === values.size) return cast(reshape(w, values.shape), 'float32');
    throw new ShapeError(
      `${this.name}: weights ${formatShape(sampleWeight.shape)} do not fit labels ${formatShape(values.shape)}.`,
    );
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const { numClasses, ignoreClass, sparseYTrue, sparseYPred } = this.options;
    const t = this.labels(yTrue, sparseYTrue);
    const p = this.labels(yPred, sparseYPred);
    if (t.size !== p.size) {
      throw new ShapeError(
        `${this.name}: targets ${formatShape(yTrue.shape)} and predictions ${formatShape(yPred.shape)} have ${t.size} and ${p.size} labels.`,
      );
    }
    const n = t.size;
    const flat = [t, p].map((x) => reshape(x, [n]));
    const inside = flat.map((x) => logicalAnd(greaterEqual(x, 0), less(x, numClasses)));
    const known = logicalAnd(inside[0], inside[1]);
    const counts = ignoreClass === null ? known : logicalAnd(known, notEqual(flat[0], ignoreClass));
    const ones = cast(counts, 'float32');
    const weights = sampleWeight
      ? multiply(ones, reshape(this.weights(sampleWeight, t), [n]))
      : ones;
    const cell = where(counts, add(multiply(flat[0], numClasses), flat[1]), 0);
    const sums = segmentSum(weights, cell, numClasses * numClasses);
    this.matrix.assignAdd(
      cast(reshape(sums, [numClasses, numClasses]), this.whole ? 'int32' : 'float32'),
    );
  }

  override result(): Tensor {
    const { numClasses } = this.options;
    const matrix = this.matrix.value;
    const eye = oneHot(tensor(Int32Array.from({ length: numClasses }, (_, i) => i)), numClasses);
    const hits = sum(multiply(matrix, cast(eye, matrix.dtype)), 1);
    const unions = subtract(add(sum(matrix, 0), sum(matrix, 1)), hits);
    const ids = tensor(Int32Array.from(this.targetClassIds));
    const [hit, union] = [hits, unions].map((x) => cast(gather(x, ids), 'float32'));
    const occurs = cast(greater(union, 1e-9), 'float32');
    const ratios = where(occurs, divide(hit, add(union, epsilon)), 0);
    return divide(sum(ratios), add(sum(occurs), epsilon));
  }

  override getConfig(): Record<string, unknown> {
    const { numClasses, sparseYTrue, sparseYPred } = this.options;
    return {
      ...super.getConfig(),
      ...this.shared,
      num_classes: numClasses,
      target_class_ids: this.targetClassIds,
      sparse_y_true: sparseYTrue,
      sparse_y_pred: sparseYPred,
    };
  }
}

/** Options of `BinaryIoU`. */
export interface BinaryIoUOptions extends MetricOptions {
  /** The classes to mean over. Default [0, 1]. */
  readonly targetClassIds?: readonly number[];
  /** From it on a prediction is of class 1. Default 0.5. */
  readonly threshold?: number;
}

/** Intersection over union of two classes, for probabilities. */
export class BinaryIoU extends IoU {
  private readonly threshold: number;
  constructor(options: BinaryIoUOptions = {}) {
    checkOptions('BinaryIoU', options, ['targetClassIds', 'threshold', ...metricOptionNames]);
    const { threshold = 0.5, targetClassIds = [0, 1], ...rest } = options;
    super({ ...rest, numClasses: 2, targetClassIds });
    checkNumber('BinaryIoU', 'threshold', threshold);
    this.threshold = threshold;
  }
  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const positive = greaterEqual(cast(yPred, 'float32'), this.threshold);
    super.updateState(yTrue, positive, sampleWeight);
  }
  override getConfig(): Record<string, unknown> {
    const { name, dtype, target_class_ids } = super.getConfig();
    return { target_class_ids, threshold: this.threshold, name, dtype };
  }
}

/** Options of `MeanIoU`. */
export type MeanIoUOptions = Omit<IoUOptions, 'targetClassIds'>;

const every = (numClasses: number): number[] =>
  Array.from({ length: Math.max(0, numClasses) }, (_, i) => i);

/** Intersection over union, meaned over all classes that occur. */
export class MeanIoU extends IoU {
  /** `new MeanIoU(2)` or `new MeanIoU({ numClasses: 2 })` */
  constructor(numClasses: number | MeanIoUOptions, rest?: Omit<MeanIoUOptions, 'numClasses'>) {
    const options = mainOptions<MeanIoUOptions>(
      new.target.name,
      ['numClasses'],
      [numClasses, rest],
    );
    checkWhole(new.target.name, 'numClasses', options.numClasses, 1);
    super({ ...options, targetClassIds: every(options.numClasses) });
  }
  override getConfig(): Record<string, unknown> {
    const { target_class_ids: _, ...config } = super.getConfig();
    return config;
  }
}

/** Options of `OneHotIoU`: predictions are scores of classes, unless `sparseYPred`. */
export type OneHotIoUOptions = Omit<IoUOptions, 'sparseYTrue'>;

/** Intersection over union for one-hot targets. */
export class OneHotIoU extends IoU {
  /** `new OneHotIoU(2, [0, 1])` or `new OneHotIoU({ numClasses: 2, targetClassIds: [0, 1] })` */
  constructor(
    numClasses: number | OneHotIoUOptions,
    targetClassIds?: readonly number[] | Omit<OneHotIoUOptions, 'numClasses'>,
    rest?: Partial<OneHotIoUOptions>,
  ) {
    const main = ['numClasses', 'targetClassIds'] as const;
    const given = [numClasses, targetClassIds, rest];
    const options = mainOptions<OneHotIoUOptions>('OneHotIoU', main, given);
    checkOptions(
      'OneHotIoU',
      options,
      optionNames.filter((name) => name !== 'sparseYTrue'),
    );
    super({ sparseYPred: false, ...options, sparseYTrue: false });
  }
  override getConfig(): Record<string, unknown> {
    const { sparse_y_true: _, ...config } = super.getConfig();
    return config;
  }
}

/** Options of `OneHotMeanIoU`. */
export type OneHotMeanIoUOptions = Omit<MeanIoUOptions, 'sparseYTrue'>;

/** Intersection over union for one-hot targets, meaned over all classes that occur. */
export class OneHotMeanIoU extends MeanIoU {
  /** `new OneHotMeanIoU(2)` or `new OneHotMeanIoU({ numClasses: 2 })` */
  constructor(
    numClasses: number | OneHotMeanIoUOptions,
    rest?: Omit<OneHotMeanIoUOptions, 'numClasses'>,
  ) {
    const given = [numClasses, rest];
    const options = mainOptions<OneHotMeanIoUOptions>('OneHotMeanIoU', ['numClasses'], given);
    checkOptions(
      'OneHotMeanIoU',
      options,
      optionNames.filter((name) => name !== 'sparseYTrue' && name !== 'targetClassIds'),
    );
    super({ sparseYPred: false, ...options, sparseYTrue: false });
  }
  override getConfig(): Record<string, unknown> {
    const { sparse_y_true: _, ...config } = super.getConfig();
    return config;
  }
}

metrics.add('IoU', IoU);
metrics.add('BinaryIoU', BinaryIoU);
metrics.add('MeanIoU', MeanIoU);
metrics.add('OneHotIoU', OneHotIoU);
metrics.add('OneHotMeanIoU', OneHotMeanIoU);
