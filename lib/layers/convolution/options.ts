// Options of convolution layers, and arguments by position.

import type { Activation } from '../../activations/index.js';
import type { ConstraintLike } from '../../constraints/index.js';
import type { InitializerLike } from '../../initializers/index.js';
import type { Padding } from '../../ops/convolve.js';
import type { PerAxis } from '../../ops/windows.js';
import type { RegularizerLike } from '../../regularizers/index.js';
import { ConfigError } from '../../util/errors.js';
import type { LayerOptions } from '../layer.js';

/** Options of every convolution layer. */
export interface ConvolutionOptions extends LayerOptions {
  /** Size of the kernel: one number for all spatial axes, or one for each. */
  readonly kernelSize?: PerAxis;
  /** Step from place to place, for all spatial axes or for each. Default 1. */
  readonly strides?: PerAxis;
  /** `valid` (default): only where the kernel lies inside; `same`: as many places as elements, at stride 1. */
  readonly padding?: Padding | (string & {});
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: string | null;
  /** Distance between the kernel's elements, for all spatial axes or for each. Default 1. */
  readonly dilationRate?: PerAxis;
  /** Default: linear. */
  readonly activation?: string | Activation | null;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default: zeros. */
  readonly biasInitializer?: InitializerLike;
  readonly biasRegularizer?: RegularizerLike;
  readonly biasConstraint?: ConstraintLike;
}

export const convolutionOptionNames = [
  'kernelSize',
  'strides',
  'padding',
  'dataFormat',
  'dilationRate',
  'activation',
  'useBias',
  'biasInitializer',
  'biasRegularizer',
  'biasConstraint',
] as const;

/** Options of a convolution layer with filters and one kernel. */
export interface KernelOptions extends ConvolutionOptions {
  /** Channels of the output. */
  readonly filters?: number;
  /** Default: glorotUniform. */
  readonly kernelInitializer?: InitializerLike;
  readonly kernelRegularizer?: RegularizerLike;
  readonly kernelConstraint?: ConstraintLike;
}

export const kernelOptionNames = [
  ...convolutionOptionNames,
  'filters',
  'kernelInitializer',
  'kernelRegularizer',
  'kernelConstraint',
] as const;

/** Options of the kernel of a depthwise convolution. */
export interface DepthwiseOptions extends ConvolutionOptions {
  /** Channels of the output for each one of the input. Default 1. */
  readonly depthMultiplier?: number;
  /** Default: glorotUniform. */
  readonly depthwiseInitializer?: InitializerLike;
  readonly depthwiseRegularizer?: RegularizerLike;
  readonly depthwiseConstraint?: ConstraintLike;
}

export const depthwiseOptionNames = [
  ...convolutionOptionNames,
  'depthMultiplier',
  'depthwiseInitializer',
  'depthwiseRegularizer',
  'depthwiseConstraint',
] as const;

/** Main arguments by position as in Keras, then options; or all of them in one object. */
export type KernelArguments<O> =
  | readonly [options: O]
  | readonly [filters: number, kernelSize: PerAxis, options?: O]
  | readonly [filters: number, kernelSize: PerAxis, strides: PerAxis, options?: O];

/** The same for layers without filters. */
export type DepthwiseArguments<O> =
  | readonly [options: O]
  | readonly [kernelSize: PerAxis, options?: O]
  | readonly [kernelSize: PerAxis, strides: PerAxis, options?: O];

const isOptions = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** All options in one object, those given by position under their names. */
export function optionsFrom<O extends object>(
  where: string,
  names: readonly string[],
  args: readonly unknown[],
): O {
  const at = args.findIndex(isOptions);
  const positional = args.slice(0, at < 0 ? args.length : at);
  if (positional.length > names.length || (at >= 0 && at < args.length - 1)) {
    throw new ConfigError(
      `${where}: expected at most ${names.join(', ')} by position, then one object of options; got ${args.length} arguments.`,
    );
  }
  const named = positional.flatMap((value, i) => (value === undefined ? [] : [[names[i], value]]));
  return { ...(args[at] as object | undefined), ...Object.fromEntries(named) } as O;
}

/** @throws ConfigError for groups of a layer that has none; old configs say 1. */
export function refuseGroups(where: string, groups: number | undefined): void {
  if (groups === undefined || groups === 1) return;
  throw new ConfigError(`${where}: groups must be 1, got ${groups}. Conv layers have groups.`);
}
