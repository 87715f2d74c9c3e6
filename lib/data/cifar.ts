// CIFAR-10 and CIFAR-100 from the binary files that their authors publish.
import { checkOptions } from '../util/suggest.js';
import { oneOf } from './image-options.js';
import type { LabelledSplits } from './labelled.js';

/** Names of the classes of `cifar10` by label. */
export const cifar10Classes: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/**
 * The 60,000 colour images of CIFAR-10: x uint8 `[50000, 32, 32, 3]` and `[10000, 32, 32, 3]`, y uint8
 * `[50000]` and `[10000]`, the class (`cifar10Classes`).
 *
 * @param path `cifar-10-binary.tar.gz`, or a folder that has it, `cifar-10-batches-bin` or its `.bin` files
 * @example const { train, test } = await cifar10('cifar-10-batches-bin');
 * @throws DataError if the files are not there; FormatError if one is damaged
 * @see A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
 */
export async function cifar10(path: string): Promise<LabelledSplits> {
  const { readCifar } = await import('./cifar-files.js');
  return readCifar(path, {
    name: 'cifar10',
    folder: 'cifar-10-batches-bin',
    archive: 'cifar-10-binary.tar.gz',
    train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
    test: ['test_batch.bin'],
    labelBytes: 1,
    label: 0,
    classes: 10,
  });
}

export interface Cifar100Options {
  /** `'fine'`: 100 classes (default); `'coarse'`: the 20 groups of them. */
  readonly labelMode?: 'fine' | 'coarse';
}

/**
 * The 60,000 colour images of CIFAR-100, shaped as in `cifar10`.
 *
 * @param path `cifar-100-binary.tar.gz`, or a folder that has it, `cifar-100-binary` or its `.bin` files
 * @throws DataError if the files are not there; FormatError if one is damaged
 */
export async function cifar100(
  path: string,
  options: Cifar100Options = {},
): Promise<LabelledSplits> {
  checkOptions('cifar100', options, ['labelMode']);
  const mode = oneOf('cifar100', 'labelMode', options.labelMode ?? 'fine', ['fine', 'coarse']);
  const { readCifar } = await import('./cifar-files.js');
  return readCifar(path, {
    name: 'cifar100',
    folder: 'cifar-100-binary',
    archive: 'cifar-100-binary.tar.gz',
    train: ['train.bin'],
    test: ['test.bin'],
    labelBytes: 2,
    label: mode === 'fine' ? 1 : 0,
    classes: mode === 'fine' ? 100 : 20,
  });
}
