// The networks of keras.applications: layers, names, shapes and sizes are Keras's.
import { describe, expect, it } from 'vitest';
import { MobileNetV2, ResNet50, VGG16, VGG19 } from '../../lib/applications/index.js';
import { clearSession, Tensor } from '../../lib/index.js';
import { camelKeys } from '../../lib/util/registry.js';
import { readGoldens } from '../support/golden.js';

interface NetworkCase {
  readonly function: keyof typeof functions;
  readonly options: Record<string, unknown>;
  readonly name: string;
  readonly layers: readonly (readonly [string, string, readonly (number | null)[], number])[];
}

const functions = { MobileNetV2, ResNet50, VGG16, VGG19 };

describe('networks of keras.applications', () => {
  for (const golden of readGoldens<NetworkCase>('applications')) {
    it(`${golden.function} ${JSON.stringify(golden.options)}`, () => {
      clearSession();
      const model = functions[golden.function](camelKeys(golden.options));
      expect(model.name).toBe(golden.name);
      const layers = model.layers.map((layer) => {
        const output = layer.nodes.at(-1)?.output;
        const shape = output instanceof Tensor ? output.shape : undefined;
        return [layer.name, layer.className, shape, layer.countParams()];
      });
      expect(layers).toEqual(golden.layers);
    });
  }
});
