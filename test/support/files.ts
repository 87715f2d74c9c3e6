// Models, folders and comparisons for the tests of files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { Sequential, tensor } from '../../lib/index.js';
import { Dense, Dropout, Input } from '../../lib/layers/index.js';
import type { AnyModel } from '../../lib/models/model.js';

/** All weights of a model, one after the other. */
export async function flat(model: AnyModel): Promise<number[]> {
  const all: number[] = [];
  for (const weight of await model.getWeights()) all.push(...(await weight.data()));
  return all;
}

/** The state of its optimizer, likewise. */
export async function flatOptimizer(model: AnyModel): Promise<number[]> {
  const all: number[] = [];
  for (const { value } of model.optimizer.variables) all.push(...(await value.data()));
  return all;
}

/** Each value within `tolerance` of what is expected, relatively. */
export function close(
  actual: Iterable<number>,
  expected: readonly number[],
  tolerance = 1e-4,
): void {
  const values = [...actual];
  expect(values.length).toBe(expected.length);
  for (const [i, value] of values.entries()) {
    const error = Math.abs(value - expected[i]) / Math.max(Math.abs(expected[i]), 1e-3);
    expect(error, `element ${i}: ${value}, expected ${expected[i]}`).toBeLessThan(tolerance);
  }
}

/** A folder for the tests of one file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'neurone-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A small classifier with dropout, compiled. */
export function classifier(rate = 0.3): Sequential {
  const model = new Sequential([
    new Input({ shape: [6] }),
    new Dense(8, { activation: 'relu', kernelRegularizer: 'l2' }),
    new Dropout(rate),
    new Dense(3, { activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: 'adam',
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

/** Deterministic data for it. */
export const x = tensor(
  Float32Array.from({ length: 64 * 6 }, (_, i) => Math.sin(i * 1.7) + Math.cos(i * i)),
  { shape: [64, 6] },
);
export const y = tensor(Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 3));
