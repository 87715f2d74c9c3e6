// conv with its scale, bias, residual and activation, and the gradients of a convolution.
import type { DataArray } from '../../../tensor/dtype.js';
import type { Kernel } from '../kernel.js';
import { flagAttr, numberAttr } from './attrs.js';
import { planConvGemm, planInputGradGemm, planKernelGradGemm } from './convolution-gemm.js';
import { type ConvGeometry, geometryOf } from './convolution-geometry.js';
import { planConvLoops, planInputGradLoops, planKernelGradLoops } from './convolution-loops.js';
import { unaryKernels } from './unary.js';

/** y = y·scale + bias, each with one value per channel, the last axis. */
function scaleAndShift(y: DataArray, scale: DataArray | undefined, bias: DataArray | undefined) {
  const channels = (scale ?? bias)?.length ?? 0;
  const factors = scale ?? new Float64Array(channels).fill(1);
  const offsets = bias ?? new Float64Array(channels);
  for (let from = 0; from < y.length && channels > 0; from += channels) {
    for (let c = 0; c < channels; c++) y[from + c] = y[from + c] * factors[c] + offsets[c];
  }
}

function addTo(y: DataArray, residual: DataArray) {
  for (let i = 0; i < y.length; i++) y[i] += residual[i];
}

/** By the value of the attribute `activation`. */
const activations: readonly (Kernel | undefined)[] = [
  undefined,
  unaryKernels.relu,
  unaryKernels.sigmoid,
  unaryKernels.tanh,
  unaryKernels.relu6,
];

/** Whether products pay: not in float64, which is exact, nor for groups of few channels. */
const byGemm = ({ channels, groups }: ConvGeometry, float64: boolean): boolean =>
  !float64 && (groups === 1 || channels / groups >= 8);

const conv: Kernel = ({ inputs, outputs, attrs, float64 }) => {
  const geometry = geometryOf(inputs[0].shape, inputs[1].shape, outputs[0].shape, attrs);
  const gemm = byGemm(geometry, float64);
  const run = (gemm ? planConvGemm : planConvLoops)(geometry);
  const scaled = flagAttr(attrs, 'scaled');
  const residual = flagAttr(attrs, 'residual');
  const biased = inputs.length > 2 + Number(scaled) + Number(residual);
  // A product without groups begins with the bias.
  const early = gemm && biased && !scaled && geometry.groups === 1;
  const activation = activations[numberAttr(attrs, 'activation')];
  const activate = activation?.({ inputs: outputs, outputs, attrs: {}, float64 });
  return (operands, results) => {
    const [y] = results;
    const bias = biased ? operands[scaled ? 3 : 2] : undefined;
    run(operands[0], operands[1], y, early ? bias : undefined);
    if (scaled || (bias && !early)) scaleAndShift(y, scaled ? operands[2] : undefined, bias);
    if (residual) addTo(y, operands[operands.length - 1]);
    activate?.(results, results);
  };
};

const convInputGrad: Kernel = ({ inputs: [dy, w], outputs: [dx], attrs, float64 }) => {
  const geometry = geometryOf(dx.shape, w.shape, dy.shape, attrs);
  const run = (byGemm(geometry, float64) ? planInputGradGemm : planInputGradLoops)(geometry);
  return (operands, results) => run(operands[0], operands[1], results[0]);
};

const convKernelGrad: Kernel = ({ inputs: [x, dy], outputs: [dw], attrs, float64 }) => {
  const geometry = geometryOf(x.shape, dw.shape, dy.shape, attrs);
  const run = (byGemm(geometry, float64) ? planKernelGradGemm : planKernelGradLoops)(geometry);
  return (operands, results) => run(operands[0], operands[1], results[0]);
};

export const convolutionKernels: Record<string, Kernel> = { conv, convInputGrad, convKernelGrad };
