// Element types: their sizes, their typed arrays, and which type a mixed expression gets.

export type DType = 'float32' | 'int32' | 'uint8' | 'bool';

/** Typed arrays that hold tensor data; `Float64Array` occurs only in the float64 oracle. */
export type DataArray = Float32Array | Int32Array | Uint8Array | Float64Array;

/** In the order of the addon's `DType` enum. */
export const dtypes: readonly DType[] = ['float32', 'int32', 'uint8', 'bool'];

export const isDType = (value: unknown): value is DType => dtypes.some((dtype) => dtype === value);

/** Bytes of one element. */
export const byteSize = (dtype: DType): number =>
  dtype === 'float32' || dtype === 'int32' ? 4 : 1;

const promotionRank: Readonly<Record<DType, number>> = { bool: 0, uint8: 1, int32: 2, float32: 3 };

/** The type that holds both: bool < uint8 < int32 < float32. */
export const promote = (a: DType, b: DType): DType =>
  promotionRank[a] >= promotionRank[b] ? a : b;

/** A typed array of `dtype` over `length` elements of `buffer`, from `byteOffset`. */
export function viewOf(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'float32') return new Float32Array(buffer, byteOffset, length);
  if (dtype === 'int32') return new Int32Array(buffer, byteOffset, length);
  return new Uint8Array(buffer, byteOffset, length);
}
