// What is said between the calling thread and the thread that reads and writes HDF5.

/** Element types of data sets. */
export type ElementType = 'float32' | 'int32' | 'int64' | 'uint8';

/** Text, or a list of it. */
export type Attributes = Readonly<Record<string, string | readonly string[]>>;

/** A group, or a data set, to be written. Groups above it must have been written. */
export interface Entry {
  /** `layers/dense/vars/0` */
  readonly path: string;
  readonly attributes?: Attributes;
  readonly data?: {
    readonly type: ElementType;
    readonly shape: readonly number[];
    /** Of the type's size; int64 comes as int32. */
    readonly values: Float32Array | Int32Array | Uint8Array;
  };
}

/** A data set in a file. */
export interface FoundData {
  readonly path: string;
  readonly shape: readonly number[];
  /** What there is, in words, if it is not numbers that can be read. */
  readonly unreadable: string | undefined;
}

/** What a file consists of. */
export interface Found {
  readonly groups: readonly { readonly path: string; readonly attributes: Attributes }[];
  readonly data: readonly FoundData[];
}

/** A file, or an uncompressed part of one. */
export interface Part {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

export type Request =
  | { readonly op: 'open'; readonly part: Part }
  | { readonly op: 'read'; readonly paths: readonly string[] }
  | { readonly op: 'create'; readonly path: string }
  | { readonly op: 'write'; readonly entries: readonly Entry[] }
  | { readonly op: 'close'; readonly lasting: boolean }
  | {
      readonly op: 'zip';
      readonly path: string;
      readonly texts: Readonly<Record<string, string>>;
      readonly file: { readonly name: string; readonly path: string };
      /** Texts behind the file. */
      readonly assets: Readonly<Record<string, string>>;
    };

/** Elements of one data set. */
export type Values = Float32Array | Int32Array | Uint8Array | Float64Array;

/** The answers, by request. */
export interface Answers {
  readonly open: Found;
  readonly read: readonly Values[];
  readonly create: undefined;
  readonly write: undefined;
  readonly close: undefined;
  readonly zip: undefined;
}

/** Why a request failed; with a code if it is the operating system that says so. */
export interface Failure {
  readonly message: string;
  readonly code: string | undefined;
}
