// `loadNpy` and its kin for users. What they need is loaded when they are called: importing the package costs
// nothing.
import type { Tensor } from '../tensor/tensor.js';
import type { SaveNpzOptions } from './npz.js';

export type { SaveNpzOptions } from './npz.js';

/**
 * Reads an array that `numpy.save` or `saveNpy` wrote: `.npy`, versions 1 to 3, either byte order, C's or
 * Fortran's order.
 *
 * float32, int32, uint8 and bool stay what they are; float16 and float64 become float32 (rounded); int8,
 * int16, uint16, uint32, int64 and uint64 become int32.
 *
 * @throws FormatError for a damaged file, and for types that are no numbers; DataError for a whole number that
 *   int32 does not hold
 */
export async function loadNpy(path: string): Promise<Tensor> {
  return (await import('./npy.js')).loadNpy(path);
}

/**
 * Writes a tensor as `numpy.save` does: `.npy`, version 1, which `numpy.load` reads.
 *
 * @throws NeuroneError if the file cannot be written; then an older one of that name is as it was
 */
export async function saveNpy(path: string, t: Tensor): Promise<void> {
  return (await import('./npy.js')).saveNpy(path, t);
}

/**
 * The arrays by name of an archive that `numpy.savez`, `numpy.savez_compressed` or `saveNpz` wrote (`.npz`);
 * types as in `loadNpy`. Its checksums are verified.
 *
 * @throws FormatError for a damaged archive, or a damaged array in it
 */
export async function loadNpz(path: string): Promise<Record<string, Tensor>> {
  return (await import('./npz.js')).loadNpz(path);
}

/**
 * Writes tensors by name as `numpy.savez` does, or `numpy.savez_compressed` with `compressed: true`.
 *
 * @throws ConfigError for names that lead out of an archive, and from 4 GiB on
 */
export async function saveNpz(
  path: string,
  arrays: Readonly<Record<string, Tensor>>,
  options?: SaveNpzOptions,
): Promise<void> {
  return (await import('./npz.js')).saveNpz(path, arrays, options);
}
