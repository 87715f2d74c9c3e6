// Images against Keras: the files of a folder and their order, pixels, load_img and array_to_img.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  arrayToImg,
  type ImageDataset,
  imageDatasetFromDirectory,
  imgToArray,
  loadImage,
} from '../../lib/data/index.js';
import { ops, type Tensor } from '../../lib/index.js';
import {
  expectNumbers,
  expectTensor,
  type GoldenArray,
  numbers,
  readGoldens,
  tensorOf,
} from '../support/golden.js';

type Options = Readonly<Record<string, unknown>>;

type Case =
  | { readonly kind: 'files'; readonly files: Readonly<Record<string, string>> }
  | {
      readonly kind: 'tree';
      readonly files: readonly string[];
      readonly folders: readonly string[];
    }
  | {
      readonly kind: 'pixels' | 'load';
      readonly file: string;
      readonly options: Options;
      readonly y: GoldenArray;
      /** Of a JPEG that is decoded accurately. */
      readonly accurate?: GoldenArray;
    }
  | {
      readonly kind: 'listing';
      readonly options: Options;
      readonly class_names: readonly string[] | null;
      readonly files: readonly (readonly string[])[];
      readonly labels?: readonly GoldenArray[];
    }
  | {
      readonly kind: 'array';
      readonly label: string;
      readonly options: Options;
      readonly x: GoldenArray;
      readonly y: GoldenArray;
    };

const cases = readGoldens<Case>('images');
type Kind<K extends Case['kind']> = Case & { readonly kind: K };
const of = <K extends Case['kind']>(kind: K) => cases.filter((c): c is Kind<K> => c.kind === kind);

/** Keras's names of options as ours. */
const camelCase = (options: Options): Record<string, never> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as Record<string, never>;

let folder = '';

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'images-'));
  const [{ files }] = of('files');
  const bytes = (name: string): Buffer => Buffer.from(files[name], 'base64');
  for (const name of Object.keys(files)) {
    await write(join(folder, 'files', name), bytes(name));
    await write(join(folder, 'single', name, name), bytes(name));
  }
  const [tree] = of('tree');
  for (const name of tree.files) await write(join(folder, 'tree', name), bytes('grey.png'));
  for (const name of tree.folders) await mkdir(join(folder, 'tree', name));
});
afterAll(() => rm(folder, { recursive: true }));

describe('imageDatasetFromDirectory', () => {
  it.each(of('pixels'))(
    'has the pixels of $file, $options',
    async ({ file, options, y, accurate }) => {
      const data = await imageDatasetFromDirectory(join(folder, 'single', file), {
        ...camelCase(options),
        labels: null,
        shuffle: false,
      });
      const batches: Tensor[] = [];
      for await (const batch of data) batches.push(batch);
      expect(batches.length).toBe(1);
      expect(batches[0].dtype).toBe(y.dtype);
      // Sums of float32 in another order; and the luma of a JPEG, which is not taken from its colours there.
      const grey = options.color_mode === 'grayscale' && file === 'rgb.jpg';
      const tolerance = { absolute: grey ? 1 : 1e-3, relative: 0 };
      await expectTensor('pixels', batches[0], accurate ?? y, tolerance);
      if (accurate) await expectTensor('fast', batches[0], y, { absolute: 6, relative: 0 });
    },
  );

  it.each(of('listing'))('lists $options', async ({ options, class_names, files, labels }) => {
    const root = join(folder, 'tree');
    const given = { ...camelCase(options), imageSize: 2 };
    const data: unknown = await imageDatasetFromDirectory(root, given);
    const parts = (Array.isArray(data) ? data : [data]) as ImageDataset[];
    for (const [i, part] of parts.entries()) {
      expect(part.filePaths.map((path) => relative(root, path))).toEqual(files[i]);
      expect(part.classNames).toEqual(class_names ?? undefined);
      expect(part.size).toBe(Math.ceil(files[i].length / 32));
    }
    for (const [i, expected] of (labels ?? []).entries()) {
      const batches: Tensor[] = [];
      for await (const [, y] of parts[i]) batches.push(y);
      expect(batches[0].dtype).toBe(expected.dtype);
      await expectTensor('labels', ops.concatenate(batches, 0), expected, { absolute: 0 });
    }
  });

  it('keeps each label with its image, whatever the order', async () => {
    const [{ class_names, files, labels }] = of('listing');
    const byFile = new Map(files[0].map((file, i) => [file, numbers(labels![0])[i]]));
    const root = join(folder, 'tree');
    const data = await imageDatasetFromDirectory(root, { imageSize: 1, seed: 4, batchSize: null });
    expect(data.classNames).toEqual(class_names);
    expect(new Set(data.filePaths.map((path) => relative(root, path)))).toEqual(
      new Set(byFile.keys()),
    );
    const seen = new Map<number, number>();
    for await (const [, label] of data) {
      const [value] = await label.data();
      seen.set(value, (seen.get(value) ?? 0) + 1);
    }
    const expected = new Map<number, number>();
    for (const label of byFile.values()) expected.set(label, (expected.get(label) ?? 0) + 1);
    expect(seen).toEqual(expected);
  });
});

describe('single images', () => {
  it.each(of('load'))('loadImage $file $options', async ({ file, options, y }) => {
    const image = await loadImage(join(folder, 'files', file), camelCase(options));
    await expectTensor('pixels', imgToArray(image), y, { absolute: 0, relative: 0 });
  });

  it.each(of('array'))('arrayToImg of $label', async ({ options, x, y }) => {
    const image = await arrayToImg(tensorOf(x), camelCase(options));
    expect([image.height, image.width, image.channels]).toEqual(y.shape);
    expectNumbers('pixels', image.data, numbers(y), { absolute: 0, relative: 0 });
  });
});
