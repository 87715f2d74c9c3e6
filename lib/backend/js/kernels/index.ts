// All kernels of the JS backend, by name.
import type { Kernel } from '../kernel.js';
import { activationKernels } from './activation.js';
import { argumentKernels } from './argument.js';
import { binaryKernels } from './binary.js';
import { compareKernels } from './compare.js';
import { convolutionKernels } from './convolution.js';
import { convolutionPoolKernels } from './convolution-pool.js';
import { cumulativeKernels } from './cumulative.js';
import { gatherKernels } from './gather.js';
import { lossKernels } from './loss.js';
import { matmulKernels } from './matmul.js';
import { movementKernels } from './movement.js';
import { normalizationKernels } from './normalization.js';
import { adamKernels } from './optimizer-adam.js';
import { adaptiveKernels } from './optimizer-adaptive.js';
import { descentKernels } from './optimizer-descent.js';
import { poolingKernels } from './pooling.js';
import { randomKernels } from './random.js';
import { reduceKernels } from './reduce.js';
import { sortKernels } from './sort.js';
import { topKernels } from './top.js';
import { unaryKernels } from './unary.js';

/** The kernels of the catalogue in docs/engineering.md. */
export const jsKernels: ReadonlyMap<string, Kernel> = new Map(
  [
    unaryKernels,
    binaryKernels,
    compareKernels,
    activationKernels,
    lossKernels,
    movementKernels,
    reduceKernels,
    argumentKernels,
    cumulativeKernels,
    sortKernels,
    topKernels,
    gatherKernels,
    randomKernels,
    matmulKernels,
    convolutionKernels,
    convolutionPoolKernels,
    normalizationKernels,
    poolingKernels,
    descentKernels,
    adaptiveKernels,
    adamKernels,
  ].flatMap((family) => Object.entries(family)),
);
