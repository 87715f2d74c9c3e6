// Initializers that draw nothing.
import { formatShape, type Shape } from '../tensor/shape.js';
import { filled, type Tensor, tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { numberOption, toNamed } from '../util/options.js';
import { Initializer, initializers } from './initializer.js';

/** All zeros. */
export class Zeros extends Initializer {
  override call(shape: Shape): Tensor {
    return filled(0, shape);
  }
}
initializers.add('Zeros', Zeros, ['zero']);

/** All ones. */
export class Ones extends Initializer {
  override call(shape: Shape): Tensor {
    return filled(1, shape);
  }
}
initializers.add('Ones', Ones, ['one']);

/** One value everywhere; 0 by default. */
export class Constant extends Initializer {
  readonly value: number;
  /** `new Constant(0.5)` or `new Constant({ value: 0.5 })` */
  constructor(value?: number | { readonly value?: number }) {
    super();
    const given = toNamed<{ readonly value?: number }>('Constant', [value], ['value']);
    this.value = numberOption('Constant', 'value', given.value, 0);
  }
  override call(shape: Shape): Tensor {
    return filled(this.value, shape);
  }
  override getConfig(): Record<string, unknown> {
    return { value: this.value };
  }
}
initializers.add('Constant', Constant);

/** `gain` (default 1) on the diagonal of a matrix, zeros elsewhere. */
export class Identity extends Initializer {
  readonly gain: number;
  /** `new Identity(0.5)` or `new Identity({ gain: 0.5 })` */
  constructor(gain?: number | { readonly gain?: number }) {
    super();
    const given = toNamed<{ readonly gain?: number }>('Identity', [gain], ['gain']);
    this.gain = numberOption('Identity', 'gain', given.gain, 1);
  }
  override call(shape: Shape): Tensor {
    if (shape.length !== 2) {
      throw new ShapeError(`Identity: expected the shape of a matrix, got ${formatShape(shape)}.`);
    }
    const [rows, columns] = shape;
    const values = new Float32Array(rows * columns);
    for (let i = 0; i < Math.min(rows, columns); i++) values[i * (columns + 1)] = this.gain;
    return tensor(values, { shape });
  }
  /** Keras writes no gain, but takes one. */
  override getConfig(): Record<string, unknown> {
    return this.gain === 1 ? {} : { gain: this.gain };
  }
}
initializers.add('Identity', Identity, ['IdentityInitializer']);
