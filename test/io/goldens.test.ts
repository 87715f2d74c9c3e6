// Files that Keras 3 and Keras 2 wrote (scripts/goldens/files.py): they open, predict the same, and train on
// with the optimizer's state.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadModel, type Model, modelFromJSON, tensor } from '../../lib/index.js';
import { close, flat } from '../support/files.js';

interface Case {
  readonly files: readonly string[];
  readonly predictions: number[][];
  readonly losses: number[];
  readonly after: number[][];
}
interface Golden {
  readonly version: string;
  readonly x: number[][];
  readonly y: number[];
  readonly cases: Record<string, Case>;
}

const folder = new URL('../goldens/files/', import.meta.url).pathname;
const goldenOf = (name: string): Golden =>
  JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Golden;

describe.each(['keras3', 'keras2'])('%s', (name) => {
  const { x, y, cases } = goldenOf(name);
  const inputs = tensor(x).reshape([64, 2, 3]);
  const labels = tensor(y, { dtype: 'int32' });
  const predict = async (model: Model) => (await model.predict(inputs.slice(0, 5))).data();

  for (const [optimizer, { files, predictions, losses, after }] of Object.entries(cases)) {
    const whole = files.filter((file) => !file.endsWith('.weights.h5'));
    it.each(whole)('%s', async (file) => {
      const model = await loadModel(folder + file);
      close(await predict(model), predictions.flat());
      const { history } = await model.fit(inputs, labels, {
        epochs: 3,
        batchSize: 16,
        shuffle: false,
        verbose: 0,
      });
      close(history.loss, losses);
      expect(history.accuracy).toHaveLength(3);
      close(await predict(model), after.flat());
    });

    it.runIf(files.length === 3)(`${optimizer}: weights alone`, async () => {
      const [kerasFile, h5File, weightsFile] = files;
      const whole = await loadModel(folder + kerasFile);
      for (const file of [kerasFile, h5File, weightsFile]) {
        const fresh = modelFromJSON(whole.toJSON());
        expect(await flat(fresh)).not.toEqual(await flat(whole));
        await fresh.loadWeights(folder + file);
        expect(await flat(fresh)).toEqual(await flat(whole));
      }
    });
  }
});
