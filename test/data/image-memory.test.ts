// Memory of image batches: used again once nobody has the batch, and never before.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BatchMemory, ImageMemory, StagedImages } from '../../lib/data/image-memory.js';
import { imageDatasetFromFiles } from '../../lib/data/index.js';
import type { Tensor } from '../../lib/index.js';

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

it('batches that are kept stay as they are, while memory of others is used again', async () => {
  const data = await imageDatasetFromFiles(files, {
    labels: greys,
    imageSize: 4,
    batchSize: 3,
    seed: 5,
  });
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

it('a few batches share the pool; what goes beyond it is memory that V8 counts', async () => {
  const images = [1, 2].map((value) => {
    const memory = new SharedArrayBuffer(4);
    new Uint8Array(memory).fill(value);
    return memory;
  });
  const memory = new BatchMemory(8);
  const isShared = async () => {
    const batch = await memory.batchOf(images);
    expect([...new Uint8Array(batch)]).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    return batch instanceof SharedArrayBuffer;
  };
  for (let i = 0; i < 12; i++) {
    expect(await isShared()).toBe(true);
    await collect();
  }
  const kept: ArrayBufferLike[] = [];
  for (let i = 0; i < 6; i++) {
    kept.push(await memory.batchOf(images));
    await collect();
  }
  expect(kept.map((batch) => batch instanceof SharedArrayBuffer)).toEqual([
    ...[true, true, true, true],
    ...[false, false],
  ]);
  expect(await new BatchMemory(2 ** 30).batchOf(images)).toBeInstanceOf(ArrayBuffer);
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
