// The WebAssembly module of the JS backend: compiled once, when a kernel first asks for it. All of its
// callers are synchronous and copy in and out, so its memory is scratch that they share.
import { adamFunctions } from './adam.js';
import { assemble } from './assembler.js';
import { gemmFunctions } from './gemm.js';
import { philoxFunctions } from './philox.js';

/** A function of whole numbers: addresses and strides are in bytes. */
type Run = (...operands: number[]) => void;

/** The functions, each documented where its code is emitted, and two views of the memory. */
export interface WasmModule {
  readonly floats: Float32Array;
  readonly words: Int32Array;
  readonly multiply: Run;
  readonly packRows: Run;
  readonly packTransposedRows: Run;
  readonly packColumns: Run;
  readonly packTransposedColumns: Run;
  readonly adam: Run;
  readonly philox: Run;
}

/** Floats in the memory: what the blocks of a gemm take. */
const memoryFloats = 2 ** 20;
const pageBytes = 65536;

/** What of `WebAssembly` is used; neither TypeScript's ES library nor @types/node declares it. */
interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: Omit<WasmModule, 'floats' | 'words'> & {
      readonly memory: { readonly buffer: ArrayBuffer };
    };
  };
}

function compile(): WasmModule | undefined {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyNamespace };
  if (!WebAssembly) return undefined;
  const functions = [...gemmFunctions, ...adamFunctions, ...philoxFunctions];
  try {
    const module = new WebAssembly.Module(assemble(functions, (memoryFloats * 4) / pageBytes));
    const { exports } = new WebAssembly.Instance(module);
    const { buffer } = exports.memory;
    return { ...exports, floats: new Float32Array(buffer), words: new Int32Array(buffer) };
  } catch {
    // No SIMD, or a policy that forbids WebAssembly: the kernels have loops in JS for that.
    return undefined;
  }
}

let compiled: { readonly module: WasmModule | undefined } | undefined;

/** The module; undefined where WebAssembly or its SIMD is missing or forbidden. */
export function wasmModule(): WasmModule | undefined {
  compiled ??= { module: compile() };
  return compiled.module;
}
