// A convolution and the pooling of its output: one kernel after the other.
import type { Kernel } from '../kernel.js';
import { listAttr, numberAttr } from './attrs.js';
import { convolutionKernels } from './convolution.js';
import { poolingKernels } from './pooling.js';

/** What the convolution makes of x and w. */
function convolvedShape(x: readonly number[], w: readonly number[], attrs: Attrs): number[] {
  const sizes = x.slice(1, -1).map((size, i) => {
    const span = (w[i] - 1) * listAttr(attrs, 'dilations')[i] + 1;
    const padded = size + listAttr(attrs, 'before')[i] + listAttr(attrs, 'after')[i];
    return Math.max(0, Math.floor((padded - span) / listAttr(attrs, 'strides')[i]) + 1);
  });
  return [x[0], ...sizes, w[w.length - 1]];
}

type Attrs = Parameters<typeof listAttr>[0];

const convPool: Kernel = ({ inputs, outputs, attrs, float64 }) => {
  const shape = convolvedShape(inputs[0].shape, inputs[1].shape, attrs);
  const between = { dtype: 'float32', shape } as const;
  const y = new (float64 ? Float64Array : Float32Array)(shape.reduce((n, d) => n * d, 1));
  const convolve = convolutionKernels.conv({ inputs, outputs: [between], attrs, float64 });
  const { averagePool, maxPool } = poolingKernels;
  const pool = (numberAttr(attrs, 'averages') ? averagePool : maxPool)({
    inputs: [between],
    outputs,
    attrs: {
      window: attrs.window,
      strides: attrs.poolStrides,
      before: attrs.poolBefore,
      after: attrs.poolAfter,
    },
    float64,
  });
  return (operands, results) => {
    convolve(operands, [y]);
    pool([y], results);
  };
};

export const convolutionPoolKernels: Record<string, Kernel> = { convPool };
