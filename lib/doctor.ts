// What runs here and why: versions, processor, BLAS, threads; and a check that BLAS computes right.
import { readFileSync } from 'node:fs';
import type { Backend } from './backend/backend.js';
import { jsBackend } from './backend/js/js.js';
import { currentBackend, nativeLoad } from './backend/select.js';
import type { Program } from './graph/program.js';
import { ConfigError } from './util/errors.js';

/** What `doctor()` finds. */
export interface Diagnosis {
  readonly neurone: string;
  readonly node: string;
  readonly platform: string;
  readonly backend: 'native' | 'js';
  readonly native:
    | {
        readonly loaded: true;
        readonly path: string;
        /** Instruction set of the kernels: baseline, avx2 or avx512. */
        readonly isa: string;
        readonly blas: string;
        /** The OpenBLAS kernel in use. */
        readonly blasCore: string;
        readonly compiler: string;
        /** Largest difference between a BLAS product and the same in float64, relative. */
        readonly blasError: number;
        readonly blasCorrect: boolean;
      }
    | { readonly loaded: false; readonly errors: readonly string[] };
  /** Threads that runs may use. */
  readonly threads: number;
  /** Processors that the cgroup and the affinity mask allow. */
  readonly cpuAllowance: number;
  readonly warnings: readonly string[];
  /** All of it as text. */
  toString(): string;
}

/** The diagnosis as lines of text. */
function format(d: Omit<Diagnosis, 'toString'>): string {
  const lines = [
    `neurone   ${d.neurone} on Node ${d.node}, ${d.platform}`,
    `backend   ${d.backend}`,
    `threads   ${d.threads} of ${d.cpuAllowance} allowed by the system`,
  ];
  if (d.native.loaded) {
    const { isa, path, blas, blasCore, blasError, blasCorrect, compiler } = d.native;
    lines.push(
      `addon     ${path}, compiled by ${compiler}`,
      `kernels   ${isa}`,
      `BLAS      ${blas.trim()}; kernel in use: ${blasCore}`,
      `check     ${blasCorrect ? 'products are right' : 'PRODUCTS ARE WRONG'} (relative error ${blasError.toExponential(1)})`,
    );
  } else {
    lines.push('addon     not loaded:', ...d.native.errors.map((error) => `          ${error}`));
  }
  return [...lines, ...d.warnings.map((warning) => `warning   ${warning}`)].join('\n');
}

const printable = (d: Omit<Diagnosis, 'toString'>): Diagnosis =>
  Object.defineProperty({ ...d }, 'toString', { value: () => format(d), enumerable: false });

const version = (): string => {
  for (const up of ['..', '../..']) {
    try {
      const text = readFileSync(new URL(`${up}/package.json`, import.meta.url), 'utf8');
      const parsed: { name?: string; version?: string } = JSON.parse(text);
      if (parsed.name === 'neurone' && parsed.version) return parsed.version;
    } catch {
      // Bundled and source files lie at different depths.
    }
  }
  return 'unknown';
};

const size = 192;

/** One product of two matrices, large enough for BLAS's blocked kernels. */
const product: Program = {
  name: 'doctor',
  values: [
    { dtype: 'float32', shape: [size, size], storage: { kind: 'input', slot: 0 } },
    { dtype: 'float32', shape: [size, size], storage: { kind: 'input', slot: 1 } },
    { dtype: 'float32', shape: [size, size], storage: { kind: 'output', slot: 0 } },
  ],
  instructions: [
    {
      kernel: 'matmul',
      inputs: [0, 1],
      outputs: [2],
      attrs: { transposeA: 0, transposeB: 0 },
      path: '',
      flops: 2 * size ** 3,
      bytes: 12 * size * size,
    },
  ],
  commit: 1,
  arenaBytes: 0,
  slots: { inputs: 2, feeds: 0, states: 0, outputs: 1 },
  bindings: [],
};

function multiply(
  backend: Backend,
  a: Float32Array,
  b: Float32Array,
  out: Float32Array | Float64Array,
): void {
  const executable = backend.load(product);
  executable.runSync({
    inputs: [a, b],
    states: [],
    bindings: [],
    outputs: [out],
    feeds: [],
    steps: 1,
    chain: 0,
  });
  executable.unload();
}

/** Relative error of a native product against the JS backend in float64. */
function blasError(backend: Backend): number {
  const fill = (phase: number) =>
    Float32Array.from({ length: size * size }, (_, i) => Math.sin(i * 0.37 + phase));
  const [a, b] = [fill(0), fill(1)];
  const got = new Float32Array(size * size);
  const expected = new Float32Array(size * size);
  multiply(backend, a, b, got);
  multiply(jsBackend(), a, b, expected);
  const largest = expected.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  return got.reduce((worst, x, i) => Math.max(worst, Math.abs(x - expected[i])), 0) / largest;
}

function warningsFor(correct: boolean | undefined): string[] {
  const warnings: string[] = [];
  const core = process.env.OPENBLAS_CORETYPE;
  if (core) {
    warnings.push(
      `OPENBLAS_CORETYPE=${core} is set: it overrides the kernel that OpenBLAS would choose, and can halve the speed. Unset it unless you know why.`,
    );
  }
  if (correct === false) {
    warnings.push(
      'OpenBLAS computes wrong products on this processor. Update it, or use setBackend("js").',
    );
  }
  return warnings;
}

/** Finds out what runs here: versions, instruction set, BLAS, threads, and what is wrong. */
export function doctor(): Diagnosis {
  const load = nativeLoad();
  const common = {
    neurone: version(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    backend: currentBackend().name,
  };
  if (!load.backend || !load.addon) {
    const errors = load.errors;
    const warnings = warningsFor(undefined);
    return printable({
      ...common,
      native: { loaded: false, errors },
      threads: 1,
      cpuAllowance: 1,
      warnings,
    });
  }
  const about = load.addon.describe();
  const error = blasError(load.backend);
  const correct = error < 1e-5;
  return printable({
    ...common,
    native: {
      loaded: true,
      path: load.path ?? '',
      isa: about.isa,
      blas: about.blasConfig,
      blasCore: about.blasCore,
      compiler: about.compiler,
      blasError: error,
      blasCorrect: correct,
    },
    threads: about.threads,
    cpuAllowance: about.cpuAllowance,
    warnings: warningsFor(correct),
  });
}

/**
 * Sets how many threads the native engine may use; 0 for as many as the process is allowed. Results
 * do not depend on it. The JS backend always uses one.
 */
export function setNumThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 0) {
    throw new ConfigError(`setNumThreads: expected a whole number ≥ 0, got ${threads}.`);
  }
  nativeLoad().addon?.setThreads(threads);
}
