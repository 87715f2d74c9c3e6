// Who competes, in which variants and on how many threads, and how each is started.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('contestants/', import.meta.url));
const cores = availableParallelism();
const counts = cores === 1 ? [1] : [1, cores];

const python = (program) => ({
  counts,
  launch: ({ venv }, variant, threads) => ({
    command: join(venv, 'bin/python'),
    args: [join(folder, program), String(threads), variant],
    env: {
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  }),
});

const node = (program, args, env = {}) => ({
  counts: [undefined], // its own choice
  launch: ({ npm }, variant, threads) => ({
    command: process.execPath,
    args: [join(folder, program), ...args({ npm, variant, threads })],
    env,
  }),
});

const tfjs = (variant) => ({
  ...node('tfjs.js', ({ npm }) => [npm, variant]),
  variants: [variant],
});

/** `needs` are the installed packages without which it cannot be measured. */
export const contestants = {
  neurone: {
    title: 'neurone',
    needs: ['neurone'],
    variants: ['fit'],
    ...node('neurone.js', () => []),
  },
  'neurone-js': {
    title: 'neurone, JS backend',
    needs: ['neurone'],
    variants: ['fit'],
    ...node('neurone.js', () => [], { NEURONE_BACKEND: 'js' }),
  },
  jax: {
    title: 'JAX, jitted step',
    needs: ['jax'],
    variants: ['step'],
    ...python('jax_contestant.py'),
  },
  'jax-epoch': {
    title: 'JAX, scanned epoch',
    needs: ['jax'],
    variants: ['epoch'],
    ...python('jax_contestant.py'),
  },
  keras: {
    title: 'Keras+TF',
    needs: ['keras', 'tensorflow_cpu'],
    variants: ['default', 'manySteps', 'noJit'],
    ...python('keras_contestant.py'),
  },
  torch: {
    title: 'PyTorch',
    needs: ['torch'],
    variants: ['eager', 'compile'],
    ...python('torch_contestant.py'),
  },
  'tfjs-node': { title: 'tfjs-node', needs: ['@tensorflow/tfjs-node'], ...tfjs('node') },
  'tfjs-wasm': {
    title: 'tfjs wasm',
    needs: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'],
    ...tfjs('wasm'),
  },
  'tfjs-cpu': { title: 'tfjs cpu', needs: ['@tensorflow/tfjs'], ...tfjs('cpu') },
  onnxruntime: {
    title: 'onnxruntime-node',
    needs: ['onnxruntime-node', 'onnx'],
    variants: ['run'],
    counts,
    launch: ({ npm, venv }, _variant, threads) => {
      const args = [npm, String(threads), join(venv, 'bin/python')];
      return node('onnxruntime.js', () => args).launch({ npm });
    },
  },
  numpy: { title: 'numpy', needs: ['numpy'], variants: ['numpy'], ...python('sgemm.py') },
  'torch-mm': { title: 'PyTorch', needs: ['torch'], variants: ['torch'], ...python('sgemm.py') },
};

/** "step, 2 threads". */
export function describe({ variant, threads }) {
  if (threads === undefined) return variant;
  return `${variant}, ${threads} thread${threads === 1 ? '' : 's'}`;
}

/**
 * Every way to start a contestant, `{ list: [{ name, title, variant, threads, launch }] }`, or the
 * `reason` why there is none; `wanted` narrows it to one thread count, or one variant, and `only` to
 * a list of such wishes by name.
 */
export function entries(name, { places, installed, only }, wanted = {}) {
  const { title, needs, variants, counts, launch } = contestants[name];
  const chosen = only?.filter((one) => one.name === name) ?? [{}];
  if (chosen.length === 0) return { reason: { name, title, error: 'left out' } };
  const missing = needs.filter((need) => installed[need] === undefined);
  if (missing.length > 0) {
    return { reason: { name, title, error: `not there: ${missing.join(', ')}` } };
  }
  const fits = (wish, entry) =>
    ['variant', 'threads'].every((key) => wish[key] === undefined || wish[key] === entry[key]);
  const list = variants
    .flatMap((variant) => counts.map((threads) => ({ variant, threads })))
    .filter((entry) => fits(wanted, entry) && chosen.some((wish) => fits(wish, entry)))
    .map(({ variant, threads }) => ({
      ...{ name, title, variant, threads },
      launch: launch(places, variant, threads),
    }));
  return { list };
}
