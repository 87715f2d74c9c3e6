// How initializers are named and given options, and what they refuse.
import { describe, expect, it } from 'vitest';
import * as i from '../../lib/initializers/index.js';
import { Dense } from '../../lib/layers/dense.js';
import { tensor } from '../../lib/tensor/tensor.js';
import '../../lib/graph/evaluate.js';
import '../../lib/ops/methods.js';

describe('names', () => {
  it.each([
    ['zeros', i.Zeros],
    ['zero', i.Zeros],
    ['one', i.Ones],
    ['constant', i.Constant],
    ['identity', i.Identity],
    ['IdentityInitializer', i.Identity],
    ['normal', i.RandomNormal],
    ['random_normal', i.RandomNormal],
    ['uniform', i.RandomUniform],
    ['truncated_normal', i.TruncatedNormal],
    ['variance_scaling', i.VarianceScaling],
    ['glorot_uniform', i.GlorotUniform],
    ['heNormal', i.HeNormal],
    ['LecunUniform', i.LecunUniform],
    ['orthogonal', i.Orthogonal],
    ['OrthogonalInitializer', i.Orthogonal],
    ['stft', i.STFT],
    ['STFTInitializer', i.STFT],
  ])('%s', (name, Class) => expect(i.get(name)).toBeInstanceOf(Class));
});

describe('options', () => {
  it('go by position or by name', () => {
    expect(new i.RandomNormal(1, 2, { seed: 3 }).getConfig()).toEqual(
      new i.RandomNormal({ mean: 1, stddev: 2, seed: 3 }).getConfig(),
    );
    expect(new i.RandomUniform(1, 2).getConfig()).toEqual({ minval: 1, maxval: 2, seed: null });
    expect(new i.VarianceScaling(2, 'fanAvg', 'Uniform').getConfig()).toEqual({
      scale: 2,
      mode: 'fan_avg',
      distribution: 'uniform',
      seed: null,
    });
    expect(new i.Constant(3).call([2]).dataSync()).toEqual(Float32Array.of(3, 3));
    expect(new i.STFT('imag', null, null, true).getConfig()).toEqual({
      side: 'imag',
      window: null,
      scaling: null,
      periodic: true,
    });
  });

  it('take the seed of a SeedGenerator from Keras’s config', () => {
    const seed = {
      module: 'keras.random',
      class_name: 'SeedGenerator',
      config: { seed: 42 },
      registered_name: null,
    };
    expect(i.HeNormal.fromConfig({ seed }).getConfig()).toEqual({ seed: 42 });
  });

  it.each<[() => unknown, string]>([
    [
      () => new i.VarianceScaling({ mode: 'fan_inn' as 'fan_in' }),
      'unknown mode "fan_inn". Did you mean "fan_in"? Known: fan_in, fan_out, fan_avg.',
    ],
    [
      () => new i.VarianceScaling(1, 'fan_in', 'cauchy'),
      'VarianceScaling: unknown distribution "cauchy".',
    ],
    [() => new i.VarianceScaling(0), 'VarianceScaling: scale must be above 0, got 0.'],
    [() => new i.VarianceScaling(Number.NaN), 'expected a finite number as scale'],
    [() => new i.GlorotUniform({ scale: 2 } as object), 'GlorotUniform: unknown option "scale".'],
    [() => new i.RandomNormal({ std: 1 } as object), 'RandomNormal: unknown option "std".'],
    [() => new i.RandomNormal(0, 1, { seed: 0.5 }), 'expected a whole number as seed'],
    [() => new i.RandomUniform(2, 1), 'minval must not be above maxval, got 2 and 1.'],
    [() => new i.Identity().call([3]), 'Identity: expected the shape of a matrix, got [3].'],
    [() => new i.Orthogonal().call([3]), 'Orthogonal: expected a shape of 2 axes or more'],
    [() => new i.STFT('left' as 'real'), 'STFT: side must be one of real, imag, got left.'],
    [() => new i.STFT({ window: 'han' }), 'STFT: unknown window "han". Did you mean "hann"?'],
    [() => new i.STFT({ scaling: 'l1' as 'density' }), 'STFT: scaling must be one of'],
    [() => new i.STFT({ window: [1, 2] }).call([3, 1, 2]), 'a window of 2 values does not fit'],
    [() => new i.STFT().call([3, 2]), 'STFT: expected the shape [frame length, 1, frequencies]'],
    [
      () => new i.HeNormal({ inputAxes: [4], outputAxes: [0] }).call([2, 2]),
      'axis 4 is outside of [2, 2]',
    ],
    [() => i.get('glorot'), 'unknown initializer "glorot".'],
  ])('are refused: %#', (make, message) => expect(make).toThrow(message));
});

describe('of one’s own', () => {
  it('a function of the shape, or the values themselves', () => {
    const kernel = tensor([[1, 2]]);
    const layer = new Dense(2, {
      kernelInitializer: kernel,
      biasInitializer: (shape) => new i.Constant(4).call(shape),
    });
    layer.apply(tensor([[3]]));
    expect(layer.weights.map((w) => [...w.value.dataSync()])).toEqual([
      [1, 2],
      [4, 4],
    ]);
    expect(() => new Dense(3, { kernelInitializer: kernel }).apply(tensor([[3]]))).toThrow(
      'a tensor [1, 2] cannot initialise a weight [1, 3]',
    );
  });
});
