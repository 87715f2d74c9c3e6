// Memory of image batches: used again once nobody has the batch, and never before.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BatchMemory, ImageMemory, StagedImages } from '../../lib/data/image-memory.js';
import { Dataset, imageDatasetFromFiles } from '../../lib/data/index.js';
import { handsOver } from '../../lib/data/lent.js';
import { Sequential, type Tensor } from '../../lib/index.js';
import { Dense, Flatten } from '../../lib/layers/index.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects what nobody has, and lets finalizers run. */
async function collect(): Promise<void> {
  gc();
  await setTimeout(2);
}

let folder = '';
const files: string[] = [];
const greys = Array.from({ length: 30 }, (_, i) => 8 * i);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-memory-'));
  for (const grey of greys) {
    files.push(join(folder, `${grey}.png`));
    const background = { r: grey, g: grey, b: grey };
    await sharp({ create: { width: 4, height: 4, channels: 3, background } }).toFile(files.at(-1)!);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const small = { imageSize: 4, batchSize: 3, seed: 5 } as const;

it('batches that are kept stay as they are, while memory of others is used again', async () => {
  const data = await imageDatasetFromFiles(files, { ...small, labels: greys });
  const kept: [Tensor, Tensor][] = [];
  for (let pass = 0, i = 0; pass < 3; pass++) {
    for await (const batch of data) {
      if (i++ % 3 === 0) kept.push(batch);
      await collect();
    }
  }
  expect(kept.length).toBe(10);
  for (const [images, labels] of kept) {
    const pixels = await images.data();
    const expected = await labels.data();
    pixels.forEach((pixel, i) => void expect(pixel).toBe(expected[Math.floor(i / 48)]));
  }
});

function classifier(): Sequential {
  const model = new Sequential([new Flatten(), new Dense(30)]);
  model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
  return model;
}

const numbered = () => imageDatasetFromFiles(files, { ...small, labels: files.map((_, i) => i) });

it('fit and evaluate give batches back as they read them, and V8 need not collect', async () => {
  const train = await numbered();
  const validation = (await numbered()).take(4).prefetch(1);
  const clone = vi.spyOn(globalThis, 'structuredClone');
  try {
    const model = classifier();
    const options = { verbose: 0, epochs: 3 } as const;
    await model.fit(train, null, { ...options, validationData: validation });
    await model.evaluate(train, undefined, { verbose: 0 });
    // Of 52 batches; both data sets have a pool of 4.
    expect(clone.mock.calls.length).toBeLessThanOrEqual(8);
  } finally {
    clone.mockRestore();
  }
});

it('batches that somebody else may have are not given back by fit', async () => {
  const kept: [Tensor, Tensor][] = [];
  const data = (await numbered()).map((batch) => {
    kept.push(batch as [Tensor, Tensor]);
    return batch;
  });
  await classifier().fit(data, null, { verbose: 0, epochs: 2 });
  expect(kept.length).toBe(20);
  for (const [images, labels] of kept) {
    const pixels = await images.data();
    const numbers = await labels.data();
    pixels.forEach((pixel, i) => void expect(pixel).toBe(8 * numbers[Math.floor(i / 48)]));
  }
});

it('what passes batches on hands them over, and what shows or keeps them does not', async () => {
  const data = await numbered();
  const passing = [data, data.prefetch(2), data.take(2).skip(1), data.repeat(2).shuffle(3)];
  expect(passing.map(handsOver)).toEqual([true, true, true, true]);
  const others = [
    data.map((batch) => batch),
    data.filter(() => true),
    data.cache(),
    data.cache().prefetch(2),
    Dataset.zip(data, data),
    await imageDatasetFromFiles(files, { ...small, batchSize: null }),
    Dataset.from([1, 2]).batch(2).prefetch(1),
  ];
  expect(others.map(handsOver)).toEqual(others.map(() => false));
});

it('memory that is taken back is lent again at once, and once', async () => {
  const memory = new BatchMemory(4);
  const image = new SharedArrayBuffer(4);
  const first = await memory.batchOf([image]);
  first.takeBack?.();
  first.takeBack?.();
  const [second, third] = [await memory.batchOf([image]), await memory.batchOf([image])];
  expect(second.memory).toBe(first.memory);
  new Uint8Array(second.memory).fill(7);
  expect([...new Uint8Array(third.memory)]).toEqual([0, 0, 0, 0]);
});

it('a few batches share the pool; what goes beyond it is memory that V8 counts', async () => {
  const images = [1, 2].map((value) => {
    const memory = new SharedArrayBuffer(4);
    new Uint8Array(memory).fill(value);
    return memory;
  });
  const memory = new BatchMemory(8);
  const isShared = async () => {
    const { memory: batch } = await memory.batchOf(images);
    expect([...new Uint8Array(batch)]).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    return batch instanceof SharedArrayBuffer;
  };
  for (let i = 0; i < 12; i++) {
    expect(await isShared()).toBe(true);
    await collect();
  }
  const kept: ArrayBufferLike[] = [];
  for (let i = 0; i < 6; i++) {
    kept.push((await memory.batchOf(images)).memory);
    await collect();
  }
  expect(kept.map((batch) => batch instanceof SharedArrayBuffer)).toEqual([
    ...[true, true, true, true],
    ...[false, false],
  ]);
  expect((await new BatchMemory(2 ** 30).batchOf(images)).memory).toBeInstanceOf(ArrayBuffer);
});

it('images give their memory back: in a batch, unreadable, or left behind', async () => {
  const memory = new ImageMemory(48);
  const staged = new StagedImages(memory);
  const request = {
    channels: 3,
    size: [4, 4],
    interpolation: 'nearest',
    fit: 'stretch',
    like: 'tensorflow',
    channelsFirst: false,
  } as const;
  const load = (path: string) => staged.load({ ...request, path });
  const first = await load(files[2]);
  expect(new Uint8Array(first)).toEqual(new Uint8Array(48).fill(16));
  staged.done([first]);
  const again = memory.take();
  expect(again).toBe(first);
  memory.give(again);
  await expect(load(join(folder, 'none.png'))).rejects.toMatchObject({ code: 'ENOENT' });
  const left = load(files[3]);
  staged.end();
  expect(memory.take()).not.toBe(first);
  expect(await left).toBe(first);
  expect(memory.take()).toBe(first);
});
