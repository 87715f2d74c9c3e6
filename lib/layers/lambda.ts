// Lambda: a function of ops as a layer, and the functions that files may name.
import { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { Registry } from '../util/registry.js';
import type { SerializedObject } from '../util/serialize.js';
import { titleOf } from './input-spec.js';
import {
  type CallOptions,
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type Structure,
  type SymbolicShape,
} from './layer.js';
import { setMask, tensorsOf, withTensors } from './structure.js';
import { viewOf } from './view.js';

/** Any function that is registered by name. */
export type RegisteredFunction = (...args: never[]) => unknown;

/** Functions that configs may name; `register(fn, name)` adds to them. */
export const functions = new Registry<RegisteredFunction>('function');

/** What a Lambda computes: of its input, and of its `arguments`, `training` and `mask`. */
type LambdaFunction<In extends Structure, Out extends Structure, Arguments extends object> = (
  x: In,
  options: CallOptions & Arguments,
) => Out;

type LambdaMask<In extends Structure> =
  | Tensor
  | ((x: In, mask: Tensor | undefined) => Tensor | undefined);

export interface LambdaOptions<
  In extends Structure = Tensor,
  Out extends Structure = Tensor,
  Arguments extends object = object,
> extends LayerOptions {
  /** The function, or Keras's config of a registered one. */
  readonly function?: LambdaFunction<In, Out, Arguments> | SerializedObject | string;
  /** Kept for files: shapes follow from the function. */
  readonly outputShape?: SymbolicShape | number | null;
  /** The mask of the output, or a function of the input and its mask. Default: none. */
  readonly mask?: LambdaMask<In> | SerializedObject | string | null;
  /** Handed to the function with its options. */
  readonly arguments?: Arguments | null;
}

/** Of Keras 2's configs. */
const ofThePast = ['functionType', 'module', 'outputShapeType', 'outputShapeModule'] as const;

/**
 * Applies a function of ops.
 *
 * It can be saved if the function is registered, since a config holds no code; a class that extends
 * `Layer` is the better way.
 *
 * @example new Lambda((x) => x.square())
 * @example new Lambda((x, { k }) => x.mul(k), { arguments: { k: 3 } })
 */
export class Lambda<
  In extends Structure = Tensor,
  Out extends Structure = Tensor,
  Arguments extends object = object,
> extends Layer<In, Out> {
  readonly function: LambdaFunction<In, Out, Arguments>;
  readonly mask: LambdaMask<In> | undefined;
  readonly arguments: Arguments;
  readonly outputShape: SymbolicShape | number | undefined;

  constructor(
    fn: LambdaFunction<In, Out, Arguments> | LambdaOptions<In, Out, Arguments>,
    rest: LambdaOptions<In, Out, Arguments> = {},
  ) {
    const options =
      typeof fn === 'function' ? { ...optionsAfter(new.target.name, rest), function: fn } : fn;
    super(options);
    const own = ['function', 'outputShape', 'mask', 'arguments', ...ofThePast];
    checkLayerOptions('Lambda', options, own);
    this.function = resolveFunction(options.function) as typeof this.function;
    const { mask } = options;
    this.mask = mask instanceof Tensor ? mask : mask ? (resolveFunction(mask) as never) : undefined;
    this.arguments = options.arguments ?? ({} as Arguments);
    this.outputShape = options.outputShape ?? undefined;
    this.supportsMasking = this.mask !== undefined;
  }

  override call(x: In, { training = false, mask }: CallOptions): Out {
    const out = this.function(x, { ...this.arguments, training, mask });
    const tensors: unknown[] = out instanceof Object ? [...tensorsOf(out)] : [out];
    if (!tensors.every((t) => t instanceof Tensor)) {
      throw new ConfigError(
        `${titleOf(this)}: expected its function to return a tensor, got ${typeof out}. Use ops.* in it.`,
      );
    }
    if (!this.mask) return out;
    // The mask must not become one of the input's.
    const inputs = new Set<unknown>(tensorsOf(x));
    const fresh = tensors.map((t) => (inputs.has(t) ? viewOf(t) : t));
    for (const t of fresh) setMask(t, this.computeMask(x, [mask]));
    return withTensors(out, fresh) as Out;
  }

  override computeMask(x: In, [mask]: readonly (Tensor | undefined)[]): Tensor | undefined {
    return typeof this.mask === 'function' ? this.mask(x, mask) : this.mask;
  }

  private configOf(what: string, fn: RegisteredFunction): object {
    const name = functions.nameOf(fn);
    if (name !== undefined) {
      return {
        module: 'builtins',
        class_name: 'function',
        config: name,
        registered_name: 'function',
      };
    }
    throw new ConfigError(
      `${titleOf(this)}: its ${what} is code, which a config cannot hold. Call register(fn, 'name') on it, also before loading; or make it a class that extends Layer.`,
    );
  }

  /** @throws ConfigError unless its functions are registered. */
  override getConfig(): Record<string, unknown> {
    const { mask, outputShape } = this;
    if (mask instanceof Tensor) {
      throw new ConfigError(
        `${titleOf(this)}: its mask is a tensor, which a config cannot hold. Give a registered function.`,
      );
    }
    return {
      ...super.getConfig(),
      function: this.configOf('function', this.function),
      ...(outputShape !== undefined && { output_shape: outputShape }),
      ...(mask && { mask: this.configOf('mask function', mask) }),
      arguments: this.arguments,
    };
  }
}
layers.add('Lambda', Lambda);

/** The function itself, or the registered one that a config names. */
function resolveFunction(given: unknown): RegisteredFunction {
  if (typeof given === 'function') return given as RegisteredFunction;
  const { class_name: kind, config } = (given ?? {}) as Record<string, unknown>;
  if (Array.isArray(given) || kind === '__lambda__') {
    throw new ConfigError(
      'Lambda: the config holds compiled Python, which is never run. Save the model in Keras with a registered function and register(fn, name) the same one here; or make a Layer class of it.',
    );
  }
  const name = kind === 'function' ? config : given;
  if (typeof name !== 'string') {
    throw new ConfigError(`Lambda: expected a function, got ${typeof given}.`);
  }
  // Keras puts the package before the name.
  const bare = name.slice(name.indexOf('>') + 1);
  if (functions.has(name) || functions.has(bare)) {
    return functions.get(functions.has(name) ? name : bare);
  }
  throw new ConfigError(
    `Lambda: unknown function "${name}". Call register(fn, "${name}") before the config is read.`,
  );
}
