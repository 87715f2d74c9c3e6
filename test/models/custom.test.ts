// What users write themselves: models, layers, activations, losses, metrics, optimizers, schedules.
import { describe, expect, it } from 'vitest';
import type { Variable } from '../../lib/graph/variable.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { type CallOptions, Layer, type SymbolicShape } from '../../lib/layers/layer.js';
import { Metric } from '../../lib/metrics/metric.js';
import { Model } from '../../lib/models/model.js';
import { Sequential } from '../../lib/models/sequential.js';
import {
  absolute,
  add,
  cast,
  divide,
  multiply,
  square,
  subtract,
} from '../../lib/ops/elementwise.js';
import { reshape } from '../../lib/ops/movement.js';
import { mean, sum } from '../../lib/ops/reduce.js';
import { Optimizer } from '../../lib/optimizers/optimizer.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { LearningRateSchedule } from '../../lib/schedules/index.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { inputs, line, quiet, sumsOf, weightsOf } from '../support/models.js';

const x = inputs(40);
const sums = sumsOf(x);

/** Layers in a property, an array, a map and a record. */
class Net extends Model {
  readonly first = new Dense(4, { activation: 'tanh' });
  readonly blocks = [new Dense(3), [new Dense(3)]] as const;
  readonly named = new Map([['drop', new Dropout(0.5)]]);
  readonly last = { out: new Dense(1) };
  override call(input: Tensor, { training = false }: CallOptions): Tensor {
    let out = this.first.apply(input);
    out = this.blocks[1][0].apply(this.blocks[0].apply(out));
    out = this.named.get('drop')!.apply(out, { training });
    return this.last.out.apply(out);
  }
}

/** A layer made of layers, with a weight of its own. */
class Residual extends Layer {
  readonly inner = [new Dense(3, { name: 'inner' })];
  scale!: Variable;
  override build(shape: SymbolicShape): void {
    this.scale = this.addWeight({ name: 'scale', shape: [shape.at(-1)!], initializer: 'ones' });
  }
  override call(input: Tensor): Tensor {
    return add(multiply(input, this.scale.value), this.inner[0].apply(input));
  }
}

describe('a subclassed model', () => {
  it('finds its layers wherever they are held, and trains all of them', async () => {
    const model = new Net({ name: 'net' });
    model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
    await model.fit(x, sums, quiet);
    expect(model.layers).toHaveLength(5);
    expect(model.weights).toHaveLength(8);
    expect(model.weights[0].path).toBe(`net/${model.first.name}/kernel`);
    expect(model.countParams()).toBe(16 + 15 + 12 + 4);
    const before = model.weights.map((w) => [...w.value.dataSync()]);
    await model.fit(x, sums, { ...quiet, epochs: 3 });
    for (const [i, w] of model.weights.entries()) {
      expect([...w.value.dataSync()], w.path).not.toEqual(before[i]);
    }
    expect(model.summary({ print: () => {} })).toContain('Trainable params: 47');
  });

  it('can be built, compiled before or after', async () => {
    const built = new Net();
    built.build([null, 3]);
    built.compile({ loss: 'mse' });
    const compiled = new Net();
    compiled.compile({ loss: 'mse' });
    compiled.build([null, 3]);
    for (const model of [built, compiled]) {
      expect(model.trainableVariables).toHaveLength(8);
      await model.fit(x, sums, quiet);
      expect((await model.predict(x)).shape).toEqual([40, 1]);
    }
  });

  it('uses dropout in training alone', async () => {
    const model = new Net();
    const [a, b] = [await model.predict(x), await model.predict(x)];
    expect(a.dataSync()).toEqual(b.dataSync());
    model.compile({ optimizer: new SGD(0), loss: 'mse' });
    const first = await model.trainOnBatch(x, sums);
    const second = await model.trainOnBatch(x, sums);
    const tested = await model.testOnBatch(x, sums);
    expect(first.loss).not.toBe(second.loss);
    expect(await model.testOnBatch(x, sums)).toEqual(tested);
  });

  it('may be a layer of another', async () => {
    const outer = new Sequential([new Net({ name: 'net' }), new Dense(1)], { name: 'outer' });
    outer.compile({ optimizer: 'sgd', loss: 'mse' });
    await outer.fit(x, sums, quiet);
    expect(outer.trainableVariables).toHaveLength(10);
    expect(outer.weights[0].path).toMatch(/^outer\/net\/dense/);
  });
});

describe('a layer', () => {
  it('made of layers: all weights are found, named and trained', async () => {
    const model = new Sequential([new Residual({ name: 'residual' }), new Dense(1)], {
      name: 'net',
    });
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(x, sums, quiet);
    expect(model.weights.slice(0, 3).map((w) => w.path)).toEqual([
      'net/residual/scale',
      'net/residual/inner/kernel',
      'net/residual/inner/bias',
    ]);
    const before = weightsOf(model);
    await model.fit(x, sums, quiet);
    expect(weightsOf(model).filter((value, i) => value === before[i])).toEqual([]);
    model.layers[0].trainable = false;
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(model.trainableVariables).toHaveLength(2);
  });

  it('that merges the batch axis with others sees the rows of its own batch', async () => {
    class Merge extends Layer {
      override call(input: Tensor): Tensor {
        const flat = reshape(input, [-1]);
        return reshape(multiply(flat, 2), [input.shape[0], 3]);
      }
    }
    const model = new Sequential([new Merge()]);
    const doubled = Array.from(x.dataSync(), (value) => 2 * value);
    for (const batchSize of [1, 7, 40]) {
      expectClose(await (await model.predict(x, { batchSize })).data(), doubled);
    }
    const trained = new Sequential([new Merge(), new Dense(1, { kernelInitializer: 'zeros' })]);
    trained.compile({ optimizer: new SGD(0), loss: 'mse' });
    for (const shuffle of [true, false]) {
      const { history } = await trained.fit(x, sums, { ...quiet, batchSize: 8, shuffle });
      const squares = Array.from(sums.dataSync(), (value) => value ** 2);
      expectClose(history.loss, [squares.reduce((a, b) => a + b, 0) / 40]);
    }
  });
});

describe('functions', () => {
  it('an activation, a loss and a metric', async () => {
    const model = new Sequential([
      new Dense(1, { useBias: false, inputShape: [1], activation: (t: Tensor) => multiply(t, 3) }),
    ]);
    const cube = (a: Tensor, b: Tensor) =>
      mean(absolute(multiply(square(subtract(a, b)), subtract(a, b))), -1);
    const distance = (a: Tensor, b: Tensor) => absolute(subtract(a, b));
    model.compile({ optimizer: new SGD(0.1), loss: cube, metrics: [distance] });
    model.setWeights([tensor([[1]])]);
    const { history } = await model.fit([[1]], [[1]], quiet);
    expectClose([history.loss[0], history.distance[0]], [8, 2]);
    // d|3w − 1|³/dw = 9·(3w − 1)² = 36
    expectClose(weightsOf(model), [1 - 0.1 * 36]);
  });

  it('a schedule, as a function of the step and as a class', async () => {
    class Stairs extends LearningRateSchedule {
      override call(step: Tensor): Tensor {
        return multiply(add(cast(step, 'float32'), 1), 0.1);
      }
    }
    for (const rate of [
      new Stairs(),
      (step: Tensor) => multiply(add(cast(step, 'float32'), 1), 0.1),
    ]) {
      const model = line(new SGD(rate));
      let w = 0;
      for (let i = 0; i < 3; i++) {
        await model.trainOnBatch([[1]], [[1]]);
        w += 0.1 * (i + 1) * 2 * (1 - w);
        expectClose(weightsOf(model), [w]);
      }
      expect(model.optimizer.learningRate).toBeCloseTo(0.4, 6);
      expect(() => {
        model.optimizer.learningRate = 1;
      }).toThrow(/follows a schedule; it cannot be set/);
    }
  });
});

/** w ← w − lr·(g + the gradient before). */
class Remembering extends Optimizer {
  constructor() {
    super({ learningRate: 0.1 });
  }
  protected override buildSlots(variables: readonly Variable[]): void {
    for (const variable of variables) this.addSlot(variable, 'before');
  }
  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const before = this.slot(variable, 'before');
    variable.assignSub(multiply(learningRate, add(gradient, before.value)));
    before.assign(gradient);
  }
}

/** The largest distance so far would need `max`; this is the mean of squares, by hand. */
class Squares extends Metric {
  private readonly total = this.addVariable({ shape: [], name: 'total' });
  private readonly count = this.addVariable({ shape: [], name: 'count' });
  override updateState(yTrue: Tensor, yPred: Tensor): void {
    this.total.assignAdd(sum(square(subtract(yTrue, yPred))));
    this.count.assignAdd(yPred.size);
  }
  override result(): Tensor {
    return divide(this.total.value, this.count.value);
  }
}

describe('classes', () => {
  it('an optimizer with slots', async () => {
    const model = line(new Remembering());
    let [w, before] = [0, 0];
    for (let i = 0; i < 4; i++) {
      await model.trainOnBatch([[1]], [[1]]);
      const g = 2 * (w - 1);
      w -= 0.1 * (g + before);
      before = g;
      expectClose(weightsOf(model), [w]);
    }
    expect(model.optimizer.variables.map((v) => v.path)).toContain(
      `remembering/${model.weights[0].path.replaceAll('/', '_')}_before`,
    );
  });

  it('a metric with state of its own, begun anew each epoch', async () => {
    const model = line(new SGD(0));
    model.compile({ optimizer: new SGD(0), loss: 'mse', metrics: [new Squares()] });
    const options = { ...quiet, epochs: 2, batchSize: 2 };
    const { history } = await model.fit([[0], [0], [0]], [[1], [2], [3]], options);
    expectClose(history.squares, [14 / 3, 14 / 3]);
  });
});
