// Every optimizer against Keras 3 on TensorFlow (scripts/goldens/optimizers.py): twelve updates, the state
// at the end, and the names and order of the state, which files hold by index.
import { describe, expect, it } from 'vitest';
import {
  compile,
  constraints,
  type optimizers,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from '../../lib/index.js';
import { optimizers as registry } from '../../lib/optimizers/optimizer.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import {
  expectNumbers,
  type GoldenArray,
  type KerasObject,
  numbers,
  readGoldens,
} from '../support/golden.js';
import { draws } from './draws.js';

/** Variables one after the other, and how far float32 moved each of them. */
interface Whole extends GoldenArray {
  readonly differences: readonly number[];
}

interface OptimizerCase extends KerasObject {
  readonly label: string;
  readonly gradients: 'plain' | 'tiny' | 'large';
  readonly constraint?: KerasObject;
  readonly learning_rates: GoldenArray;
  readonly after: Readonly<Record<string, Whole>>;
  readonly variables: readonly (readonly [string, readonly number[]])[];
  readonly state: Whole;
  readonly ended?: Whole;
}

// As in scripts/goldens/optimizers.py.
const steps = 12;
const shapes: Readonly<Record<string, readonly number[]>> = {
  'dense/kernel': [3, 4],
  'dense/bias': [4],
  'tall/kernel': [5, 2],
  'embedding/embeddings': [4, 2],
  'conv/kernel': [2, 1, 2, 3],
  scale: [],
};
const scales = { plain: 1, tiny: 1e-7, large: 30 };

function tensors(seed: number, scale: number): Tensor[] {
  const next = draws(seed);
  const draw = () => scale * next();
  return Object.values(shapes).map((shape) =>
    tensor(Float32Array.from({ length: sizeOf(shape) }, draw), { shape }),
  );
}

function gradientsOf(kind: OptimizerCase['gradients'], step: number): Tensor[] {
  const grads = tensors(1000 + step, scales[kind]);
  if (step === 2) grads[1] = grads[1].mul(0);
  return grads;
}

const optimizerOf = ({ class_name, config }: KerasObject): optimizers.Optimizer =>
  registry.get(class_name).fromConfig(config);

function variablesOf({ constraint }: OptimizerCase): Variable[] {
  const start = tensors(7, 1);
  return Object.keys(shapes).map((path, i) => {
    const v = variable(start[i], { name: path.split('/').at(-1) });
    v.path = path;
    if (constraint && path === 'dense/kernel') {
      v.constraint = constraints.constraints
        .get(constraint.class_name)
        .fromConfig(constraint.config);
    }
    return v;
  });
}

const exclusions: Readonly<Record<string, readonly [readonly number[], readonly string[]]>> = {
  'no decay by name': [[], ['bias', 'scale']],
  'no decay by path': [[], ['dense', '^em']],
  'no decay by variable': [[0, 4], []],
};

/** The optimizer of a case, and its variables. */
function prepared(golden: OptimizerCase): [optimizers.Optimizer, Variable[]] {
  const optimizer = optimizerOf(golden);
  const variables = variablesOf(golden);
  const excluded = exclusions[golden.label];
  if (excluded) {
    const [indices, names] = excluded;
    optimizer.excludeFromWeightDecay(
      indices.map((i) => variables[i]),
      names,
    );
  }
  optimizer.build(variables);
  return [optimizer, variables];
}

function expectWhole(what: string, actual: readonly Variable[], golden: Whole): void {
  const expected = numbers(golden);
  expect(actual.reduce((n, v) => n + v.size, 0)).toBe(expected.length);
  let from = 0;
  for (const [i, v] of actual.entries()) {
    expectNumbers(`${what}, ${v.path}`, v.value.dataSync(), expected.slice(from, from + v.size), {
      absolute: Math.max(8 * golden.differences[i], 1e-6),
    });
    from += v.size;
  }
}

const cases = readGoldens<OptimizerCase>('optimizers');

describe.each(['call by call', 'as a program'])('%s', (how) => {
  it.each(cases)('$class_name $label', (golden) => {
    const [optimizer, variables] = prepared(golden);
    const apply = (...grads: Tensor[]): void => optimizer.apply(grads, variables);
    const update = how === 'as a program' ? compile(apply) : apply;
    const rates = numbers(golden.learning_rates);
    for (let step = 0; step < steps; step++) {
      if (rates.length > 0) {
        expectNumbers(`rate ${step}`, [optimizer.learningRate], [rates[step]]);
      }
      update(...gradientsOf(golden.gradients, step));
      const expected = golden.after[step + 1];
      if (expected) expectWhole(`step ${step}`, variables, expected);
    }
    if (golden.ended) optimizer.finalizeVariableValues(variables);
    if (golden.ended) expectWhole('the end', variables, golden.ended);
    expectWhole('state', optimizer.variables, golden.state);
  });
});

describe('Keras reads what we write', () => {
  it.each(cases)('$class_name $label has the same variables in the same order', (golden) => {
    const [optimizer] = prepared(golden);
    const own = optimizer.variables.map(({ path, shape }) => [path, [...shape]]);
    expect(own).toEqual(golden.variables);
  });

  it.each(cases)('$class_name $label gives its config back', (golden) => {
    expect(optimizerOf(golden).getConfig()).toEqual(golden.config);
  });
});
