// Arguments of constructors by position: none is ever lost in silence.
import { describe, expect, it } from 'vitest';
import * as layers from '../../lib/layers/index.js';
import { Layer } from '../../lib/layers/layer.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import * as optimizers from '../../lib/optimizers/index.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError } from '../../lib/util/errors.js';

/** What TypeScript would not let through. */
const wrong = (value: unknown): never => value as never;

describe('main arguments', () => {
  it.each<[string, { getConfig(): Record<string, unknown> }, Record<string, unknown>]>([
    [
      'BatchNormalization',
      new layers.BatchNormalization(1, { momentum: 0.9 }),
      { axis: 1, momentum: 0.9 },
    ],
    ['LayerNormalization', new layers.LayerNormalization([1, 2]), { axis: [1, 2] }],
    ['RMSNormalization', new layers.RMSNormalization(1), { axis: 1 }],
    ['UnitNormalization', new layers.UnitNormalization(1), { axis: 1 }],
    ['Huber', new losses.Huber(2, { reduction: 'sum' }), { delta: 2, reduction: 'sum' }],
    ['TopK', new metrics.TopKCategoricalAccuracy(3, { name: 'top' }), { k: 3, name: 'top' }],
    ['SparseTopK', new metrics.SparseTopKCategoricalAccuracy(3), { k: 3 }],
    ['MeanIoU', new metrics.MeanIoU(3, { ignoreClass: 0 }), { num_classes: 3, ignore_class: 0 }],
    [
      'IoU',
      new metrics.IoU(3, [1], { axis: 1 }),
      { num_classes: 3, target_class_ids: [1], axis: 1 },
    ],
    ['IoU, one', new metrics.IoU(3, { targetClassIds: [2] }), { target_class_ids: [2] }],
    ['OneHotIoU', new metrics.OneHotIoU(3, [1]), { num_classes: 3, target_class_ids: [1] }],
    ['OneHotMeanIoU', new metrics.OneHotMeanIoU(3), { num_classes: 3 }],
    [
      'at specificity',
      new metrics.SensitivityAtSpecificity(0.4, { numThresholds: 3 }),
      { specificity: 0.4, num_thresholds: 3 },
    ],
    ['at recall', new metrics.PrecisionAtRecall(0.4), { recall: 0.4 }],
  ])('%s', (_, made, expected) => {
    expect(made.getConfig()).toMatchObject(expected);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'Dense',
      () => new layers.Dense(3, wrong('relu')),
      /Dense: after the main arguments .*got "relu"/,
    ],
    [
      'Dense of nothing',
      () => new layers.Dense(wrong(undefined)),
      /Dense: expected units, got undefined/,
    ],
    ['Dense of a string', () => new layers.Dense(wrong('64')), /Dense: .*\{ units: … \}, got "64"/],
    ['Flatten of null', () => new layers.Flatten(wrong(null)), /Flatten: expected .*, got null/],
    ['Dropout', () => new layers.Dropout(0.5, wrong(3)), /Dropout: .*got 3/],
    ['Embedding', () => new layers.Embedding(3, 4, wrong(5)), /Embedding: .*got 5/],
    ['ZeroPadding2D', () => new layers.ZeroPadding2D(2, wrong(1)), /ZeroPadding2D: .*got 1/],
    ['Resizing', () => new layers.Resizing(2, 3, wrong('nearest')), /Resizing: .*got "nearest"/],
    ['SGD', () => new optimizers.SGD(0.1, wrong(0.9)), /SGD: .*got 0\.9/],
    ['Adam of a string', () => new optimizers.Adam(wrong('0.1')), /Adam: .*got "0\.1"/],
    ['Huber', () => new losses.Huber(2, wrong('sum')), /Huber: .*got "sum"/],
    [
      'BinaryCrossentropy',
      () => new losses.BinaryCrossentropy(wrong(true)),
      /fromLogits: … \}, got true/,
    ],
    ['AUC', () => new metrics.AUC(wrong(100)), /AUC: .*numThresholds: … \}, got 100/],
    ['MeanIoU', () => new metrics.MeanIoU(3, wrong(2)), /MeanIoU: .*got 2/],
  ])('%s refuses others', (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it('null and undefined options are none', () => {
    expect(new layers.Dense(3, wrong(null)).units).toBe(3);
    expect(new optimizers.Adam(0.1, wrong(null)).getConfig().beta_1).toBe(0.9);
    expect(new losses.MeanSquaredError(wrong(null)).reduction).toBe('sum_over_batch_size');
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'an activation',
      () => new layers.Dense(3, { name: 'out', activation: 'rellu' }),
      /^Dense "out": activation: unknown activation "rellu"\. Did you mean "relu"/,
    ],
    [
      'an initializer',
      () => new layers.Dense(3, { kernelInitializer: 'he_norml' }),
      /^Dense "dense.*": kernelInitializer: .*"HeNormal"/,
    ],
    [
      'a regularizer',
      () => new layers.Conv2D(1, 2, { biasRegularizer: 'l3' }),
      /^Conv2D "conv2d.*": biasRegularizer: /,
    ],
    [
      'a constraint',
      () => new layers.Embedding(1, 2, { embeddingsConstraint: 'nonn' }),
      /^Embedding .*: embeddingsConstraint: /,
    ],
    [
      'an activity regularizer',
      () => new layers.Flatten({ activityRegularizer: 'l3' }),
      /^Flatten .*: activityRegularizer: /,
    ],
  ])('an unknown name of %s says where it was', (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it('of addWeight are checked', () => {
    class Scale extends Layer {
      constructor(private readonly given: object) {
        super({ name: 'scale' });
      }
      override build(): void {
        this.addWeight({ shape: [1], ...this.given });
      }
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    const made = (given: object) => () => new Scale(given).apply(tensor([[1]]));
    expect(made({ initialiser: 'ones' })).toThrow(/"scale": addWeight: .*mean "initializer"/);
    expect(made({ initializer: 'onez', name: 'w' })).toThrow(
      /"scale": initializer of "w": unknown/,
    );
    expect(made({ initializer: 'ones', name: 'w' })).not.toThrow();
  });
});
