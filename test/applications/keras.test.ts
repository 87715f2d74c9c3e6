// Weight files and models of keras.applications, made with random weights by Keras itself, predict here
// what they predict there.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MobileNetV2, ResNet50 } from '../../lib/applications/index.js';
import { loadModel, type Model, type Tensor, tensor } from '../../lib/index.js';
import { camelKeys } from '../../lib/util/registry.js';
import { temporaryFolder } from '../support/files.js';
import { expectNumbers } from '../support/golden.js';

const python = new URL('../../.venv/bin/python', import.meta.url).pathname;
const script = new URL('../../scripts/keras-applications.py', import.meta.url).pathname;

const functions = { MobileNetV2, ResNet50 };

interface Saved {
  readonly name: keyof typeof functions;
  readonly options: Record<string, unknown>;
  readonly files: readonly [string, string];
  readonly predictions: readonly number[];
}

async function expectPredictions(model: Model, images: Tensor, { name, predictions }: Saved) {
  const found = (await model.predict(images)) as Tensor;
  expectNumbers(name, await found.data(), predictions, { relative: 2e-4, absolute: 1e-6 });
}

describe.skipIf(!existsSync(python))('files of keras.applications', () => {
  it('predict what Keras predicts', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder();
    const { stdout } = await promisify(execFile)(python, [script, folder]);
    const saved: Saved[] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(saved.map(({ name }) => name)).toEqual(['ResNet50', 'MobileNetV2']);
    for (const one of saved) {
      const bytes = readFileSync(join(folder, `${one.name}.images`));
      const values = new Float32Array(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      );
      const images = tensor(values, { shape: [2, 64, 64, 3] });
      const [whole, weights] = one.files.map((file) => join(folder, file));
      await expectPredictions(await loadModel(whole), images, one);
      const made = functions[one.name](camelKeys(one.options));
      await made.loadWeights(weights);
      await expectPredictions(made, images, one);
    }
  });
});
