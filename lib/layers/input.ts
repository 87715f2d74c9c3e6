// Input: the shape and dtype of what a model takes, and where a functional model begins.
import type { DType } from '../tensor/dtype.js';
import { isDType } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, DTypeError } from '../util/errors.js';
import { refuseOptions } from '../util/suggest.js';
import { checkLayerOptions, Layer, type LayerOptions, layers } from './layer.js';
import type { SymbolicShape } from './structure.js';
import { addNode, type LayerNode, SymbolicTensor } from './symbolic.js';

export interface InputOptions extends Omit<LayerOptions, 'dtype'> {
  /** Without the batch axis; null where any size will do. */
  readonly shape?: SymbolicShape;
  /** With the batch axis, whose size does not matter: models take batches of any size. */
  readonly batchShape?: SymbolicShape;
  /** Kept for Keras's sake; models take batches of any size. */
  readonly batchSize?: number | null;
  /** Default float32. Keras's other whole-number types are int32 here. */
  readonly dtype?: string;
}

const isShape = (shape: unknown): shape is SymbolicShape =>
  Array.isArray(shape) && shape.every((d) => d === null || (Number.isInteger(d) && d >= 0));

/** In Keras's configs, as false. */
const unsupported = ['sparse', 'ragged', 'optional'] as const;

/** Our dtype for one of Keras's. */
function dtypeOf(name: string): DType {
  if (isDType(name)) return name;
  if (/^u?int(8|16|32|64)$/.test(name)) return 'int32';
  if (/^b?float(16|32|64)$/.test(name)) return 'float32';
  throw new DTypeError(`Input: unknown dtype "${name}"; expected float32, int32, uint8 or bool.`);
}

/** Says what shape and dtype a model's inputs have: `new Input({ shape: [28, 28] })`. */
export class Input extends Layer {
  /** Without the batch axis. */
  readonly shape: SymbolicShape;
  readonly dtype: DType;
  /** The symbolic tensor that stands for the input. */
  override get output(): SymbolicTensor {
    return this.symbol;
  }
  private readonly symbol: SymbolicTensor;
  constructor(options: InputOptions) {
    super(options, 'InputLayer');
    checkLayerOptions(
      'Input',
      options,
      ['shape', 'batchShape', 'batchSize', 'batchInputShape'],
      unsupported,
    );
    refuseOptions('Input', options, unsupported);
    const shape = options.shape ?? options.batchShape?.slice(1);
    if (!isShape(shape)) {
      throw new ConfigError(
        `Input: expected a shape of whole numbers (null for any size), e.g. [784], got ${JSON.stringify(shape) ?? 'nothing'}.`,
      );
    }
    this.shape = [...shape];
    this.dtype = dtypeOf(options.dtype ?? 'float32');
    const node: LayerNode = { layer: this, input: undefined, options: {}, output: [] };
    this.symbol = new SymbolicTensor([null, ...shape], this.dtype, node, 0);
    node.output = this.symbol;
    addNode(node);
    this.built = true;
    this.supportsMasking = true;
  }
  override call(x: Tensor): Tensor {
    return x;
  }
  override getConfig(): Record<string, unknown> {
    const { shape, dtype, name } = this;
    return { batch_shape: [null, ...shape], dtype, sparse: false, ragged: false, name };
  }
  static override fromConfig(config: Record<string, unknown>): Input {
    const batchShape = config.batch_shape ?? config.batch_input_shape;
    return new Input({
      batchShape: batchShape as SymbolicShape,
      name: config.name as string,
      dtype: typeof config.dtype === 'string' ? config.dtype : 'float32',
    });
  }
}
layers.add('InputLayer', Input, ['Input']);

/**
 * A symbolic tensor to begin a functional model with.
 *
 * @param shape of one sample, without the batch axis; null where any size will do
 * @example
 * const x = input([784]);
 * const y = new Dense(10).apply(x);
 * const model = new Model({ inputs: x, outputs: y });
 */
export const input = (
  shape: Shape | SymbolicShape | InputOptions,
  options: Omit<InputOptions, 'shape' | 'batchShape'> = {},
): Tensor => {
  const isList = typeof shape !== 'object' || shape === null || 'length' in shape;
  return new Input(isList ? { ...options, shape } : { ...options, ...shape }).output;
};
