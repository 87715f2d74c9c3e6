// Which loss, weight and metrics belong to which output: what `compile` was given, by order or by name.
import { get as getLoss, type LossLike } from '../losses/index.js';
import type { Loss } from '../losses/loss.js';
import { get as getMetric, type MetricLike } from '../metrics/index.js';
import type { Metric } from '../metrics/metric.js';
import { type Shape, sameShape } from '../tensor/shape.js';
import { ConfigError, namingPlace } from '../util/errors.js';
import { isSerialized } from '../util/serialize.js';
import { suggestion } from '../util/suggest.js';

/** One for all outputs, one for each in a list, or by the outputs' names. */
export type PerOutput<T> = T | readonly (T | null)[] | { readonly [output: string]: T | null };

/** Losses as `compile` takes them. */
export type Losses = PerOutput<LossLike>;
/** Weights of the losses. */
export type LossWeights = PerOutput<number>;
/** Metrics: a list for one output; for several a list per output, or by name. */
export type Metrics =
  | readonly (MetricLike | readonly MetricLike[] | null)[]
  | { readonly [output: string]: MetricLike | readonly MetricLike[] | null };

/** A loss and the output that it judges. */
export interface OutputLoss {
  readonly output: number;
  readonly loss: Loss;
  readonly weight: number | undefined;
  /** What it is logged as, if there are several: `<name>_loss`. */
  readonly name: string;
}

/** A metric, the output that it judges, and what it is logged as. */
export interface OutputMetric {
  readonly output: number;
  readonly metric: Metric;
  readonly name: string;
}

/** Shapes of the targets and predictions of an output. */
export interface OutputShapes {
  readonly yTrue: Shape | undefined;
  readonly yPred: Shape;
}

const isNamed = (x: unknown): x is { readonly [output: string]: unknown } =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  Object.getPrototypeOf(x) === Object.prototype &&
  !isSerialized(x);

/** The entry of each output; undefined where there is none. */
function spread<T>(
  given: PerOutput<T>,
  names: readonly string[],
  where: string,
): (T | undefined)[] {
  if (isNamed(given)) {
    const entries = Object.entries(given) as [string, T | null][];
    const unknown = entries.find(([name]) => !names.includes(name));
    if (unknown) {
      throw new ConfigError(
        `${where}: there is no output "${unknown[0]}".${suggestion(unknown[0], names)} Outputs: ${names.join(', ')}.`,
      );
    }
    const byName = new Map(entries);
    return names.map((name) => byName.get(name) ?? undefined);
  }
  if (!Array.isArray(given)) return names.map(() => given as T);
  if (given.length === names.length) return given.map((entry: T | null) => entry ?? undefined);
  throw new ConfigError(
    `${where}: expected one for each of ${names.length} output${names.length === 1 ? '' : 's'} (${names.join(', ')}), got ${given.length}.`,
  );
}

const isCrossentropy = (loss: LossLike): boolean =>
  loss === 'crossentropy' || loss === 'ce' || loss === 'CE';

/** Which cross-entropy Keras means by these shapes. */
function crossentropyFor({ yTrue, yPred }: OutputShapes): string {
  if (yPred.at(-1) === 1) return 'binary_crossentropy';
  return yTrue && sameShape(yTrue, yPred)
    ? 'categorical_crossentropy'
    : 'sparse_categorical_crossentropy';
}

/** The losses of a model with these outputs. */
export function resolveLosses(
  given: Losses | undefined,
  weights: LossWeights | undefined,
  outputs: { readonly names: readonly string[]; readonly shapes?: readonly OutputShapes[] },
  where: string,
): readonly OutputLoss[] {
  if (given === undefined || given === null) return [];
  const { names, shapes } = outputs;
  const ofOutput = spread<LossLike>(given, names, `${where}: loss`);
  const factors = weights === undefined ? [] : spread(weights, names, `${where}: lossWeights`);
  for (const weight of factors) {
    if (weight === undefined || Number.isFinite(weight)) continue;
    throw new ConfigError(
      `${where}: lossWeights: expected numbers, got ${JSON.stringify(weights)}.`,
    );
  }
  return ofOutput.flatMap((loss, output) => {
    if (loss === undefined) return [];
    const shape = shapes?.[output];
    const named = isCrossentropy(loss) && shape ? crossentropyFor(shape) : loss;
    if (isCrossentropy(named)) return [];
    return [{ output, loss: getLoss(named), weight: factors[output], name: names[output] }];
  });
}

/** Throws for names of losses that do not exist. */
export function checkLosses(given: Losses | undefined, where: string): void {
  const entries = isNamed(given) ? Object.values(given) : [given].flat();
  for (const loss of entries as (LossLike | null | undefined)[]) {
    if (loss === null || loss === undefined || isCrossentropy(loss)) continue;
    namingPlace(where, () => getLoss(loss));
  }
}

/** The metrics of each output. */
function metricsOf(
  given: Metrics,
  names: readonly string[],
  where: string,
): (readonly MetricLike[])[] {
  if (isNamed(given) || (names.length > 1 && given.length > 0)) {
    const ofOutput = spread<MetricLike | readonly MetricLike[]>(given, names, where);
    return ofOutput.map((list) => (list === undefined ? [] : [list].flat()));
  }
  const flat = (given as readonly (MetricLike | readonly MetricLike[] | null)[]).flat();
  return names.map(() => flat.filter((metric): metric is MetricLike => metric !== null));
}

/** Throws unless metrics are in a list or by output, and their names exist. */
export function checkMetrics(given: Metrics, where: string): void {
  if (!Array.isArray(given) && !isNamed(given)) {
    throw new ConfigError(`${where}: expected an array, got ${typeof given}.`);
  }
  const flat = (isNamed(given) ? Object.values(given) : given).flat();
  for (const metric of flat) {
    if (metric === null || typeof metric === 'function' || typeof metric === 'object') continue;
    const shapes = { loss: undefined, trueShape: [1], predShape: [1, 2] };
    namingPlace(where, () => getMetric(metric, shapes));
  }
}

/** What the metrics of a model with these outputs are, named as Keras names them in logs. */
export function resolveMetrics(
  given: { readonly plain: Metrics; readonly weighted: Metrics },
  outputs: { readonly names: readonly string[]; readonly shapes: readonly OutputShapes[] },
  losses: readonly OutputLoss[],
  where: string,
): { readonly plain: readonly OutputMetric[]; readonly weighted: readonly OutputMetric[] } {
  const { names, shapes } = outputs;
  const uses = new Map<string, number>();
  const unique = (name: string): string => {
    const n = uses.get(name) ?? 0;
    uses.set(name, n + 1);
    return n === 0 ? name : `${name}_${n}`;
  };
  const prefix = (output: number): string => (names.length > 1 ? `${names[output]}_` : '');
  const make = (kind: 'metrics' | 'weightedMetrics', name: (m: string, o: number) => string) =>
    metricsOf(
      kind === 'metrics' ? given.plain : given.weighted,
      names,
      `${where}: ${kind}`,
    ).flatMap((list, output) =>
      list.map((like): OutputMetric => {
        const { yTrue = [], yPred } = shapes[output];
        const loss = losses.find((one) => one.output === output)?.loss;
        const metric = getMetric(like, { loss, trueShape: yTrue, predShape: yPred });
        return { output, metric, name: name(metric.name, output) };
      }),
    );
  const plain = make('metrics', (name, output) => unique(prefix(output) + name));
  const weighted = make('weightedMetrics', (name, output) => {
    const full = prefix(output) + name;
    return unique(uses.has(full) ? `${prefix(output)}weighted_${name}` : full);
  });
  return { plain, weighted };
}
