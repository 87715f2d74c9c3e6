// Folders of images that something is wrong with, training from one, and memory while one is read.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  imageDatasetFromDirectory,
  imageDatasetFromFiles,
  imgToArray,
  loadImage,
  saveImage,
} from '../../lib/data/index.js';
import {
  ConfigError,
  DataError,
  FormatError,
  Sequential,
  setRandomSeed,
  tensor,
} from '../../lib/index.js';
import { Dense, Flatten, Rescaling } from '../../lib/layers/index.js';
import { quiet } from '../support/models.js';

let root = '';
const at = (...names: string[]) => join(root, ...names);

const picture = (r: number, g: number, b: number) =>
  sharp({ create: { width: 6, height: 5, channels: 3, background: { r, g, b } } });

async function fill(folder: string, count: number, colour: readonly [number, number, number]) {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < count; i++) await picture(...colour).toFile(join(folder, `${i}.png`));
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'image-errors-'));
  await fill(at('good', 'red'), 6, [250, 10, 10]);
  await fill(at('good', 'blue'), 6, [10, 10, 250]);
  await cp(at('good'), at('bad'), { recursive: true });
  await writeFile(at('bad', 'red', '2.png'), 'no picture');
  const jpeg = await sharp(Buffer.alloc(64 * 64 * 3, 90), {
    raw: { width: 64, height: 64, channels: 3 },
  })
    .jpeg()
    .toBuffer();
  await writeFile(at('bad', 'blue', 'cut.jpg'), jpeg.subarray(0, jpeg.length / 2));
});
afterAll(() => rm(root, { recursive: true }));

async function read<T>(dataset: AsyncIterable<T>): Promise<T[]> {
  const batches: T[] = [];
  for await (const batch of dataset) batches.push(batch);
  return batches;
}

const options = { imageSize: 4, batchSize: 5, shuffle: false } as const;

describe('an image that cannot be read', () => {
  it('ends the pass and is named', async () => {
    const data = await imageDatasetFromDirectory(at('bad'), options);
    const error = await read(data).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(
      /blue\/cut\.jpg" cannot be read as an image: .*, or give onError: 'skip'/,
    );
    // The next pass begins anew.
    await expect(read(data)).rejects.toThrow(FormatError);
  });

  it('is left out, counted and warned of; batches stay full', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on('warning', note);
    try {
      const data = await imageDatasetFromDirectory(at('bad'), { ...options, onError: 'skip' });
      for (let pass = 0; pass < 2; pass++) {
        const batches = await read(data);
        expect(batches.map(([x]) => x.shape[0])).toEqual([5, 5, 1]);
        const labels = await Promise.all(batches.map(([, y]) => y.data()));
        expect(labels.flatMap((part) => [...part])).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
      }
      expect(data.skipped.map(({ path }) => basename(path)).sort()).toEqual(['2.png', 'cut.jpg']);
      await new Promise(setImmediate);
      expect(warnings.filter((text) => text.includes('left out')).length).toBe(1);
      expect(warnings[0]).toMatch(
        /left out 2 of 13 images that cannot be read\. The first: ".*cut/,
      );
    } finally {
      process.off('warning', note);
    }
  });

  it('is for the user to judge', async () => {
    const seen: string[] = [];
    const skipping = await imageDatasetFromDirectory(at('bad'), {
      ...options,
      onError: async (path, error) => {
        seen.push(`${basename(path)} ${error.constructor.name}`);
      },
    });
    expect((await read(skipping)).length).toBe(3);
    await read(skipping);
    expect(seen).toEqual(['cut.jpg FormatError', '2.png FormatError']);
    const failing = (answer: () => 'throw') =>
      imageDatasetFromDirectory(at('bad'), { ...options, onError: answer }).then(read);
    await expect(failing(() => 'throw')).rejects.toThrow(FormatError);
    const own = () => {
      throw new RangeError('mine');
    };
    await expect(failing(own)).rejects.toThrow('mine');
  });

  it('none of all can be read, or a file has gone', async () => {
    const files = [at('bad', 'red', '2.png')];
    const data = await imageDatasetFromFiles(files, { ...options, onError: 'skip' });
    await expect(read(data)).rejects.toThrow(
      /none of the 1 images can be read\. The first: ".*2\.png"/,
    );
    const gone = await imageDatasetFromFiles([at('nowhere.png')], options);
    await expect(read(gone)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(loadImage(at('nowhere.png'))).rejects.toThrow(/nowhere\.png": ENOENT/);
  });

  it('damaged bitmaps', async () => {
    const bmp = Buffer.alloc(60);
    bmp.write('BM', 'latin1');
    const make = async (change: (b: Buffer) => void) => {
      const copy = Buffer.from(bmp);
      copy.writeUInt32LE(54, 10);
      copy.writeUInt32LE(40, 14);
      copy.writeInt32LE(1, 18);
      copy.writeInt32LE(1, 22);
      copy.writeUInt16LE(24, 28);
      change(copy);
      await writeFile(at('x.bmp'), copy);
      return loadImage(at('x.bmp')).then(
        ({ data }) => [...data],
        (e: unknown) => String(e),
      );
    };
    expect(await make((b) => b.set([3, 2, 1], 54))).toEqual([1, 2, 3]);
    expect(await make((b) => b.writeInt32LE(9, 22))).toMatch(/ends before its last pixel/);
    expect(await make((b) => b.writeInt32LE(2 ** 30, 18))).toMatch(/claims 1073741824×1 pixels/);
    expect(await make((b) => b.writeUInt16LE(4, 28))).toMatch(/4 bits a pixel/);
    expect(await make((b) => b.writeUInt32LE(2 ** 31, 10))).toMatch(/ends before/);
  });
});

describe('folders', () => {
  const fails = (folder: string, given: object = {}) =>
    imageDatasetFromDirectory(folder, given).catch((e: unknown) => e);

  it('that are empty, without classes, or not there', async () => {
    await mkdir(at('empty'), { recursive: true });
    await mkdir(at('hollow', 'a'), { recursive: true });
    expect(String(await fails(at('empty')))).toMatch(
      /one folder of images for each class.*it is empty/,
    );
    expect(String(await fails(at('good', 'red')))).toMatch(
      /it has 6 images and no folder\. For images without/,
    );
    expect(String(await fails(at('hollow')))).toMatch(/found no image in .*\.bmp, \.gif/);
    expect(String(await fails(at('empty'), { labels: null }))).toMatch(/found no image/);
    expect(String(await fails(at('nowhere')))).toMatch(/there is no such folder/);
    expect(await fails(at('nowhere'))).toBeInstanceOf(DataError);
  });

  it('of one class are warned of, and refused as binary', async () => {
    await cp(at('good', 'red'), at('one', 'red'), { recursive: true });
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
    const data = await imageDatasetFromDirectory(at('one'), options);
    expect(data.classNames).toEqual(['red']);
    expect((await warning).message).toMatch(/one class only \("red"\).*a folder for each class\?/);
    expect(String(await fails(at('one'), { labelMode: 'binary' }))).toMatch(
      /'binary' needs two classes, but there is one: red/,
    );
  });

  it('links to folders are read if asked for, and circles end', async () => {
    await cp(at('good'), at('linked'), { recursive: true });
    await symlink(at('bad', 'blue'), at('linked', 'red', 'more'));
    await symlink(at('linked', 'red'), at('linked', 'red', 'round'));
    expect((await imageDatasetFromDirectory(at('linked'), options)).filePaths.length).toBe(12);
    const all = await imageDatasetFromDirectory(at('linked'), { ...options, followLinks: true });
    expect(all.filePaths.length).toBe(19);
  });

  const wrong: readonly [object, RegExp][] = [
    [
      { classNames: ['red', 'blu'] },
      /no folder "blu" in .*Did you mean "blue"\? Folders: blue, red/,
    ],
    [{ classNames: ['red', 'red'] }, /classNames has "red" twice/],
    [{ classNames: ['red'], labels: null }, /classNames needs labels: 'inferred'/],
    [{ labels: [1, 2] }, /labels: expected one for each of 12 files, got 2/],
    [
      { labels: [...new Array(11).fill(0), 0.5] },
      /labels: expected whole numbers from 0 on, got 0\.5 at 11/,
    ],
    [{ labels: 'red' }, /labels must be 'inferred', a list/],
    [
      { labels: new Array(12).fill(7), labelMode: 'categorical' },
      /labels of 0 … 0 for 1 classes, got 7/,
    ],
    [{ labelMode: 'one_hot' }, /labelMode must be one of int, categorical, binary/],
    [{ colorMode: 'greyscale' }, /colorMode must be one of.*Did you mean "grayscale"/],
    [{ imageSize: [0, 4] }, /imageSize must be a whole number from 1 on.*got \[0,4\]/],
    [{ imageSize: [4, 4, 3] }, /imageSize must be/],
    [{ batchSize: 0 }, /batchSize: expected a whole number from 1 on, got 0/],
    [{ interpolation: 'linear' }, /interpolation must be one of bilinear/],
    [{ cropToAspectRatio: true, padToAspectRatio: true }, /not both/],
    [{ validationSplit: 1.5, subset: 'both' }, /validationSplit must be between 0 and 1, got 1\.5/],
    [{ validationSplit: 0.5 }, /validationSplit and subset go together/],
    [{ subset: 'training' }, /validationSplit and subset go together/],
    [{ validationSplit: 0.5, subset: 'test', seed: 1 }, /subset must be one of training/],
    [{ validationSplit: 0.5, subset: 'both' }, /needs a seed/],
    [{ validationSplit: 0.01, subset: 'both', seed: 1 }, /leaves none to validate on/],
    [{ seed: -1 }, /seed must be a whole number of 0 … 2³² − 1, got -1/],
    [{ onError: 'ignore' }, /onError must be throw, skip, or a function .* got "ignore"/],
    [{ dataFormat: 'nchw' }, /dataFormat must be channelsLast/],
    [{ image_size: 3 }, /unknown option "image_size"\. Did you mean "imageSize"/],
  ];
  it.each(wrong)('refuses %j', async (given, message) => {
    const error = await fails(at('good'), given);
    expect(String(error)).toMatch(message);
    expect(String(error)).toMatch(/imageDatasetFromDirectory: /);
  });

  it('lists of files: empty, or with labels of folders', async () => {
    await expect(imageDatasetFromFiles([])).rejects.toThrow('the list of files is empty');
    const inferred = { labels: 'inferred' } as object;
    await expect(imageDatasetFromFiles(['a.png'], inferred)).rejects.toThrow(ConfigError);
  });
});

describe('single images', () => {
  it('come back from the files that saveImage writes', async () => {
    const x = tensor(
      Uint8Array.from({ length: 60 }, (_, i) => 4 * i),
      { shape: [5, 4, 3] },
    );
    for (const [name, distance] of [
      ['x.png', 0],
      ['x.tiff', 0],
      ['x.jpg', 40],
    ] as const) {
      await saveImage(at(name), x, { scale: false });
      const back = await imgToArray(await loadImage(at(name))).data();
      const values = await x.data();
      expect(Math.max(...back.map((v, i) => Math.abs(v - values[i])))).toBeLessThanOrEqual(
        distance,
      );
    }
    const grey = await imgToArray(await loadImage(at('x.png'), { colorMode: 'grayscale' }));
    await saveImage(at('grey.png'), grey, { scale: false });
    expect((await sharp(at('grey.png')).metadata()).channels).toBe(1);
    const clear = await loadImage(at('x.png'), { colorMode: 'rgba' });
    await saveImage(at('clear.jpg'), clear);
    expect((await sharp(at('clear.jpg')).metadata()).channels).toBe(3);
  });

  it('mistakes', async () => {
    const x = tensor(new Uint8Array(12), { shape: [2, 2, 3] });
    await expect(saveImage(at('x.pgn'), x)).rejects.toThrow(
      /fileFormat must be one of png.*Did you mean "png"/,
    );
    await expect(saveImage(at('x.png'), tensor([[1]]))).rejects.toThrow(
      /saveImage: expected one image \[height/,
    );
    await expect(saveImage(at('x.jpg'), x, { quality: 0 })).rejects.toThrow(/quality must be/);
    await expect(saveImage(at('no', 'x.png'), x)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(loadImage(at('x.png'), { targetSize: [0, 1] })).rejects.toThrow(
      /targetSize must be/,
    );
    const short = { data: new Uint8Array(3), height: 2, width: 2, channels: 3 };
    expect(() => imgToArray(short)).toThrow(/12 bytes, but there are 3/);
  });
});

describe('models', () => {
  it('learn from a folder, with validation, and with fewer steps than it has', async () => {
    const [train, validation] = await imageDatasetFromDirectory(at('good'), {
      imageSize: 4,
      batchSize: 4,
      seed: 3,
      validationSplit: 0.34,
      subset: 'both',
    });
    setRandomSeed(5);
    const model = new Sequential([
      new Rescaling(1 / 255),
      new Flatten(),
      new Dense(2, { activation: 'softmax' }),
    ]);
    model.compile({
      optimizer: 'adam',
      loss: 'sparse_categorical_crossentropy',
      metrics: ['accuracy'],
    });
    const { history } = await model.fit(train, null, {
      ...quiet,
      epochs: 40,
      validationData: validation,
    });
    expect(history.val_accuracy[39]).toBe(1);
    const { epoch } = await model.fit(train, null, { ...quiet, epochs: 3, stepsPerEpoch: 1 });
    expect(epoch).toEqual([0, 1, 2]);
    const predicted = await model.predict(validation);
    expect('shape' in predicted && predicted.shape).toEqual([4, 2]);
  });

  it('see another order in each pass, the same for the same seed', async () => {
    const order = async (seed: number, passes: number) => {
      const files = Array.from({ length: 12 }, (_, i) =>
        at('good', i < 6 ? 'red' : 'blue', `${i % 6}.png`),
      );
      const labels = files.map((_, i) => i);
      const data = await imageDatasetFromFiles(files, {
        imageSize: 1,
        labels,
        seed,
        batchSize: 12,
      });
      const orders: string[] = [];
      for (let i = 0; i < passes; i++) orders.push((await (await read(data))[0][1].data()).join());
      return orders;
    };
    const orders = await order(1, 3);
    expect(new Set(orders).size).toBe(3);
    expect(await order(1, 3)).toEqual(orders);
    expect(await order(2, 1)).not.toEqual(orders.slice(0, 1));
  });
});

// In a process of its own, so that nothing else is in its memory.
const streaming = `
import { imageDatasetFromFiles } from './lib/data/index.ts';
const [file] = process.argv.slice(2);
const data = await imageDatasetFromFiles(new Array(1600).fill(file), { imageSize: 256, batchSize: 8, shuffle: false });
let bytes = 0;
let batches = 0;
const most = [0, 0];
for await (const batch of data) {
  bytes += batch.size * 4;
  if (++batches % 5 > 0) continue;
  gc(); // what is held counts, not what waits to be collected
  await new Promise(setImmediate);
  const half = bytes > 600e6 ? 1 : 0;
  most[half] = Math.max(most[half], process.memoryUsage().rss);
}
console.log(JSON.stringify({ bytes, grown: most[1] - most[0] }));
`;

it('1.2 GB of images go through flat memory', async () => {
  await sharp(Buffer.alloc(40 * 40 * 3, 99), { raw: { width: 40, height: 40, channels: 3 } })
    .png()
    .toFile(at('small.png'));
  const { build } = await import('esbuild');
  const here = fileURLToPath(new URL('../..', import.meta.url));
  const program = join(here, 'build', `streaming-${process.pid}.mjs`);
  await build({
    stdin: { contents: streaming, resolveDir: here, loader: 'ts' },
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    define: {
      'import.meta.url': JSON.stringify(new URL('../../lib/data/x.ts', import.meta.url).href),
    },
    logLevel: 'silent',
  });
  const run = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    program,
    at('small.png'),
  ]);
  await rm(program);
  const { bytes, grown } = JSON.parse(run.stdout) as { bytes: number; grown: number };
  expect(bytes).toBe(1600 * 256 * 256 * 3 * 4);
  // Measured: up to 11 MB between the peaks of both halves.
  expect(grown).toBeLessThan(30e6);
});
