// Cases of optimizer updates.
import type { Shape } from '../../../lib/tensor/shape.js';
import { type UpdateExample, updateExamples } from '../../support/updates.js';
import { i32, type KernelCase, random, scalar } from './case.js';

const shapes: readonly Shape[] = [[3, 5], [4099], [], [0]];

const list = (seed: number, [low, high]: readonly [number, number] = [-2, 2]) =>
  shapes.map((shape, i) => random(shape, seed * 10 + i, [low, high]));

const decay = Math.fround(0.03);

function updateCase(example: UpdateExample, decays: readonly number[]): KernelCase {
  const { op, title, slots, step } = example;
  const weights = list(1);
  const gradients = list(2);
  const states = slots.map((range, i) => list(3 + i, range));
  const scalars = example.scalars.map(Math.fround);
  const kept = [weights, ...states].flat();
  const expected = kept.map(({ data }) => [...data]);
  for (const [tensor, { data }] of weights.entries()) {
    for (const [i, w] of data.entries()) {
      const weight = decays[tensor] ? w - w * decay : w;
      const old = states.map((state) => state[tensor].data[i]);
      const next = example.next(weight, gradients[tensor].data[i], old, scalars, (step ?? 0) + 1);
      for (const [k, value] of next.entries()) expected[k * shapes.length + tensor][i] = value;
    }
  }
  return {
    kernel: op,
    title: decays.length > 0 ? `${title}, decay` : title,
    inputs: [
      ...kept,
      ...gradients,
      ...scalars.map(scalar),
      scalar(decay),
      ...(step === undefined ? [] : [i32([], [step])]),
    ],
    outputs: kept.map(({ dtype, shape }) => ({ dtype, shape })),
    attrs: { count: shapes.length, decays },
    expected,
    // Output i on input i: how every optimizer runs in training.
    inPlace: [kept.map((_, i) => i)],
    tolerance: { float32: 1e-5, float64: 1e-11 },
  };
}

export const updateCases: readonly KernelCase[] = updateExamples.flatMap((example) => [
  updateCase(example, []),
  updateCase(example, [1, 0, 1, 1]),
]);
