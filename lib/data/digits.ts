// The 8×8 handwritten digits of UCI, shipped with the package so that it can show itself anywhere.
// The data are two IDX files in assets/digits, made by scripts/make-digits.
import { fileURLToPath } from 'node:url';
import type { IdxArray } from './idx.js';
import type { LabelledSplits } from './labelled.js';

const testCount = 297;

/**
 * 1,797 handwritten digits: x uint8 `[1500, 8, 8]` and `[297, 8, 8]`, each pixel 0 (paper) to 16
 * (ink); y uint8 `[1500]` and `[297]`, the digit. The order is the source's (by writer), and the
 * test part is its end, so it holds writers that the training part does not.
 *
 * @example const { train, test } = await digits();
 * @see E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
 * Repository, 1998 (its test set, as in scikit-learn's `load_digits`).
 */
export async function digits(): Promise<LabelledSplits> {
  const [{ readIdx }, { labelled }] = await Promise.all([
    import('./idx.js'),
    import('./labelled.js'),
  ]);
  // From lib/data and dist/data alike.
  const folder = new URL('../../assets/digits/', import.meta.url);
  const [images, labels] = await Promise.all(
    ['images-idx3-ubyte.gz', 'labels-idx1-ubyte.gz'].map((file) =>
      readIdx(fileURLToPath(new URL(file, folder))),
    ),
  );
  const part = (begin: number, end: number) =>
    labelled(rows(images, begin, end), rows(labels, begin, end), 'digits');
  const count = labels.shape[0];
  return { train: part(0, count - testCount), test: part(count - testCount, count) };
}

function rows({ shape, data }: IdxArray, begin: number, end: number): IdxArray {
  const size = data.length / shape[0];
  return { shape: [end - begin, ...shape.slice(1)], data: data.slice(begin * size, end * size) };
}
