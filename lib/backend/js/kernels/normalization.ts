// Normalization over the batch and over rows, with their gradients. Sums of deviations from a first
// mean correct it: what rounding took from the mean does not reach the result.

import type { Attrs } from '../../../graph/program.js';
import type { DataArray } from '../../../tensor/dtype.js';
import type { Kernel } from '../kernel.js';
import { flagAttr, numberAttr } from './attrs.js';

const matrix = (shape: readonly number[]): [number, number] => [shape[0], shape[1]];

/** y = (x − mean)·scale + offset, with values per channel, the last axis. */
const scaleShift: Kernel = ({ outputs: [{ shape }] }) => {
  const [rows, channels] = matrix(shape);
  return ([x, mean, scale, offset], [y]) => {
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) y[i] = (x[i] - mean[c]) * scale[c] + offset[c];
    }
  };
};

/** Adds each row to `sums`. */
function addRows(x: DataArray, rows: number, sums: Float64Array): void {
  for (let row = 0, i = 0; row < rows; row++) {
    for (let c = 0; c < sums.length; c++, i++) sums[c] += x[i];
  }
}

/** By the value of the attribute `activation`: what y lies between. */
const limits: Readonly<Record<number, readonly [number, number]>> = {
  0: [-Infinity, Infinity],
  1: [0, Infinity],
  4: [0, 6],
};

const limitsOf = (attrs: Attrs): readonly [number, number] => {
  const found = limits[numberAttr(attrs, 'activation')];
  if (found) return found;
  throw new RangeError('batchNorm has linear, relu and relu6.');
};

const batchNorm: Kernel = ({ outputs: [{ shape }], attrs }) => {
  const [rows, channels] = matrix(shape);
  const [low, high] = limitsOf(attrs);
  const means = new Float64Array(channels);
  const squares = new Float64Array(channels);
  return ([x, gamma, beta, epsilon], [y, mean, variance, offset]) => {
    means.fill(0);
    squares.fill(0);
    addRows(x, rows, means);
    for (let c = 0; c < channels; c++) means[c] /= rows;
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) squares[c] += (x[i] - means[c]) ** 2;
    }
    for (let c = 0; c < channels; c++) {
      mean[c] = means[c];
      variance[c] = squares[c] / rows;
      squares[c] = gamma[c] / Math.sqrt(variance[c] + epsilon[0]);
      // What rounding takes from the mean goes into the offset.
      offset[c] = rows > 0 ? beta[c] - (means[c] - mean[c]) * squares[c] : beta[c];
    }
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) {
        const z = (x[i] - mean[c]) * squares[c] + offset[c];
        y[i] = Math.min(Math.max(z, low), high);
      }
    }
  };
};

/**
 * dβ = Σ dy, dγ = Σ dy·x̂, dx = γ·r·(dy − dβ/n − x̂·dγ/n), with r = 1/√(variance + ε); dy is 0 where the
 * activation cuts.
 */
const batchNormGrad: Kernel = ({ outputs: [{ shape }], attrs }) => {
  const [rows, channels] = matrix(shape);
  const [low, high] = limitsOf(attrs);
  const isLinear = high === Infinity && low === -Infinity;
  const scales = new Float64Array(channels);
  const means = new Float64Array(channels);
  const plain = new Float64Array(channels);
  const products = new Float64Array(channels);
  return ([dy, x, mean, variance, gamma, epsilon, offset], [dx, dgamma, dbeta]) => {
    const gradient = (i: number, c: number): number => {
      if (isLinear) return dy[i];
      const z = (x[i] - mean[c]) * scales[c] + offset[c];
      return z > low && z < high ? dy[i] : 0;
    };
    for (const sums of [means, plain, products]) sums.fill(0);
    for (let c = 0; c < channels; c++) scales[c] = gamma[c] / Math.sqrt(variance[c] + epsilon[0]);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) {
        const d = x[i] - mean[c];
        const g = gradient(i, c);
        means[c] += d;
        plain[c] += g;
        products[c] += g * d;
      }
    }
    for (let c = 0; c < channels; c++) {
      const rounding = rows > 0 ? means[c] / rows : 0;
      const r = 1 / Math.sqrt(variance[c] + epsilon[0]);
      const sum = rows > 0 ? (products[c] - rounding * plain[c]) * r : 0;
      dgamma[c] = sum;
      dbeta[c] = plain[c];
      means[c] = mean[c] + rounding;
      plain[c] /= rows;
      products[c] = (sum * r) / rows;
    }
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) {
        const centered = gradient(i, c) - plain[c];
        dx[i] = scales[c] * (centered - (x[i] - means[c]) * products[c]);
      }
    }
  };
};

/** The mean of elements `from` to `end` less `shift`. */
function meanOf(x: DataArray, from: number, end: number, shift: number): number {
  let sum = 0;
  for (let i = from; i < end; i++) sum += x[i] - shift;
  return sum / (end - from);
}

const layerNorm: Kernel = ({ outputs: [{ shape }], attrs }) => {
  const [rows, n] = matrix(shape);
  const centered = flagAttr(attrs, 'centered');
  return ([x, gamma, beta, epsilon], [y, mean, variance]) => {
    for (let row = 0; row < rows; row++) {
      const from = row * n;
      const m = centered ? meanOf(x, from, from + n, 0) : 0;
      let squares = 0;
      for (let i = from; i < from + n; i++) squares += (x[i] - m) ** 2;
      const v = squares / n;
      const r = 1 / Math.sqrt(v + epsilon[0]);
      mean[row] = m;
      variance[row] = v;
      for (let c = 0; c < n; c++) y[from + c] = (x[from + c] - m) * r * gamma[c] + beta[c];
    }
  };
};

/** With g = dy·γ: dx = r·(g − Σg/n − x̂·Σ(g·x̂)/n), without Σg/n where rows are not centered. */
const layerNormGrad: Kernel = ({ outputs: [{ shape }], attrs }) => {
  const [rows, n] = matrix(shape);
  const centered = flagAttr(attrs, 'centered');
  const dgammas = new Float64Array(n);
  const dbetas = new Float64Array(n);
  return ([dy, x, mean, variance, gamma, epsilon], [dx, dgamma, dbeta]) => {
    dgammas.fill(0);
    dbetas.fill(0);
    for (let row = 0; row < rows; row++) {
      const from = row * n;
      const m = centered ? mean[row] + meanOf(x, from, from + n, mean[row]) : 0;
      const r = 1 / Math.sqrt(variance[row] + epsilon[0]);
      let plain = 0;
      let products = 0;
      for (let c = 0; c < n; c++) {
        const g = dy[from + c] * gamma[c];
        plain += g;
        products += g * (x[from + c] - m) * r;
      }
      const shared = centered ? plain / n : 0;
      for (let c = 0; c < n; c++) {
        const normalized = (x[from + c] - m) * r;
        const g = dy[from + c];
        dgammas[c] += g * normalized;
        dbetas[c] += g;
        dx[from + c] = r * (g * gamma[c] - shared - (normalized * products) / n);
      }
    }
    dgamma.set(dgammas);
    dbeta.set(dbetas);
  };
};

export const normalizationKernels: Record<string, Kernel> = {
  scaleShift,
  batchNorm,
  batchNormGrad,
  layerNorm,
  layerNormGrad,
};
