// Operations in files: written as Keras writes them, and read with what Keras computes (scripts/goldens/operations.py).
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  clearSession,
  cloneModel,
  FormatError,
  input,
  loadModel,
  Model,
  modelFromJSON,
  ops,
  type Tensor,
  tensor,
  variable,
} from '../../lib/index.js';
import { recordedAs } from '../../lib/layers/operations/registry.js';
import { type Structure, tensorsOf } from '../../lib/layers/structure.js';
import type { AnyModel } from '../../lib/models/model.js';
import { recordedNames } from '../../lib/ops/define.js';
import { temporaryFolder } from '../support/files.js';
import { expectTensor, type GoldenArray, readGoldens, tensorOf } from '../support/golden.js';
import { operationCalls, operationInputs } from '../support/operations.js';

interface Data {
  readonly name: 'data';
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly i: GoldenArray;
}
interface Case {
  readonly name: string;
  readonly readOnly: boolean;
  readonly layers: readonly LayerConfig[];
  readonly outputLayers: unknown;
  readonly outputs: readonly GoldenArray[];
}
interface LayerConfig {
  readonly class_name: string;
  readonly name: string;
  readonly inbound_nodes: readonly { args: unknown[]; kwargs: Record<string, unknown> }[];
}

const [data, ...cases] = readGoldens<Data | Case>('operations') as [Data, ...Case[]];
const given = [data.x, data.y, data.i].map(tensorOf);
const both = cases.filter(({ readOnly }) => !readOnly);

function modelOf(name: string) {
  clearSession();
  const inputs = operationInputs();
  return new Model({ inputs, outputs: operationCalls[name](...inputs) });
}

const configOf = (model: AnyModel) =>
  JSON.parse(model.toJSON()) as { config: { layers: LayerConfig[]; output_layers: unknown } };
const operationsOf = (model: AnyModel): LayerConfig[] =>
  configOf(model).config.layers.filter(({ class_name }) => class_name !== 'InputLayer');

/** A model of Keras's config, with the inputs of ours. */
function restored({ layers, outputLayers }: Pick<Case, 'layers' | 'outputLayers'>): AnyModel {
  const inputs = operationInputs();
  // All inputs must be in the graph for the config to name them.
  const own = configOf(new Model({ inputs: [...inputs], outputs: ops.add(inputs[0], inputs[1]) }));
  const kept = own.config.layers.filter(({ class_name }) => class_name === 'InputLayer');
  const config = { ...own.config, layers: [...kept, ...layers], output_layers: outputLayers };
  return modelFromJSON(JSON.stringify({ ...own, config }));
}

async function expectOutputs(name: string, model: AnyModel, outputs: readonly GoldenArray[]) {
  const found = tensorsOf((model as Model<Structure, Structure>).apply(given));
  expect(found.length).toBe(outputs.length);
  for (const [i, output] of outputs.entries()) {
    await expectTensor(name, found[i], output, { relative: 1e-4, absolute: 1e-5 });
  }
}

describe('operations', () => {
  it('are the same here and in the goldens', () => {
    expect(Object.keys(operationCalls).toSorted()).toEqual(both.map(({ name }) => name).toSorted());
  });

  it.each(both)('$name is written as Keras writes it', async ({ name, layers, outputs }) => {
    const model = modelOf(name);
    expect(operationsOf(model)).toEqual(layers);
    await expectOutputs(name, model, outputs);
  });

  it.each(cases)('$name of Keras is read', async (golden) => {
    const model = restored(golden);
    await expectOutputs(golden.name, model, golden.outputs);
    const again = modelFromJSON(model.toJSON());
    expect(again.toJSON()).toBe(model.toJSON());
  });

  it.each(both)('$name is cloned', async ({ name, outputs }) => {
    const model = modelOf(name);
    const clone = cloneModel(model);
    expect(operationsOf(clone)).toEqual(operationsOf(model));
    await expectOutputs(name, clone, outputs);
  });

  it('that Keras has no class for are few', () => {
    const without = recordedNames().filter((name) => recordedAs(name) === undefined);
    expect(without.toSorted()).toEqual(['dense', 'linear', 'sliceAxis']);
  });
});

describe('what Keras cannot say', () => {
  const x = () => input([3, 4]);
  it.each<[string, (t: Tensor) => Tensor, RegExp]>([
    ['an op without a class', (t) => ops.dense(t, tensor([[1], [2], [3], [4]])), /ops\.dense \("/],
    ['a transposed factor', (t) => ops.matmul(t, t, { transposeB: true }), /Matmul.*transposeB/],
    ['the largest first', (t) => ops.sort(t, 1, { descending: true }), /Sort.*descending/],
    ['strides', (t) => ops.slice(t, [0, 0, 0], [1, 2, 2], [1, 1, 2]), /Slice of Keras has only/],
    ['a bound that is a tensor', (t) => ops.clip(t, ops.mean(t), 1), /Clip.*x_min/],
    [
      'groups',
      (t) =>
        ops.conv(
          t,
          tensor([
            [
              [1, 1],
              [2, 2],
            ],
          ]),
        ),
      /Conv.*groups/,
    ],
    [
      'padding causal',
      (t) => ops.maxPool(ops.conv(t, tensor([[[1], [1], [2], [2]]]), { padding: 'causal' }), 2),
      /Conv.*padding "causal"/,
    ],
    [
      'widths that are tensors',
      (t) =>
        ops.image.gaussianBlur(ops.expandDims(t, -1), { sigma: ops.mean(t, [0, 1]).slice(0, 2) }),
      /sigma/,
    ],
    ['a variable', (t) => ops.add(t, variable(1)), /Add.*variable/],
  ])('%s: the error names it when the model is saved', (_, call, message) => {
    const inputs = x();
    const model = new Model({ inputs, outputs: call(inputs) });
    expect(() => model.toJSON()).toThrow(ConfigError);
    expect(() => model.toJSON()).toThrow(message);
  });

  it('is said otherwise where that is the same', () => {
    const inputs = x();
    const lengths = ops.max(ops.add(ops.multiply(inputs, 0), 3), [1, 2]);
    const decoded = ops.ctcDecode(inputs, lengths, { maskIndex: null });
    const pooled = ops.adaptiveAveragePool(ops.expandDims(inputs, -1), 2);
    const configs = operationsOf(new Model({ inputs, outputs: [...decoded, pooled] }));
    const config = (className: string) =>
      (configs.find(({ class_name }) => class_name === className) as { config?: unknown }).config;
    expect(config('CTCDecode')).toMatchObject({ mask_index: -1 });
    expect(config('AdaptiveAveragePool')).toMatchObject({ output_size: [2, 2] });
  });

  it('leaves the file alone', async () => {
    const inputs = x();
    const path = `${temporaryFolder()}/m.keras`;
    const outputs = ops.sort(inputs, 1, { descending: true });
    await expect(new Model({ inputs, outputs }).save(path)).rejects.toThrow(/Sort/);
    await expect(loadModel(path)).rejects.toThrow(/no such file/);
  });
});

describe('configs of operations that are wrong', () => {
  const add = both.find(({ name }) => name === 'add') as Case;
  const changed = (golden: Case, change: (layer: Record<string, unknown>) => void): AnyModel => {
    const layers = structuredClone(golden.layers) as LayerConfig[];
    change(layers[0] as unknown as Record<string, unknown>);
    return restored({ layers, outputLayers: golden.outputLayers });
  };

  it.each<[string, Case, Record<string, unknown>, RegExp]>([
    ['an unknown class', add, { class_name: 'Ad' }, /operation Ad of Keras.*Did you mean "Add"/],
    ['a missing option', both.find((c) => c.name === 'clip') as Case, { config: {} }, /x_min/],
    ['a null', both.find((c) => c.name === 'softmax') as Case, { config: { axis: null } }, /axis/],
    [
      'another mode',
      both.find((c) => c.name === 'pad') as Case,
      { config: { mode: 'reflect' } },
      /mode "reflect"/,
    ],
    ['too few', add, { inbound_nodes: [{ args: [1], kwargs: {} }] }, /expected 2 arguments, got 1/],
    ['no tensors', add, { inbound_nodes: [{ args: [1, 2], kwargs: {} }] }, /no tensor/],
    ['keywords', add, { inbound_nodes: [{ args: [], kwargs: { x1: 1 } }] }, /"x1"/],
    ['no calls', add, { inbound_nodes: [] }, /outputs do not exist/],
    [
      'itself',
      add,
      {
        inbound_nodes: [
          {
            args: [{ class_name: '__keras_tensor__', config: { keras_history: ['add', 0, 0] } }, 1],
            kwargs: {},
          },
        ],
      },
      /cycle/,
    ],
    [
      'a wrong array',
      add,
      {
        inbound_nodes: [
          {
            args: [
              { class_name: '__numpy__', config: { value: [[1], [2, 3]], dtype: 'float32' } },
              1,
            ],
            kwargs: {},
          },
        ],
      },
      /ragged/,
    ],
    [
      'an unknown dtype',
      add,
      {
        inbound_nodes: [
          {
            args: [{ class_name: '__numpy__', config: { value: 1, dtype: 'toString' } }, 1],
            kwargs: {},
          },
        ],
      },
      /dtype "toString"/,
    ],
    [
      'another object',
      add,
      { inbound_nodes: [{ args: [{ class_name: '__lambda__', config: {} }, 1], kwargs: {} }] },
      /Python code|__lambda__/,
    ],
  ])('%s', (_, golden, change, message) => {
    expect(() => changed(golden, (layer) => Object.assign(layer, change))).toThrow(message);
    expect(() => changed(golden, (layer) => Object.assign(layer, change))).toThrow(
      /modelFromJSON: /,
    );
  });

  it('are errors of ours', () => {
    const twice = {
      inbound_nodes: [...add.layers[0].inbound_nodes, ...add.layers[0].inbound_nodes],
    };
    expect(() => changed(add, (layer) => Object.assign(layer, twice))).toThrow(FormatError);
  });
});
