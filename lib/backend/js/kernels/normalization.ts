// Normalization over the batch and over rows, with their gradients. Sums of deviations from a first
// mean correct it: what rounding took from the mean does not reach the result.
import type { DataArray } from '../../../tensor/dtype.js';
import type { Kernel } from '../kernel.js';
import { flagAttr } from './attrs.js';

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

const batchNorm: Kernel = ({ outputs: [{ shape }] }) => {
  const [rows, channels] = matrix(shape);
  const means = new Float64Array(channels);
  const squares = new Float64Array(channels);
  return ([x, gamma, beta, epsilon], [y, mean, variance]) => {
    means.fill(0);
    squares.fill(0);
    addRows(x, rows, means);
    for (let c = 0; c < channels; c++) means[c] /= rows;
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) squares[c] += (x[i] - means[c]) ** 2;
    }
    for (let c = 0; c < channels; c++) {
      const v = squares[c] / rows;
      mean[c] = means[c];
      variance[c] = v;
      squares[c] = gamma[c] / Math.sqrt(v + epsilon[0]);
    }
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) y[i] = (x[i] - means[c]) * squares[c] + beta[c];
    }
  };
};

/** dβ = Σ dy, dγ = Σ dy·x̂, dx = γ·r·(dy − dβ/n − x̂·dγ/n), with r = 1/√(variance + ε). */
const batchNormGrad: Kernel = ({ outputs: [{ shape }] }) => {
  const [rows, channels] = matrix(shape);
  const means = new Float64Array(channels);
  const plain = new Float64Array(channels);
  const products = new Float64Array(channels);
  return ([dy, x, mean, variance, gamma, epsilon], [dx, dgamma, dbeta]) => {
    for (const sums of [means, plain, products]) sums.fill(0);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++, i++) {
        const d = x[i] - mean[c];
        means[c] += d;
        plain[c] += dy[i];
        products[c] += dy[i] * d;
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
        const scale = gamma[c] / Math.sqrt(variance[c] + epsilon[0]);
        dx[i] = scale * (dy[i] - plain[c] - (x[i] - means[c]) * products[c]);
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
