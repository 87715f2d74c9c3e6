// Adam's family: steps scaled by running moments of the gradient, corrected for their start at zero.
import type { Kernel } from '../kernel.js';
import { type WasmModule, wasmModule } from '../wasm/module.js';
import { type Arrays, type UpdateLoop, updateKernel } from './optimizer.js';

/** The learning rate with the bias corrections in it. */
const corrected = ([rate, beta1, beta2]: readonly number[], t: number): number =>
  (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);

const adamLoop: UpdateLoop = (arrays, scalars, t) => {
  const alpha = corrected(scalars, t);
  const [, , , epsilon, rate1, rate2] = scalars;
  const { w, g, nextW, n } = arrays;
  const [m, v] = arrays.slots;
  const [nextM, nextV] = arrays.nextSlots;
  for (let i = 0; i < n; i++) {
    const gradient = g[i];
    const mean = m[i] + (gradient - m[i]) * rate1;
    const square = v[i] + (gradient * gradient - v[i]) * rate2;
    nextM[i] = mean;
    nextV[i] = square;
    nextW[i] = w[i] - (alpha * mean) / (Math.sqrt(square) + epsilon);
  }
};

/** Elements that the WebAssembly module updates at a time: its four arrays stay in L1 and L2. */
const chunk = 4096;

/** Adam by the WebAssembly module, for Float32Arrays: chunk by chunk through its memory. */
const adamLoopInWasm =
  ({ floats, adam }: WasmModule): UpdateLoop =>
  (arrays, scalars, t) => {
    const { w, g, nextW, n } = arrays;
    const [m, v] = arrays.slots;
    const [nextM, nextV] = arrays.nextSlots;
    const given = [w, m, v, g];
    const results = [nextW, nextM, nextV];
    const factors = 4 * chunk;
    floats[factors] = corrected(scalars, t);
    floats[factors + 1] = scalars[4];
    floats[factors + 2] = scalars[5];
    floats[factors + 3] = scalars[3];
    for (let from = 0; from < n; from += chunk) {
      const size = Math.min(chunk, n - from);
      for (let group = 0; group < 4; group++) {
        floats.set(given[group].subarray(from, from + size), group * chunk);
      }
      adam(0, chunk * 4, chunk * 8, chunk * 12, factors * 4, Math.ceil(size / 4));
      for (let group = 0; group < 3; group++) {
        results[group].set(floats.subarray(group * chunk, group * chunk + size), from);
      }
    }
  };

const adam = updateKernel({ slots: 2, scalars: 6, counts: true }, (float64) => {
  const wasm = float64 ? undefined : wasmModule();
  return wasm ? adamLoopInWasm(wasm) : adamLoop;
});

const amsgrad: UpdateLoop = (arrays, scalars, t) => {
  const alpha = corrected(scalars, t);
  const [, , , epsilon, rate1, rate2] = scalars;
  const { w, g, nextW, n } = arrays;
  const [m, v, hat] = arrays.slots;
  const [nextM, nextV, nextHat] = arrays.nextSlots;
  for (let i = 0; i < n; i++) {
    const mean = m[i] + (g[i] - m[i]) * rate1;
    const square = v[i] + (g[i] * g[i] - v[i]) * rate2;
    const largest = Math.max(hat[i], square);
    nextM[i] = mean;
    nextV[i] = square;
    nextHat[i] = largest;
    nextW[i] = w[i] - (alpha * mean) / (Math.sqrt(largest) + epsilon);
  }
};

const adamax: UpdateLoop = (arrays, [rate, beta1, beta2, epsilon, rate1], t) => {
  const { w, g, nextW, n } = arrays;
  const [m, u] = arrays.slots;
  const [nextM, nextU] = arrays.nextSlots;
  const rest = 1 - beta1 ** t;
  for (let i = 0; i < n; i++) {
    const mean = m[i] + (g[i] - m[i]) * rate1;
    const norm = Math.max(beta2 * u[i], Math.abs(g[i]));
    nextM[i] = mean;
    nextU[i] = norm;
    nextW[i] = w[i] - (rate * mean) / (rest * (norm + epsilon));
  }
};

const nadam: UpdateLoop = (arrays, [rate, beta1, beta2, epsilon, product], t) => {
  const { w, g, nextW, n } = arrays;
  const [m, v] = arrays.slots;
  const [nextM, nextV] = arrays.nextSlots;
  const now = beta1 * (1 - 0.5 * 0.96 ** t);
  const after = beta1 * (1 - 0.5 * 0.96 ** (t + 1));
  const ofMean = after / (1 - product * after);
  const ofGradient = (1 - now) / (1 - product);
  const rest = 1 - beta2 ** t;
  for (let i = 0; i < n; i++) {
    const mean = m[i] + (g[i] - m[i]) * (1 - beta1);
    const square = v[i] + (g[i] * g[i] - v[i]) * (1 - beta2);
    const step = (ofMean * mean + ofGradient * g[i]) * rate;
    nextM[i] = mean;
    nextV[i] = square;
    nextW[i] = w[i] - step / (Math.sqrt(square / rest) + epsilon);
  }
};

function scheduleFree(arrays: Arrays, scalars: readonly number[], t: number): void {
  const [rate, beta1, beta2, epsilon] = scalars;
  const { w, g, nextW, n } = arrays;
  const [z, v] = arrays.slots;
  const [nextZ, nextV] = arrays.nextSlots;
  const rest = 1 - beta2 ** t;
  const share = 1 / t;
  for (let i = 0; i < n; i++) {
    const square = v[i] + (g[i] * g[i] - v[i]) * (1 - beta2);
    const momentum = z[i] - (rate * g[i]) / (Math.sqrt(square / rest) + epsilon);
    const outer = (1 - beta1) * momentum;
    const mean = (1 - share) * ((w[i] - outer) / beta1) + share * momentum;
    nextV[i] = square;
    nextZ[i] = momentum;
    nextW[i] = outer + beta1 * mean;
  }
}

export const adamKernels: Record<string, Kernel> = {
  adam,
  amsgrad: updateKernel({ slots: 3, scalars: 6, counts: true }, () => amsgrad),
  adamax: updateKernel({ slots: 2, scalars: 5, counts: true }, () => adamax),
  nadam: updateKernel({ slots: 2, scalars: 5, counts: true }, () => nadam),
  scheduleFree: updateKernel({ slots: 2, scalars: 4, counts: true }, () => scheduleFree),
};
