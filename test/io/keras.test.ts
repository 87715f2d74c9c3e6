// The round trip with real Keras: trained here, opened there, trained on there, opened here again, and trained
// on here; predictions and losses agree at each stage.
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { History } from '../../lib/callbacks/index.js';
import {
  activations,
  input,
  loadModel,
  Model,
  ops,
  Sequential,
  type Tensor,
  tensor,
} from '../../lib/index.js';
import { RandomUniform } from '../../lib/initializers/index.js';
import {
  Activation,
  Add,
  BatchNormalization,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Dense,
  DepthwiseConv2D,
  Discretization,
  Dropout,
  Flatten,
  GlobalAveragePooling1D,
  Input,
  IntegerLookup,
  Normalization,
  Rescaling,
  Reshape,
  SeparableConv2D,
} from '../../lib/layers/index.js';
import { Adam, type Optimizer, SGD } from '../../lib/optimizers/index.js';
import { ExponentialDecay } from '../../lib/schedules/index.js';
import { classifier, close, temporaryFolder, x, y } from '../support/files.js';

const python = new URL('../../.venv/bin/python', import.meta.url).pathname;
const script = new URL('../../scripts/keras-files.py', import.meta.url).pathname;
const hasKeras = existsSync(python);
if (!hasKeras && process.env.CI === undefined)
  console.warn(
    'keras: no .venv, so files are not tried with Keras; scripts/check-keras-files makes one.',
  );

type Logs = Record<string, number[]>;
interface Opened {
  readonly file: string;
  readonly steps: number;
  readonly predictions: number[];
}
interface Exchanged extends Opened {
  readonly first: Logs;
  readonly back: string;
  readonly weights: string;
  readonly after: number[];
  readonly second: Logs;
}

const loss = 'sparse_categorical_crossentropy';

function compiled(model: Model, optimizer: Optimizer): Model {
  model.compile({ optimizer, loss, metrics: ['accuracy'], weightedMetrics: ['accuracy'] });
  return model;
}

/** One after the other, so that no two models have layers of one name. */
const models: Record<string, () => Model> = {
  adam: () => classifier(0),
  momentum: () =>
    compiled(
      new Sequential([
        new Input({ shape: [6] }),
        new Rescaling(0.5, 0.1),
        new Flatten(),
        new Dense(5, { activation: 'tanh', kernelConstraint: 'nonNeg', biasInitializer: 'ones' }),
        new Dense(3),
        new Activation('softmax'),
      ]),
      new SGD(0.05, { momentum: 0.9, nesterov: true }),
    ),
  functional: () => {
    const x = input([6]);
    const hidden = new Dense(6, { activation: 'relu' }).apply(x);
    const inner = new Sequential([
      new Input({ shape: [6] }),
      new Dense(6),
      new BatchNormalization(),
    ]);
    const joined = new Add().apply([hidden, inner.apply(hidden)]);
    const outputs = new Dense(3, { activation: 'softmax' }).apply(joined);
    return compiled(new Model({ inputs: x, outputs }), new Adam(0.02, { amsgrad: true }));
  },
  convolution: () =>
    compiled(
      new Sequential([
        new Input({ shape: [6] }),
        new Reshape([3, 2, 1]),
        new Conv2D(4, 2, { padding: 'same', activation: 'relu', kernelRegularizer: 'l2' }),
        new BatchNormalization(),
        new DepthwiseConv2D(2, { padding: 'same', depthMultiplier: 2, useBias: false }),
        new SeparableConv2D(4, [2, 1], { depthwiseConstraint: 'maxNorm', activation: 'tanh' }),
        new Conv2DTranspose(4, 2, { strides: 2, padding: 'same', outputPadding: 1 }),
        new Reshape([-1, 4]),
        new Conv1D(4, 2, { padding: 'causal', dilationRate: 2, groups: 2 }),
        new GlobalAveragePooling1D(),
        new Dense(3, { activation: 'softmax' }),
      ]),
      new Adam(0.01),
    ),
  plain: () =>
    compiled(
      new Sequential([new Input({ shape: [6] }), new Dense(3, { activation: 'softmax' })]),
      new SGD(1),
    ),
  schedule: () =>
    compiled(
      new Sequential([
        new Sequential([new Input({ shape: [6] }), new Dense(4, { activation: 'relu' })]),
        new Dense(4, { trainable: false }),
        new Dropout(0),
        new Dense(3, { activation: 'softmax', useBias: false }),
      ]),
      new Adam(new ExponentialDecay({ initialLearningRate: 0.02, decaySteps: 5, decayRate: 0.9 }), {
        beta1: 0.8,
      }),
    ),
};

const train = (model: Model): Promise<History> =>
  model.fit(x, y, { epochs: 3, batchSize: 16, shuffle: false, verbose: 0 });
const predict = async (model: Model) => (await model.predict(x)).data();

/** What real Keras says of files in a folder, line by line. */
async function askKeras<T>(folder: string, exchange: object): Promise<T[]> {
  writeFileSync(join(folder, 'exchange.json'), JSON.stringify(exchange));
  const { stdout } = await promisify(execFile)(python, [script, folder], { maxBuffer: 1 << 26 });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as T);
}

/** A model that calls many ops, with constants of every kind. */
function operations(): Model {
  const x = input([6]);
  const grid = ops.reshape(
    ops.add(ops.multiply(x, 2), Float32Array.of(1, 2, 3, 4, 5, 6)),
    [-1, 2, 3],
  );
  const parts = [
    ops.sum(ops.softmax(grid, 1), 1),
    ops.max(ops.clip(grid, -1, 4), 2, { keepDims: false }),
    ops.where(ops.greater(x, 0.5), ops.square(x), tensor([0.25])),
    ops.topK(
      ops.pad(
        x,
        [
          [0, 0],
          [1, 2],
        ],
        0.75,
      ),
      3,
    )[0],
    ops.gather(x, [4, 1], 1),
    ops.einsum('abc,abd->acd', grid, grid).reshape([-1, 9]),
    activations
      .relu(x, { maxValue: 1, negativeSlope: 0.1 })
      .sub(ops.mean(x, -1, { keepDims: true })),
    ops.oneHot(ops.argmax(x, -1), 6),
  ];
  // Weights of one sign: a sum near zero would show the rounding of its summands.
  const dense = new Dense(3, { kernelInitializer: new RandomUniform({ minval: 0.1, maxval: 1 }) });
  return new Model({ inputs: x, outputs: dense.apply(ops.concatenate(parts, 1)) });
}

function lookup(options: ConstructorParameters<typeof IntegerLookup>[0]): Model {
  const layer = new IntegerLookup(options);
  layer.adapt([
    [3, 3],
    [5, 9],
    [5, 3],
  ]);
  const x = input([2], { dtype: 'int32' });
  return new Model({ inputs: x, outputs: layer.apply(x) });
}

function adapted(layer: Normalization | Discretization): Model {
  layer.adapt(x);
  return new Sequential([new Input({ shape: [6] }), layer]);
}

const numbers = tensor(Int32Array.of(3, 5, 7, 9), { shape: [2, 2] });
const predicting: readonly (readonly [string, () => Model, Tensor])[] = [
  ['operations.keras', operations, x],
  ['operations.h5', operations, x],
  ['lookup.keras', () => lookup({}), numbers],
  ['masked.keras', () => lookup({ maskToken: 9, numOovIndices: 2 }), numbers],
  ['multi.keras', () => lookup({ outputMode: 'multi_hot' }), numbers],
  ['idf.keras', () => lookup({ outputMode: 'tf_idf' }), numbers],
  ['normalization.keras', () => adapted(new Normalization()), x],
  ['discretization.keras', () => adapted(new Discretization({ numBins: 4 })), x],
];

describe.runIf(hasKeras || process.env.CI !== undefined)('with Keras', () => {
  const folder = temporaryFolder();

  it('operations and adapted layers travel both ways', { timeout: 300_000 }, async () => {
    const expected: number[][] = [];
    const predict: object[] = [];
    for (const [file, make, data] of predicting) {
      const model = make();
      await model.save(join(folder, file));
      expected.push([...(await (await model.predict(data)).data())]);
      predict.push({ file, x: await data.toArray(), dtype: data.dtype });
    }
    const there = await askKeras<{ predictions: number[]; back: string }>(folder, { predict });
    expect(there.length).toBe(predicting.length);
    for (const [i, [file, , data]] of predicting.entries()) {
      close(there[i].predictions, expected[i]);
      // What Keras wrote. Its own .h5 files do not say of which module an operation is: nobody can read those.
      if (file.endsWith('.h5')) continue;
      const again = await loadModel(join(folder, there[i].back));
      close(await (await again.predict(data)).data(), expected[i]);
      expect(again.toJSON()).toBe((await loadModel(join(folder, file))).toJSON());
    }
  });

  it('files travel both ways, and training goes on', { timeout: 300_000 }, async () => {
    const made: { model: Model; files: string[] }[] = [];
    for (const [name, make] of Object.entries(models)) {
      const model = make();
      await train(model);
      const files = [`${name}.keras`, `${name}.h5`];
      for (const file of files) await model.save(join(folder, file));
      made.push({ model, files });
    }
    const files = made.flatMap((one) => one.files);
    const given = { x: await x.toArray(), y: await y.toArray(), files };
    const exchanged = await askKeras<Opened | Exchanged>(folder, given);
    expect(exchanged.map(({ file }) => file)).toEqual(files);
    for (const { model, files: own } of made) {
      const predictions = await predict(model);
      const history = await train(model);
      for (const there of exchanged.filter(({ file }) => own.includes(file))) {
        expect(there.steps).toBe(12);
        close(predictions, there.predictions);
        if (!('back' in there)) continue;
        close(history.history.loss, there.first.loss);
        expect(there.first.accuracy).toEqual(
          history.history.accuracy.map((a) => expect.closeTo(a)),
        );
        const again = await loadModel(join(folder, there.back));
        close(await predict(again), there.after);
        close((await train(again)).history.loss, there.second.loss);
        const other = await loadModel(join(folder, there.file));
        await other.loadWeights(join(folder, there.weights));
        close(await predict(other), there.after);
        close((await train(other)).history.loss, there.second.loss);
      }
    }
  });
});
