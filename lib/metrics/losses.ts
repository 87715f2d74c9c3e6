// Losses as metrics: their mean over all samples.
import {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  checkCrossentropy,
  type SparseCrossentropyOptions,
  sparseCategoricalCrossentropy,
} from '../losses/crossentropy.js';
import { categoricalHinge, hinge, squaredHinge } from '../losses/hinge.js';
import { klDivergence, poisson } from '../losses/likelihood.js';
import {
  type CosineOptions,
  cosine,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from '../losses/regression.js';
import { type MetricOptions, metrics } from './metric.js';
import { FormulaMetric } from './reduction.js';

/** Mean squared error. */
export class MeanSquaredError extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'mean_squared_error', fn: meanSquaredError, defaults: {} }, options);
  }
}

/** Mean absolute error. */
export class MeanAbsoluteError extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'mean_absolute_error', fn: meanAbsoluteError, defaults: {} }, options);
  }
}

/** Mean absolute error in percent of the targets. */
export class MeanAbsolutePercentageError extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    const name = 'mean_absolute_percentage_error';
    super({ name, fn: meanAbsolutePercentageError, defaults: {} }, options);
  }
}

/** Mean squared error of the logarithms of 1 + y. */
export class MeanSquaredLogarithmicError extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    const name = 'mean_squared_logarithmic_error';
    super({ name, fn: meanSquaredLogarithmicError, defaults: {} }, options);
  }
}

/** The cosine of the angle between targets and predictions: unlike the loss, 1 where they agree. */
export class CosineSimilarity extends FormulaMetric<CosineOptions> {
  constructor(options: MetricOptions & CosineOptions = {}) {
    const defaults = { axis: -1 };
    super({ name: 'cosine_similarity', fn: cosine, defaults, unwritten: ['axis'] }, options);
  }
}

/** Mean logarithm of the hyperbolic cosine of the error. */
export class LogCoshError extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'logcosh', fn: logCosh, defaults: {} }, options);
  }
}

/** The hinge loss. */
export class Hinge extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'hinge', fn: hinge, defaults: {} }, options);
  }
}

/** The squared hinge loss. */
export class SquaredHinge extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'squared_hinge', fn: squaredHinge, defaults: {} }, options);
  }
}

/** The hinge loss of one-hot targets. */
export class CategoricalHinge extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'categorical_hinge', fn: categoricalHinge, defaults: {} }, options);
  }
}

/** Kullback–Leibler divergence of two distributions. */
export class KLDivergence extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'kl_divergence', fn: klDivergence, defaults: {} }, options);
  }
}

/** Minus the log-likelihood of counts. */
export class Poisson extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'poisson', fn: poisson, defaults: {} }, options);
  }
}

type BinaryOptions = Pick<CrossentropyOptions, 'fromLogits' | 'labelSmoothing'>;

/** Cross-entropy of yes-or-no targets. */
export class BinaryCrossentropy extends FormulaMetric<BinaryOptions> {
  constructor(options: MetricOptions & BinaryOptions = {}) {
    const defaults = { fromLogits: false, labelSmoothing: 0 };
    super({ name: 'binary_crossentropy', fn: binaryCrossentropy, defaults }, options);
    checkCrossentropy('BinaryCrossentropy', { ...this.options, axis: -1 });
  }
}

/** Cross-entropy of one-hot targets. */
export class CategoricalCrossentropy extends FormulaMetric<CrossentropyOptions> {
  constructor(options: MetricOptions & CrossentropyOptions = {}) {
    const defaults = { fromLogits: false, labelSmoothing: 0, axis: -1 };
    super({ name: 'categorical_crossentropy', fn: categoricalCrossentropy, defaults }, options);
    checkCrossentropy('CategoricalCrossentropy', this.options);
  }
}

/**
 * Cross-entropy of whole-number labels. As in Keras samples of an ignored class count as 0 without
 * weights, and do not count with them.
 */
export class SparseCategoricalCrossentropy extends FormulaMetric<SparseCrossentropyOptions> {
  constructor(options: MetricOptions & SparseCrossentropyOptions = {}) {
    const defaults = { fromLogits: false, ignoreClass: null, axis: -1 };
    const name = 'sparse_categorical_crossentropy';
    super({ name, fn: sparseCategoricalCrossentropy, defaults }, options);
  }
}

metrics.add('MeanSquaredError', MeanSquaredError, ['mse']);
metrics.add('MeanAbsoluteError', MeanAbsoluteError, ['mae']);
metrics.add('MeanAbsolutePercentageError', MeanAbsolutePercentageError, ['mape']);
metrics.add('MeanSquaredLogarithmicError', MeanSquaredLogarithmicError, ['msle']);
metrics.add('CosineSimilarity', CosineSimilarity, ['cosine_proximity']);
metrics.add('LogCoshError', LogCoshError);
metrics.add('Hinge', Hinge);
metrics.add('SquaredHinge', SquaredHinge);
metrics.add('CategoricalHinge', CategoricalHinge);
metrics.add('KLDivergence', KLDivergence, ['kullback_leibler_divergence', 'kld']);
metrics.add('Poisson', Poisson);
metrics.add('BinaryCrossentropy', BinaryCrossentropy, ['bce']);
metrics.add('CategoricalCrossentropy', CategoricalCrossentropy);
metrics.add('SparseCategoricalCrossentropy', SparseCategoricalCrossentropy);
