// Hashing: strings and whole numbers into a fixed number of bins.
import { fromData, type Tensor } from '../../tensor/tensor.js';
import { ConfigError, TraceError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { refuseOptions } from '../../util/suggest.js';
import { type CallOptions, checkLayerOptions, Layer, type LayerOptions, layers } from '../layer.js';
import { encodeCategories, type OutputMode, outputModeOf } from './encode.js';
import { bucketOf, type Salt } from './fingerprint.js';
import { isTraced, type Token, type TokenData, tokensOf } from './tokens.js';

export interface HashingOptions extends LayerOptions {
  /** How many bins there are, with the one of `maskValue`. */
  readonly numBins?: number;
  /** What goes to bin 0, which then nothing else does. */
  readonly maskValue?: Token | null;
  /** Makes it SipHash with this key, one whole number or two; otherwise it is FarmHash. */
  readonly salt?: number | readonly number[] | null;
  /** `int`, `one_hot`, `multi_hot` or `count`. Default int. */
  readonly outputMode?: string;
  readonly sparse?: false;
}

/** A salt as the two words of a key. */
export function saltOf(where: string, salt: number | readonly number[] | null | undefined): Salt {
  if (salt === null || salt === undefined) return undefined;
  const [a, b] = typeof salt === 'number' ? [salt, salt] : salt;
  const pair = typeof salt === 'number' || salt.length === 2;
  if (pair && Number.isInteger(a) && Number.isInteger(b)) return [a, b];
  throw new ConfigError(`${where}: salt must be a whole number or a pair of them, got ${salt}.`);
}

const policy = (name: string) => ({
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name },
  registered_name: null,
});

/**
 * The bin of each string or whole number: the remainder of FarmHash's fingerprint of its text, the same
 * as TensorFlow's everywhere. It works on data, not inside of models.
 *
 * @example new Hashing(3).apply([['A'], ['B'], ['C']])
 */
export class Hashing extends Layer {
  readonly numBins: number;
  readonly maskValue: Token | undefined;
  readonly salt: Salt;
  readonly outputMode: OutputMode;

  constructor(numBins: number | HashingOptions, rest: HashingOptions = {}) {
    const options =
      typeof numBins === 'number' ? { ...optionsAfter(new.target.name, rest), numBins } : numBins;
    super(options);
    checkLayerOptions(
      'Hashing',
      options,
      ['numBins', 'maskValue', 'salt', 'outputMode'],
      ['sparse'],
    );
    refuseOptions('Hashing', options, ['sparse']);
    const n = options.numBins;
    if (n === undefined || !Number.isInteger(n) || n < 1) {
      throw new ConfigError(`Hashing: numBins must be a whole number above 0, got ${n}.`);
    }
    this.numBins = n;
    this.maskValue = options.maskValue ?? undefined;
    this.salt = saltOf('Hashing', options.salt);
    this.outputMode = outputModeOf('Hashing', options.outputMode ?? 'int', [
      'int',
      'one_hot',
      'multi_hot',
      'count',
    ]);
  }

  override apply(x: TokenData, options: CallOptions = {}): Tensor {
    return this.call(x, options);
  }

  override call(x: TokenData, _options: CallOptions = {}): Tensor {
    const where = `Hashing "${this.name}"`;
    if (isTraced(x)) {
      throw new TraceError(
        `${where}: hashing cannot be part of a compiled model. Apply the layer to the data, and give the model its result.`,
      );
    }
    const { values, shape } = tokensOf(where, x);
    const masked = this.maskValue !== undefined && this.numBins > 1;
    const bins = masked ? this.numBins - 1 : this.numBins;
    const binOf = (token: Token): number => {
      if (masked && token === this.maskValue) return 0;
      const whole = typeof token === 'number' ? Math.trunc(token) : token;
      return bucketOf(whole, bins, this.salt) + (masked ? 1 : 0);
    };
    const indices = fromData(Int32Array.from(values, binOf), shape, 'int32');
    return encodeCategories(indices, this.outputMode, this.numBins);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      dtype: policy(this.outputMode === 'int' ? 'int64' : 'float32'),
      num_bins: this.numBins,
      salt: this.salt ?? null,
      mask_value: this.maskValue ?? null,
      output_mode: this.outputMode,
      sparse: false,
    };
  }
}
layers.add('Hashing', Hashing);
