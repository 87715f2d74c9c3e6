// A folder of JPEGs that is read again and again, by itself and by the training of a small network, and what
// that does to the event loop.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { withEventLoopDelay } from './serve.js';

const FILES = 160;
const [HEIGHT, WIDTH] = [375, 500];
const SIZE = 224;

/** Waves with noise on them: about as many bytes as a photograph, 50 kB. */
function picture(index) {
  const data = new Uint8Array(HEIGHT * WIDTH * 3);
  for (let i = 0; i < data.length; i++) {
    data[i] = 127 + 90 * Math.sin(i / (300 + index)) + 20 * Math.random();
  }
  return { data, height: HEIGHT, width: WIDTH, channels: 3 };
}

async function writePictures(folder, saveImage) {
  for (const name of ['a', 'b']) mkdirSync(join(folder, name));
  for (let i = 0; i < FILES; i++) {
    const path = join(folder, i % 2 === 0 ? 'a' : 'b', `${i}.jpg`);
    await saveImage(path, picture(i), { quality: 90 });
  }
}

function smallNetwork({ Sequential, layers }) {
  const { Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D, Rescaling } = layers;
  const model = new Sequential([
    new Rescaling(1 / 255),
    new Conv2D(8, 3, { strides: 2, activation: 'relu' }),
    new MaxPooling2D(2),
    new Conv2D(16, 3, { activation: 'relu' }),
    new GlobalAveragePooling2D(),
    new Dense(2, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
  return model;
}

/** Whole passes for about `seconds`. */
async function passes(pass, seconds) {
  const start = performance.now();
  let images = 0;
  for (let s = 0; s < seconds; s = (performance.now() - start) / 1000) {
    await pass();
    images += FILES;
  }
  return { imagesPerSecond: (images * 1000) / (performance.now() - start) };
}

async function measured(pass, seconds) {
  await pass(); // starts the threads, compiles
  const before = performance.eventLoopUtilization();
  const result = await withEventLoopDelay(() => passes(pass, seconds));
  return { ...result, busy: performance.eventLoopUtilization(before).utilization };
}

/** Streams 500×375 JPEGs at 224 px in batches of 32: read alone, or by `fit`. */
export async function imageStream(neurone, { fit, seconds }) {
  const { imageDatasetFromDirectory, saveImage } = await import('neurone/data');
  const folder = mkdtempSync(join(tmpdir(), 'neurone-bench-'));
  try {
    await writePictures(folder, saveImage);
    const data = await imageDatasetFromDirectory(folder, { imageSize: SIZE, seed: 1 });
    if (!fit) {
      const read = async () => {
        for await (const _ of data);
      };
      return await measured(read, seconds);
    }
    const model = smallNetwork(neurone);
    return await measured(() => model.fit(data, null, { verbose: 0 }), seconds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
