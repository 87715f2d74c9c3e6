// Penalties on the size of weights.
import { absolute, add, multiply, square } from '../ops/elementwise.js';
import { sum } from '../ops/reduce.js';
import { literal, type Tensor } from '../tensor/tensor.js';
import { toNamed } from '../util/options.js';
import { factorOption, Regularizer, regularizers } from './regularizer.js';

/** Options of `L1L2`. */
export interface L1L2Options {
  /** Factor of Σ|w|. Default 0. */
  readonly l1?: number | null;
  /** Factor of Σw². Default 0. */
  readonly l2?: number | null;
}

/** `l1·Σ|w| + l2·Σw²`. */
export class L1L2 extends Regularizer {
  readonly l1: number;
  readonly l2: number;
  /** `new L1L2(0.01, 0.001)` or `new L1L2({ l1, l2 })` */
  constructor(l1?: number | L1L2Options, l2?: number) {
    super();
    const given = toNamed<L1L2Options>('L1L2', [l1, l2], ['l1', 'l2']);
    this.l1 = factorOption('L1L2', 'l1', given.l1, 0);
    this.l2 = factorOption('L1L2', 'l2', given.l2, 0);
  }
  override call(x: Tensor): Tensor {
    const terms = [
      ...(this.l1 === 0 ? [] : [multiply(sum(absolute(x)), this.l1)]),
      ...(this.l2 === 0 ? [] : [multiply(sum(square(x)), this.l2)]),
    ];
    return terms.length === 0 ? literal(0) : terms.reduce((a, b) => add(a, b));
  }
  override getConfig(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}
regularizers.add('L1L2', L1L2);

/** `l1·Σ|w|`, 0.01 by default. */
export class L1 extends Regularizer {
  readonly l1: number;
  /** `new L1(0.01)` or `new L1({ l1 })` */
  constructor(l1?: number | { readonly l1?: number | null }) {
    super();
    const given = toNamed<{ readonly l1?: number | null }>('L1', [l1], ['l1']);
    this.l1 = factorOption('L1', 'l1', given.l1, 0.01);
  }
  override call(x: Tensor): Tensor {
    return multiply(sum(absolute(x)), this.l1);
  }
  override getConfig(): Record<string, unknown> {
    return { l1: this.l1 };
  }
}
regularizers.add('L1', L1);

/** `l2·Σw²`, 0.01 by default: weight decay as a penalty. */
export class L2 extends Regularizer {
  readonly l2: number;
  /** `new L2(0.01)` or `new L2({ l2 })` */
  constructor(l2?: number | { readonly l2?: number | null }) {
    super();
    const given = toNamed<{ readonly l2?: number | null }>('L2', [l2], ['l2']);
    this.l2 = factorOption('L2', 'l2', given.l2, 0.01);
  }
  override call(x: Tensor): Tensor {
    return multiply(sum(square(x)), this.l2);
  }
  override getConfig(): Record<string, unknown> {
    return { l2: this.l2 };
  }
}
regularizers.add('L2', L2);
