// VGG (Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556), with the layers and names of
// keras.applications.
import { Conv2D } from '../layers/convolution/index.js';
import { MaxPooling2D } from '../layers/pooling/index.js';
import type { Model } from '../models/model.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type ApplicationOptions,
  checkApplication,
  flattenAndPredict,
  imageInput,
  withTop,
} from './network.js';

function network(className: string, counts: readonly number[], options: ApplicationOptions): Model {
  checkApplication(className, options);
  const inputs = imageInput(className, options, { usual: 224, least: 32 });
  let x: Tensor = inputs;
  for (const [block, count] of counts.entries()) {
    const filters = Math.min(512, 64 * 2 ** block);
    const name = (part: string) => ({ name: `block${block + 1}_${part}` });
    for (let i = 1; i <= count; i++) {
      const same = { activation: 'relu', padding: 'same' } as const;
      x = new Conv2D(filters, 3, { ...same, ...name(`conv${i}`) }).apply(x);
    }
    x = new MaxPooling2D(2, { strides: 2, ...name('pool') }).apply(x);
  }
  const named = { name: className.toLowerCase(), ...options };
  return withTop(inputs, x, named, {
    classifier: flattenAndPredict(options, [4096, 4096]),
  });
}

/** VGG16 with the layers, names and weight files of keras.applications.VGG16. */
export const VGG16 = (options: ApplicationOptions = {}): Model =>
  network('VGG16', [2, 2, 3, 3, 3], options);

/** VGG19 with the layers, names and weight files of keras.applications.VGG19. */
export const VGG19 = (options: ApplicationOptions = {}): Model =>
  network('VGG19', [2, 2, 4, 4, 4], options);
