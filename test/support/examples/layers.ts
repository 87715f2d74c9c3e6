// One or more layers of every class, with options that differ from the defaults.
import { RandomNormal } from '../../../lib/initializers/index.js';
import { Activation, Rescaling } from '../../../lib/layers/core.js';
import { Dense } from '../../../lib/layers/dense.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Input } from '../../../lib/layers/input.js';
import type { AnyLayer } from '../../../lib/layers/layer.js';
import { Flatten } from '../../../lib/layers/reshaping.js';
import { TimeDistributed } from '../../../lib/layers/time-distributed.js';
import { Wrapper } from '../../../lib/layers/wrapper.js';
import type { Shape } from '../../../lib/tensor/shape.js';
import { augmentationExamples } from './augmentation.js';
import { catalogueExamples } from './catalogue-layers.js';
import { convolutionExamples } from './convolution.js';
import { normalizationExamples } from './normalization.js';
import { imageExamples, poolingExamples } from './pooling.js';
import { preprocessingExamples } from './preprocessing.js';

/** A layer, and the shape of an input for it, or a list of those. */
export interface LayerExample {
  readonly layer: () => AnyLayer;
  readonly shape: Shape | readonly Shape[];
  /** Whether it takes strings, or is no part of models: its config alone is tested here. */
  readonly outside?: boolean;
}

export const layerExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  Input: [{ layer: () => new Input({ shape: [3], name: 'in' }), shape: [2, 3] }],
  Activation: [
    { layer: () => new Activation('relu'), shape: [2, 3] },
    { layer: () => new Activation('softmax', { name: 'probabilities' }), shape: [2, 3] },
  ],
  Flatten: [{ layer: () => new Flatten(), shape: [2, 3, 4] }],
  Rescaling: [
    { layer: () => new Rescaling(0.5, { offset: -1 }), shape: [2, 3] },
    { layer: () => new Rescaling({ scale: [1, 2, 3], offset: [0, 1, 2] }), shape: [2, 3] },
  ],
  Dropout: [
    { layer: () => new Dropout(0.25, { seed: 7 }), shape: [4, 3] },
    { layer: () => new Dropout(0.25, { noiseShape: [null, 1] }), shape: [4, 3] },
  ],
  ...normalizationExamples,
  ...convolutionExamples,
  ...preprocessingExamples,
  Dense: [
    { layer: () => new Dense(4), shape: [2, 3] },
    {
      layer: () =>
        new Dense(4, {
          activation: 'gelu',
          useBias: false,
          kernelInitializer: new RandomNormal({ stddev: 0.5, seed: 3 }),
          trainable: false,
          name: 'frozen',
        }),
      shape: [2, 5, 3],
    },
  ],
  TimeDistributed: [
    { layer: () => new TimeDistributed(new Dense(4, { name: 'inner' })), shape: [2, 3, 5] },
    {
      layer: () => new TimeDistributed(new Dropout(0.5, { seed: 3 }), { name: 'dropped' }),
      shape: [2, 3, 5],
    },
  ],
  ...poolingExamples,
  ...imageExamples,
  ...augmentationExamples,
  ...catalogueExamples,
  Wrapper: [{ layer: () => new Wrapper(new Dense(4)), shape: [2, 3] }],
};
