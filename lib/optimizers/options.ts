// The options that all optimizers have, and how constructors and configs give them.
import { LearningRateSchedule, type ScheduleFunction } from '../schedules/index.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';

/** A number, or how it follows from the step. */
export type LearningRate = number | LearningRateSchedule | ScheduleFunction | SerializedObject;

/** What every optimizer takes; null is the same as leaving an option out. */
export interface OptimizerOptions {
  readonly learningRate?: LearningRate;
  /** Keras's old name of `learningRate`. */
  readonly lr?: LearningRate;
  readonly name?: string;
  /** Before each update weights lose this share of themselves, times the learning rate. */
  readonly weightDecay?: number | null;
  /** Each gradient is scaled down to this norm, if it is longer. */
  readonly clipnorm?: number | null;
  /** Each element of a gradient is brought between ± this. */
  readonly clipvalue?: number | null;
  /** All gradients together are scaled down to this norm, if they are longer. */
  readonly globalClipnorm?: number | null;
  /**
   * Keep moving averages of the weights; `fit` puts them in the weights' place when it ends, and
   * `finalizeVariableValues` does so after a loop of your own. Default false.
   */
  readonly useEma?: boolean;
  /** Share of the old average in the new one, in [0, 1]. Default 0.99. */
  readonly emaMomentum?: number;
  /** Put the averages in the weights' place every so many updates too. */
  readonly emaOverwriteFrequency?: number | null;
  /** The loss is multiplied by it before it is differentiated, and gradients are divided by it. */
  readonly lossScaleFactor?: number | null;
  /** Update only every so many steps (2 or more), by the mean of the gradients since the last update. */
  readonly gradientAccumulationSteps?: number | null;
  /** Old Keras's decay of the learning rate by time: rate / (1 + decay·step). Default 0. */
  readonly decay?: number | null;
}

export const optimizerOptionNames = [
  'learningRate',
  'lr',
  'name',
  'weightDecay',
  'clipnorm',
  'clipvalue',
  'globalClipnorm',
  'useEma',
  'emaMomentum',
  'emaOverwriteFrequency',
  'lossScaleFactor',
  'gradientAccumulationSteps',
  'decay',
] as const;

/** The common options that an optimizer keeps, as they are in force. */
export interface CommonOptions {
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly globalClipnorm: number | null;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | null;
  readonly gradientAccumulationSteps: number | null;
  readonly decay: number;
}

const isWhole = (value: number | null, least: number): boolean =>
  value === null || (Number.isInteger(value) && value >= least);

function check(name: string, options: CommonOptions): void {
  const { clipnorm, clipvalue, globalClipnorm, useEma, emaMomentum, decay } = options;
  const given = Object.entries({ clipnorm, clipvalue, globalClipnorm }).filter(
    ([, value]) => value !== null,
  );
  if (given.length > 1) {
    const names = given.map(([option]) => option).join(' and ');
    throw new ConfigError(`${name}: gradients are clipped in one way, got ${names}. Give one.`);
  }
  if (!isWhole(options.gradientAccumulationSteps, 2)) {
    throw new ConfigError(
      `${name}: expected a whole number of at least 2 as gradientAccumulationSteps, got ${options.gradientAccumulationSteps}.`,
    );
  }
  if (!(decay >= 0)) {
    throw new ConfigError(`${name}: expected a decay of 0 or more, got ${decay}.`);
  }
  if (!useEma) return;
  if (!(emaMomentum >= 0 && emaMomentum <= 1)) {
    throw new ConfigError(`${name}: emaMomentum must be between 0 and 1, got ${emaMomentum}.`);
  }
  if (!isWhole(options.emaOverwriteFrequency, 1)) {
    throw new ConfigError(
      `${name}: expected a whole number of at least 1 as emaOverwriteFrequency, got ${options.emaOverwriteFrequency}.`,
    );
  }
}

/** The common options with their defaults. */
export function commonOptions(name: string, options: OptimizerOptions): CommonOptions {
  const common = {
    weightDecay: options.weightDecay ?? null,
    clipnorm: options.clipnorm ?? null,
    clipvalue: options.clipvalue ?? null,
    globalClipnorm: options.globalClipnorm ?? null,
    useEma: options.useEma ?? false,
    emaMomentum: options.emaMomentum ?? 0.99,
    // Keras takes 0 for none.
    emaOverwriteFrequency: options.emaOverwriteFrequency || null,
    gradientAccumulationSteps: options.gradientAccumulationSteps || null,
    decay: options.decay ?? 0,
  };
  check(name, common);
  return common;
}

/** Positional learning rate or options, as constructors take them. */
export function toOptions<O extends OptimizerOptions>(
  where: string,
  first: LearningRate | O | undefined,
  rest: O | undefined,
): O {
  const isRate =
    typeof first === 'number' ||
    typeof first === 'function' ||
    first instanceof LearningRateSchedule ||
    isSerialized(first);
  if (!isRate) return { ...optionsAfter(where, (first ?? {}) as O) };
  return { ...optionsAfter(where, rest ?? {}), learningRate: first } as O;
}

/** Options of older Kerases that say how to compile, and nothing about the update. */
const compileOptions = ['jit_compile', 'is_legacy_optimizer'];

/** A config without what means nothing here. */
export const knownConfig = (config: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !compileOptions.includes(key)));
