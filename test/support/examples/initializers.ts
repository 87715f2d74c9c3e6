// One or more initializers of every class, with options that differ from the defaults.
import {
  Constant,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  Identity,
  type Initializer,
  LecunNormal,
  LecunUniform,
  Ones,
  Orthogonal,
  RandomNormal,
  RandomUniform,
  STFT,
  TruncatedNormal,
  VarianceScaling,
  Zeros,
} from '../../../lib/initializers/index.js';

export const initializerExamples: Readonly<Record<string, readonly Initializer[]>> = {
  Zeros: [new Zeros()],
  Ones: [new Ones()],
  Constant: [new Constant(0.5)],
  Identity: [new Identity(2)],
  Orthogonal: [new Orthogonal(0.5, { seed: 1 })],
  STFT: [
    new STFT('imag', 'hamming', 'spectrum', true),
    new STFT({ window: null, scaling: null }),
    new STFT({ window: [1, 2, 1] }),
  ],
  RandomNormal: [new RandomNormal({ mean: 1, stddev: 0.5, seed: 1 })],
  TruncatedNormal: [new TruncatedNormal({ mean: 1, stddev: 0.5, seed: 1 })],
  RandomUniform: [new RandomUniform({ minval: 1, maxval: 2, seed: 1 })],
  VarianceScaling: [
    new VarianceScaling({ scale: 2, mode: 'fanAvg', distribution: 'uniform', seed: 1 }),
  ],
  GlorotNormal: [
    new GlorotNormal({ seed: 1 }),
    new GlorotNormal({ inputAxes: [0], outputAxes: [1, 2] }),
  ],
  GlorotUniform: [new GlorotUniform({ seed: 1 })],
  HeNormal: [new HeNormal({ seed: 1 })],
  HeUniform: [new HeUniform({ seed: 1 })],
  LecunNormal: [new LecunNormal({ seed: 1 })],
  LecunUniform: [new LecunUniform({ seed: 1 })],
};
