// What the catalogue's layers refuse: wrong options, ranks, sizes, numbers of inputs; and what they say.
import { describe, expect, it } from 'vitest';
import * as k from '../../lib/layers/index.js';
import type { Layer } from '../../lib/layers/layer.js';
import '../../lib/index.js';
import { broadcastTo } from '../../lib/ops/movement.js';
import type { Shape } from '../../lib/tensor/shape.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, DataError, ShapeError } from '../../lib/util/errors.js';

const of = (...shape: number[]): Tensor => broadcastTo(tensor(1), shape);
/** What only JavaScript can write, since TypeScript would refuse it. */
const wrong = <T>(options: unknown): T => options as T;

describe('options', () => {
  it.each([
    ['Reshape', () => new k.Reshape([-1, -1]), /one may be −1, got \[-1,-1\]/],
    ['Reshape', () => new k.Reshape([2.5]), /whole numbers/],
    ['Reshape', () => new k.Reshape(wrong({})), /targetShape must be a list/],
    ['Permute', () => new k.Permute([0, 1]), /each of 1, 2, … once, got \[0,1\]/],
    ['Permute', () => new k.Permute([1, 3]), /once/],
    ['RepeatVector', () => new k.RepeatVector(0), /n must be a whole number above 0, got 0/],
    ['RepeatVector', () => new k.RepeatVector(1.5), /got 1.5/],
    ['Flatten', () => new k.Flatten('channels_middle'), /must be channelsLast or channelsFirst/],
    ['ReLU', () => new k.ReLU(-1), /maxValue must be a number ≥ 0, got -1/],
    ['ReLU', () => new k.ReLU({ negativeSlope: -1 }), /negativeSlope/],
    ['ReLU', () => new k.ReLU({ threshold: wrong(null) }), /threshold must be .* got null/],
    ['LeakyReLU', () => new k.LeakyReLU(-0.1), /negativeSlope must be a number ≥ 0/],
    ['LeakyReLU', () => new k.LeakyReLU(wrong({ slope: 1 })), /unknown option "slope"/],
    ['Dropout', () => new k.Dropout(1.5), /rate must be between 0 and 1, got 1.5/],
    ['Dropout', () => new k.Dropout(0.5, { noiseShape: [0, 2] }), /above 0, .* got \[0,2\]/],
    ['Dropout', () => new k.Dropout(0.5, { noiseShape: wrong('2') }), /noiseShape/],
    ['SpatialDropout2D', () => new k.SpatialDropout2D(-1), /rate must be between/],
    ['SpatialDropout1D', () => new k.SpatialDropout1D(0.5, wrong({ noiseShape: [1] })), /unknown/],
    ['GaussianNoise', () => new k.GaussianNoise(1.1), /stddev must be between 0 and 1/],
    ['GaussianDropout', () => new k.GaussianDropout(wrong({})), /rate must be .* got undefined/],
    ['AlphaDropout', () => new k.AlphaDropout(-0.1), /rate must be/],
    ['Masking', () => new k.Masking(wrong({ maskValue: '0' })), /maskValue must be a number/],
    ['Embedding', () => new k.Embedding(0, 4), /inputDim must be a whole number above 0/],
    ['Embedding', () => new k.Embedding(4, wrong(true)), /outputDim .* got true/],
    ['Embedding', () => new k.Embedding({ inputDim: 4 }), /outputDim .* got undefined/],
    ['EinsumDense', () => new k.EinsumDense('ab,bc', 4), /expected an equation .* got "ab,bc"/],
    ['EinsumDense', () => new k.EinsumDense('...a,ab->b', 4), /expected an equation/],
    ['EinsumDense', () => new k.EinsumDense('ab,bc->ac', wrong([0])), /outputShape must be/],
    ['EinsumDense', () => new k.EinsumDense('ab,bc->ac', wrong({})), /outputShape must be/],
    ['EinsumDense', () => new k.EinsumDense('ab,bc->ac', 2, wrong({ loraRank: 2 })), /loraRank/],
    ['Dot', () => new k.Dot(wrong([1, 2, 3])), /axes must be a whole number or two/],
    ['Concatenate', () => new k.Concatenate(0.5), /axis must be a whole number/],
    ['Wrapper', () => new k.Wrapper(wrong({})), /expected a layer to wrap, got none/],
    ['TimeDistributed', () => new k.TimeDistributed(wrong({ layer: 3 })), /TimeDistributed|layer/],
    ['Lambda', () => new k.Lambda(wrong<() => Tensor>({})), /expected a function, got undefined/],
  ])('of %s', (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});

describe('options that only files have', () => {
  it.each<[string, () => unknown]>([
    ['Dense', () => new k.Dense(2, wrong({ unit: 1 }))],
    ['Embedding', () => new k.Embedding(2, 2, wrong({ unit: 1 }))],
    ['EinsumDense', () => new k.EinsumDense('ab,bc->ac', 2, wrong({ unit: 1 }))],
    ['Conv2D', () => new k.Conv2D(2, 2, wrong<object>({ unit: 1 }))],
    ['DepthwiseConv2D', () => new k.DepthwiseConv2D(2, wrong<object>({ unit: 1 }))],
    ['SeparableConv2D', () => new k.SeparableConv2D(2, 2, wrong<object>({ unit: 1 }))],
    ['Hashing', () => new k.Hashing(2, wrong({ unit: 1 }))],
    ['Input', () => new k.Input(wrong({ shape: [1], unit: 1 }))],
  ])('%s does not suggest', (name, make) => {
    expect(make).toThrow(new RegExp(`^${name}: unknown option "unit"\\..* Options: `));
    expect(make).not.toThrow(/quantizationConfig|lora|sparse|ragged/);
  });

  it('and takes them as files have them', () => {
    const nothing = { quantizationConfig: null, loraRank: null, loraAlpha: null };
    for (const make of [
      () => new k.Dense(2, wrong(nothing)),
      () => new k.Embedding(2, 2, wrong(nothing)),
      () => new k.Conv2D(2, 2, wrong<object>(nothing)),
      () => new k.SeparableConv2D(2, 2, wrong<object>({ groups: 1, kernelInitializer: 'zeros' })),
    ]) {
      expect(make).not.toThrow();
    }
  });
});

describe('inputs', () => {
  it.each<[string, k.Layer, Shape, RegExp]>([
    ['Dense', new k.Dense(2), [3], /expected input \[batch, …, features\], got \[null\]/],
    ['Permute', new k.Permute([2, 1]), [2, 3], /with 3 axes .* got \[null, 3\]/],
    ['RepeatVector', new k.RepeatVector(2), [2, 3, 4], /with 2 axes/],
    [
      'Reshape',
      new k.Reshape([4, -1]),
      [2, 3, 2],
      /\[3, 2\] has 6 elements per sample .*\[4, -1\]/,
    ],
    ['Reshape', new k.Reshape([5]), [2, 3, 2], /cannot become \[5\]/],
    ['TimeDistributed', new k.TimeDistributed(new k.Dense(2)), [2, 3], /at least 3 axes/],
    [
      'SpatialDropout1D',
      new k.SpatialDropout1D(0.5),
      [2, 3],
      /input \[batch, steps, channels\], got/,
    ],
    [
      'SpatialDropout2D',
      new k.SpatialDropout2D(0.5),
      [2, 3, 4],
      /input \[batch, height, width, channels\], got/,
    ],
    [
      'SpatialDropout3D',
      new k.SpatialDropout3D(0.5),
      [2, 3, 4, 5],
      /input \[batch, depth, height, width, channels\], got/,
    ],
    ['Softmax', new k.Softmax(3), [2, 3], /axis 3 is outside/],
    ['PReLU', new k.PReLU({ sharedAxes: [4] }), [2, 3], /there is no axis 4/],
    [
      'EinsumDense',
      new k.EinsumDense('abc,cd->abd', [null, 2]),
      [2, 3],
      /expects input with 3 axes/,
    ],
    ['EinsumDense', new k.EinsumDense('abc,cd->abd', 2), [2, 3, 4], /has 1 sizes, but .* needs 2/],
    ['EinsumDense', new k.EinsumDense('abc,cd->abd', [5, 2]), [2, 3, 4], /along "b" .* 3 .* 5/],
    ['EinsumDense', new k.EinsumDense('abc,cde->abd', [null, 2]), [2, 3, 4], /"e" .* output too/],
    ['EinsumDense', new k.EinsumDense('abc,cd->abx', [null, 2]), [2, 3, 4], /"x" .* kernel too/],
    [
      'EinsumDense',
      new k.EinsumDense('ab,bc->ac', 2, { biasAxes: 'd' }),
      [2, 3],
      /biasAxes must be letters of the output "ac", got "d"/,
    ],
    [
      'Dropout',
      new k.Dropout(0.5, { noiseShape: [null, 2] }),
      [2, 3],
      /noiseShape \[null, 2\] does/,
    ],
    ['GaussianDropout', new k.GaussianDropout(1), [2, 3], /rate must be below 1/],
  ])('of %s', (name, layer, shape, message) => {
    const run = (): Tensor => layer.apply(of(...shape), { training: true });
    expect(run).toThrow(/^(?!.*undefined)/);
    expect(run).toThrow(message);
    if (!/axis 3/.test(message.source)) expect(run).toThrow(new RegExp(`${name} "`));
  });

  it.each<[string, () => k.Layer, Shape, Shape, RegExp]>([
    ['Dense', () => new k.Dense(2), [2, 3], [3], /\[batch, …, features\], got \[3\]/],
    ['Dense', () => new k.Dense(2), [2, 3], [2, 4], /of 3 features \(last axis\), got \[2, 4\]/],
    ['PReLU', () => new k.PReLU(), [2, 3], [2, 4], /of size 3 along axis 1, got \[2, 4\]/],
    ['PReLU', () => new k.PReLU(), [2, 3], [2, 1, 3], /with 2 axes/],
    ['EinsumDense', () => new k.EinsumDense('...a,ab->...b', 2), [2, 3], [2, 2, 3], /with 2 axes/],
    ['EinsumDense', () => new k.EinsumDense('ab,bc->ac', 2), [2, 3], [2, 4], /"b" is 4 and 3/],
  ])('that change between calls of %s', (_, make, first, second, message) => {
    const layer = make();
    layer.apply(of(...first));
    expect(() => layer.apply(of(...second))).toThrow(ShapeError);
    expect(() => layer.apply(of(...second))).toThrow(message);
    expect(layer.apply(of(7, ...first.slice(1))).shape[0]).toBe(7);
  });

  it('Softmax refuses masks that do not broadcast', () => {
    const mask = of(2, 3).cast('bool');
    expect(() => new k.Softmax().apply(of(2, 3, 4), { mask })).toThrow(
      /mask .*\[2, 3, 4\], got \[2, 3\]/,
    );
    expect(() => new k.Softmax().apply(of(2, 1), { mask })).toThrow(ShapeError);
  });

  it('TimeDistributed refuses masks of other steps', () => {
    const layer = new k.TimeDistributed(new k.Dense(2));
    const mask = of(2, 4).cast('bool');
    expect(() => layer.apply(of(2, 3, 4), { mask })).toThrow(/expected a mask \[2, 3, …\]/);
  });

  it('Embedding refuses indices outside of its table when it runs', async () => {
    const layer = new k.Embedding(3, 2);
    for (const index of [3, -1]) {
      const out = layer.apply(tensor([[0, index]], { dtype: 'int32' }));
      await expect(out.data()).rejects.toThrow(DataError);
      await expect(out.data()).rejects.toThrow(
        new RegExp(`^embedding.*gather.*index ${index} .* outside`),
      );
    }
  });

  it('weights that do not fit an Embedding', () => {
    expect(() => new k.Embedding(3, 2, { weights: of(2, 3) })).toThrow(
      /has shape \[3, 2\], got \[2, 3\]/,
    );
  });
});

describe('merging', () => {
  const a = of(2, 3, 4);
  it.each<[string, Layer<readonly Tensor[]>, readonly Tensor[], RegExp]>([
    [
      'one tensor, not a list',
      new k.Add(),
      wrong(a),
      /list of one or more tensors.* got a single tensor/,
    ],
    ['nothing', new k.Maximum(), [], /got 0/],
    [
      'shapes that do not broadcast',
      new k.Add(),
      [a, of(2, 3, 5)],
      /broadcast, got \[null, 3, 4\] and \[null, 3, 5\]/,
    ],
    ['batches that differ', new k.Multiply(), [a, of(1, 3, 4)], /same batch size, got/],
    ['three to subtract', new k.Subtract(), [a, a, a], /list of 2 tensors.* got 3/],
    ['one to subtract', new k.Subtract(), [a], /list of 2 tensors.* got 1/],
    ['other sizes to join', new k.Concatenate(1), [a, of(2, 3, 5)], /all axes but axis 1, got/],
    ['other ranks to join', new k.Concatenate(), [a, of(2, 3)], /all axes but axis -1/],
    ['an axis that is not there', new k.Concatenate(3), [a, a], /axis 3/],
    ['three in a Dot', new k.Dot(1), [a, a, a], /list of 2 tensors/],
    ['other sizes in a Dot', new k.Dot(2), [a, of(2, 3, 5)], /same size along axes 2/],
    ['the batch axis in a Dot', new k.Dot(0), [a, a], /leave out the batch/],
    ['an axis too many in a Dot', new k.Dot([1, 3]), [a, a], /along axes \[1,3\]/],
    ['vectors without features in a Dot', new k.Dot(-1), [of(2), of(2)], /Dot "/],
  ])('%s', (_, layer, xs, message) => {
    expect(() => layer.apply(xs)).toThrow(ShapeError);
    expect(() => layer.apply(xs)).toThrow(message);
  });

  it('batches that differ in a Dot, and sizes that change between calls', () => {
    expect(() => new k.Dot(1).apply([of(2, 3), of(3, 3)])).toThrow(ShapeError);
    const join = new k.Concatenate(1);
    join.apply([a, a]);
    expect(() => join.apply([a, of(2, 3, 5)])).toThrow(/all axes but axis 1/);
    const sum = new k.Add();
    sum.apply([a, a]);
    expect(() => sum.apply([a, of(2, 3, 5)])).toThrow(/do not broadcast .*add/);
  });
});
